"""Checkpoints of both generations become the downloads that they are of."""

import base64
import hashlib

import pytest

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.states import NEW, OLD, SOURCE, checkpoint, copied, edit, expected, read, state_of
from triblerd_libtorrent.api import bdecode_dictionary, bencode
from triblerd_upgrader.foreign.values import Limit

SAME = (
    *("stopped", "save_path", "added_time", "total_downloaded", "total_uploaded", "active_time", "seeding_time"),
    *("finished_time", "ratio_limit", "seeding_time_limit", "idle_limit", "download_limit", "upload_limit", "hops"),
    *("safe_seeding", "auto_managed", "sequential", "first_last_pieces"),
)
"""What is called the same in ``expected.json``."""

BOTH = pytest.mark.parametrize("name", [OLD, NEW])
EACH = pytest.mark.parametrize(
    ("name", "infohash"), [(name, infohash) for name in (OLD, NEW) for infohash in expected(name)]
)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    """Return the downloads of both states."""
    return {name: read(name, copied(name, tmp_path_factory.mktemp(name))).downloads for name in (OLD, NEW)}


def one(name, root, key):
    download = PROGRAMS[name]["downloads"][key]
    return read(name, root).downloads[download["infohash_v1"] or download["infohash_v2"]]


def with_resume(file, **changes):
    """Change the resume data of a checkpoint."""
    encoded = state_of(file)["engineresumedata"]
    values, _ = bdecode_dictionary(base64.b64decode(encoded + "=="), most_values=10**6)
    changed = {**values, **{name.replace("_", "-").encode(): value for name, value in changes.items()}}
    edit(file, encoded, base64.b64encode(bencode(changed)).decode())


@EACH
def test_a_download_is_what_it_was(downloads, name, infohash):
    wanted = expected(name)[infohash]

    download = downloads[name][infohash]

    assert {field: getattr(download, field) for field in SAME} == {field: wanted[field] for field in SAME}
    assert download.infohash_v2.hex() == (wanted["infohash_v2"] or "")
    assert download.completed_time == (wanted["completed_time"] or 0)
    assert download.completed_dir == (wanted["completed_dir"] or "")
    assert [list(tier) for tier in download.trackers] == wanted["trackers"]
    assert list(download.labels) == wanted["labels"]
    assert (download.category, download.renamed_files, download.queue_position) == ("", {}, -1)
    assert download.origin == f"dlcheckpoints/{wanted['id']}.conf"


@EACH
def test_the_pieces_and_files_of_a_download_are_those_that_it_had(downloads, name, infohash):
    wanted = expected(name)[infohash]

    download = downloads[name][infohash]

    assert (download.have is None) == (wanted["have"] is None)
    if download.have is not None:
        assert "".join(f"{byte:08b}" for byte in download.have) == wanted["have"].ljust(len(download.have) * 8, "0")
        assert list(download.priorities or wanted["file_priorities"]) == wanted["file_priorities"]
        assert download.name == wanted["name"]


@EACH
def test_a_torrent_file_comes_out_with_its_own_info_dictionary(downloads, name, infohash):
    download = downloads[name][infohash]

    if download.metainfo:
        values, places = bdecode_dictionary(download.metainfo)
        info = download.metainfo[places[b"info"]]
        assert hashlib.sha1(info, usedforsecurity=False).digest() == download.infohash_v1 or not download.infohash_v1
        assert hashlib.sha256(info).digest() == download.infohash_v2 or not download.infohash_v2
        assert str(values[b"comment"]).startswith("b'synthetic")
    assert bool(download.metainfo) == (expected(name)[infohash]["have"] is not None)


@BOTH
def test_the_magnet_waits_for_its_metadata(downloads, name):
    infohash = PROGRAMS[name]["downloads"]["magnet"]["infohash_v1"]

    download = downloads[name][infohash]

    assert download.name == "theta (no metadata)"
    assert download.magnet.startswith(f"magnet:?xt=urn:btih:{infohash}" if name == OLD else "")


def test_the_hash_trees_of_version_2_come_along(downloads):
    trees = {infohash: bool(download.trees) for infohash, download in downloads[NEW].items()}

    assert [infohash for infohash, has_some in trees.items() if has_some] == [
        infohash for infohash, wanted in expected(NEW).items() if wanted["infohash_v2"]
    ]


@BOTH
def test_every_path_is_replaced(name, tmp_path):
    root = copied(name, tmp_path)

    found = read(name, root, lambda path: path.replace("/srv/", "/mnt/"))

    assert {download.save_path for download in found.downloads.values()} == {"/mnt/torrents"}
    assert {download.completed_dir for download in found.downloads.values()} <= {"", "/mnt/torrents"}
    assert found.settings.values["download_defaults.saveas"] == "/mnt/torrents"
    assert found.settings.values["watch_folder.directory"] == "/mnt/watch"


@pytest.mark.parametrize(
    ("saved", "wanted"),
    [
        ("downloads/here", f"{SOURCE}/7.13/downloads/here"),
        (r"C:\Users\me\Downloads", r"C:\Users\me\Downloads"),
        ('"/srv/a, b"', "/srv/a, b"),
        ("'/srv/say \"a\"'", '/srv/say "a"'),
        ('"""/srv/it\'s "a\\""""', "/srv/it's \"a\\"),
        ("/srv/100% sure", "/srv/100% sure"),
    ],
)
def test_a_path_of_version_7_is_read_as_it_was_quoted(tmp_path, saved, wanted):
    root = copied(OLD, tmp_path)
    edit(checkpoint(OLD, root, "single"), "saveas = /srv/torrents", f"saveas = {saved}")

    assert one(OLD, root, "single").save_path == wanted


@pytest.mark.parametrize("saved", ['"/srv/quoted"', "/srv/a, b", "/srv/a = b; # c", "/srv/50% off"])
def test_a_path_of_version_8_has_no_quotes(tmp_path, saved):
    root = copied(NEW, tmp_path)
    edit(checkpoint(NEW, root, "single"), "saveas = /srv/torrents", f"saveas = {saved}")

    assert one(NEW, root, "single").save_path.endswith(saved)


@pytest.mark.parametrize(
    ("chosen", "priorities"), [("0,", (4, 0, 0, 0)), ("1, 3", (0, 4, 0, 4)), (",", ()), ("0, 9", (4, 0, 0, 0))]
)
def test_selected_files_of_version_7_are_a_list(tmp_path, chosen, priorities):
    root = copied(OLD, tmp_path)
    edit(checkpoint(OLD, root, "selection"), "selected_file_indexes = 0, 2", f"selected_file_indexes = {chosen}")

    assert one(OLD, root, "selection").priorities == priorities


def test_pad_files_are_never_wanted(tmp_path):
    root = copied(NEW, tmp_path)
    edit(checkpoint(NEW, root, "v2"), "name = iota", "files = 1,2,\nname = iota")

    assert one(NEW, root, "v2").priorities == (0, 0, 4, 0)


def test_stale_copies_of_settings_in_the_state_do_not_count(tmp_path):
    root = copied(NEW, tmp_path)
    assert "hops = 0" in checkpoint(NEW, root, "multi").read_text().partition("[state]")[2]

    assert one(NEW, root, "multi").hops == 1


@BOTH
def test_missing_padding_of_base64_does_no_harm(name, tmp_path):
    root = copied(name, tmp_path)
    before = one(name, root, "half")
    file = checkpoint(name, root, "half")
    resume = state_of(file)["engineresumedata"]
    if not resume.endswith("="):
        with_resume(file, padded=b"x")
        resume = state_of(file)["engineresumedata"]
        assert resume.endswith("=")
    edit(file, resume, resume.rstrip("="))

    assert one(name, root, "half") == before


@BOTH
def test_an_error_in_wishes_is_never_taken_for_a_wish(name, tmp_path):
    root = copied(name, tmp_path)
    edit(checkpoint(name, root, "magnet"), "hops = 2", "hops = two")

    found = read(name, root)

    infohash = PROGRAMS[name]["downloads"]["magnet"]["infohash_v1"]
    assert infohash not in found.downloads
    assert found.not_taken[f"dlcheckpoints/{infohash}.conf"] == "it is damaged: hops is no number"


@pytest.mark.parametrize("flag", ["channel_download", "bootstrap_download"])
@BOTH
def test_what_the_program_downloaded_for_itself_is_left_out(name, tmp_path, flag):
    root = copied(name, tmp_path)
    text = checkpoint(name, root, "single").read_text()
    text = text.replace(f"{flag} = False\n", "").replace("time_added", f"{flag} = True\ntime_added")
    checkpoint(name, root, "single").write_text(text)

    found = read(name, root)

    infohash = PROGRAMS[name]["downloads"]["single"]["infohash_v1"]
    assert infohash not in found.downloads
    assert found.not_taken[f"dlcheckpoints/{infohash}.conf"].startswith("it is no download of the user")


def test_without_resume_data_the_files_have_to_be_checked(tmp_path):
    root = copied(OLD, tmp_path)
    file = checkpoint(OLD, root, "single")
    edit(file, state_of(file)["engineresumedata"], "ZGU=")

    found = read(OLD, root)

    download = found.downloads[PROGRAMS[OLD]["downloads"]["single"]["infohash_v1"]]
    assert (download.have, download.total_uploaded) == (None, 0)
    assert download.trackers == (("http://127.0.0.1:6969/announce",),)
    assert not [what for what in found.not_taken if "dlcheckpoints" in what]


@BOTH
def test_pieces_that_were_not_saved_are_unknown(name, tmp_path):
    root = copied(name, tmp_path)
    with_resume(checkpoint(name, root, "half"), pieces=b"")

    assert one(name, root, "half").have is None


def test_connections_of_resume_data_are_swapped_and_do_not_count(downloads):
    for download in downloads[NEW].values():
        assert (download.max_connections, download.max_uploads) == (-1, -1)


@BOTH
def test_the_content_of_another_torrent_is_refused(name, tmp_path):
    root = copied(name, tmp_path)
    text = checkpoint(name, root, "single").read_text()
    checkpoint(name, root, "half").write_text(text)

    found = read(name, root)

    infohash = PROGRAMS[name]["downloads"]["half"]["infohash_v1"]
    assert found.not_taken[f"dlcheckpoints/{infohash}.conf"] == "it is damaged: what stands in it is of another torrent"
    assert len(found.downloads) == len(expected(name)) - 1


def test_checkpoints_of_version_7_in_a_root_of_version_8_follow_their_own_rules(tmp_path):
    root = copied(NEW, tmp_path / "new")
    old = copied(OLD, tmp_path / "old")
    for key in ("selection", "unicode", "magnet"):
        checkpoint(NEW, root, key).write_bytes(checkpoint(OLD, old, key).read_bytes())

    found = read(NEW, root).downloads

    hashes = {key: PROGRAMS[OLD]["downloads"][key]["infohash_v1"] for key in ("selection", "unicode", "magnet")}
    assert found[hashes["selection"]].priorities == (4, 0, 4, 0)
    assert found[hashes["unicode"]].name == "Zażółć ґ 日本語 🎵; a=b, [x]"
    assert found[hashes["magnet"]].hops == 2
    assert len(found) == len(expected(NEW))


def test_the_first_releases_of_version_8_had_their_checkpoints_deeper(tmp_path):
    root = copied(NEW, tmp_path)
    (root / "dlcheckpoints").rename(root / "8.0" / "dlcheckpoints")

    assert len(read(NEW, root).downloads) == len(expected(NEW))


def test_a_ratio_is_the_downloads_own(downloads):
    ratios = {download.name: download.ratio_limit for download in downloads[NEW].values()}

    assert ratios.pop("beta") == 1.5
    assert set(ratios.values()) == {Limit.GLOBAL}
