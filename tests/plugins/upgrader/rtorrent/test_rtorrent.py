"""What of rTorrent the samples do not show."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.upgrader.samples import copy_state
from triblerd_libtorrent.api import bdecode, bencode
from triblerd_upgrader.foreign.copying import copy_state as copy_privately
from triblerd_upgrader.foreign.rtorrent.reader import RTorrent
from triblerd_upgrader.foreign.values import ForeignDownload, ForeignSettings, Limit, NotTaken

SINGLE = "D73E71DB1231CF8B32308FF083D9306445986969.torrent"
HALF = "CC41C14E8BC3FEFE47D339FD9153AAF9FE6A14F3.torrent"
MULTI = "33F939CC7E658585B98F51DCE97F750F39E3D57C.torrent"
PRIVATE = "BDE630A09E619CD0929E23B0BC9E019D7B0204CA.torrent"
MAGNET = "6D89692F35F94BC61AB2D47612C5E066BC8C431E.torrent"
READER = RTorrent()


@pytest.fixture
def state(tmp_path):
    return copy_state("rtorrent-0.9.8", tmp_path)


def decoded(path) -> Any:
    return bdecode(path.read_bytes())


def change(folder, name, **values):
    """Change keys of a file in the session."""
    path = folder / "session" / name
    changed = {key.replace("_in_", ".").encode(): value for key, value in values.items()}
    path.write_bytes(bencode(decoded(path) | changed))


def read(state, source=None):
    return list(READER.read(state, str, source or state))


def download(state, name=SINGLE, source=None):
    items = read(state, source)
    return next(item for item in items if isinstance(item, ForeignDownload) and item.origin == name)


def not_taken(state):
    return {item.what: item.reason for item in read(state) if isinstance(item, NotTaken)}


@pytest.mark.parametrize(
    ("bitfield", "have"),
    [(4, b"\xf0"), (0, b"\x00"), (3, None), (b"\xa0", b"\xa0"), (b"\xff\xff", b"\xf0"), ([], None)],
)
def test_pieces_are_a_number_or_bits(state, bitfield, have):
    change(state, f"{HALF}.libtorrent_resume", bitfield=bitfield)

    assert download(state, HALF).have == have


def test_without_resume_data_nothing_is_known_of_the_pieces(state):
    (state / "session" / f"{HALF}.libtorrent_resume").unlink()

    found = download(state, HALF)

    assert (found.have, found.priorities) == (None, (4,))


def test_a_check_that_did_not_end_is_done_again(state):
    change(state, f"{SINGLE}.rtorrent", hashing=1)

    found = download(state)

    assert found.have is None
    assert "was checking" in found.suspicion


def test_after_a_crash_uncertain_pieces_are_not_counted(state):
    uncertain = b"\x00\x00\x00\x01\x00\x00\x00\x03\xff\xff\xff\xff\x00"
    change(state, f"{SINGLE}.libtorrent_resume", uncertain_pieces=uncertain)
    after_a_clean_end = download(state).have

    (state / "session/rtorrent.lock").write_text("elsewhere:+1")

    assert (after_a_clean_end, download(state).have) == (b"\xf0", b"\xa0")


@pytest.mark.parametrize(
    ("mtime", "times", "is_suspicious"),
    [(1_700_000_000, {0: 1_700_000_000}, False), (-1, {}, False), (-2, {}, False), (-3, {}, True), (-4, {}, False)],
)
def test_times_may_be_codes(state, mtime, times, is_suspicious):
    change(state, f"{SINGLE}.libtorrent_resume", files=[{b"mtime": mtime, b"priority": 1}])

    found = download(state)

    assert (found.mtimes, bool(found.suspicion)) == (times, is_suspicious)


def test_priorities_of_files(state):
    files = [{b"priority": priority} for priority in (0, 1, 2, 1)]
    change(state, f"{MULTI}.libtorrent_resume", files=files)

    assert download(state, MULTI).priorities == (0, 4, 7, 4)


@pytest.mark.parametrize(
    ("keys", "stopped"),
    [({}, False), ({"state": 0}, True), ({"priority": 0}, True), ({"priority": 1}, False), ({"priority": 3}, False)],
)
def test_a_download_is_stopped_or_off(state, keys, stopped):
    change(state, f"{SINGLE}.rtorrent", **keys)

    assert download(state).stopped is stopped


def test_a_directory_of_another_name_holds_the_files(state):
    change(state, f"{MULTI}.rtorrent", directory=b"/srv/torrents/other name")

    found = download(state, MULTI)

    assert found.save_path == "/srv/torrents"
    assert found.renamed_files[1] == "other name/nested/two.bin"


@pytest.mark.parametrize(
    ("directory", "source", "path"),
    [
        (b"~/x", "/home/somebody/.session", "/home/somebody/x"),
        (b"~", "/root/session", "/root"),
        (b"~/x", "/data/session", str(Path.home() / "x")),
        (b"downloads", "/data/rtorrent", "/data/rtorrent/downloads"),
        (b"/a//b/", "/data", "/a/b"),
    ],
)
def test_directories_may_begin_at_home(state, directory, source, path):
    change(state, f"{SINGLE}.rtorrent", directory=directory)

    assert download(state, source=Path(source)).save_path == path


@pytest.mark.parametrize(
    ("custom", "labels"),
    [
        (b"", ()),
        (b"a%20b", ("a b",)),
        (b"one,two%2Cthree, ,", ("one", "two,three")),
        (b"%C3%BCn%C3%AF", ("ünï",)),
        (b"%FF", ("\N{REPLACEMENT CHARACTER}",)),
    ],
)
def test_labels_are_written_in_per_cent(state, custom, labels):
    change(state, f"{SINGLE}.rtorrent", custom1=custom)

    assert download(state).labels == labels


def test_without_the_time_of_adding_that_of_starting_counts(state):
    change(state, f"{SINGLE}.rtorrent", custom={}, timestamp_in_started=7)

    assert download(state).added_time == 7


@pytest.mark.parametrize(("group", "limits"), [(b"slow", (204800, 51200)), (b"NULL", (-1, -1)), (b"other", (-1, -1))])
def test_groups_have_limits(state, group, limits):
    change(state, f"{SINGLE}.rtorrent", throttle_name=group)

    found = download(state)

    assert (found.download_limit, found.upload_limit) == limits


def test_trackers_may_be_turned_off_and_added(state):
    trackers = {
        b"http://127.0.0.1:6969/announce": {b"enabled": 0},
        b"http://127.0.0.1:1/": {b"enabled": 1, b"extra_tracker": 1, b"group": 0},
        b"http://127.0.0.1:2/": {b"enabled": 1, b"extra_tracker": 1, b"group": 9},
        b"http://127.0.0.1:3/": {b"enabled": 0, b"extra_tracker": 1, b"group": 9},
        b"http://127.0.0.1:4/": {b"enabled": 1},
        b"dht://": {b"enabled": 1, b"extra_tracker": 1, b"group": 9},
    }
    change(state, f"{PRIVATE}.libtorrent_resume", trackers=trackers)

    assert download(state, PRIVATE).trackers == (
        ("udp://127.0.0.1:6969/announce", "http://127.0.0.1:1/"),
        ("http://127.0.0.2:6970/announce",),
        ("http://127.0.0.1:2/",),
    )


def test_a_link_goes_where_its_commands_would_have_put_it(state):
    commands = [b"d.custom1.set=x", b'd.directory.set="/srv/elsewhere"', b"execute=rm,/"]
    change(state, MAGNET, rtorrent_meta_download={b"start": 0, b"commands": commands})
    with_link = download(state, MAGNET)
    path = state / "session" / MAGNET
    path.write_bytes(bencode({key: value for key, value in decoded(path).items() if key != b"magnet-uri"}))

    without = download(state, MAGNET)

    assert (with_link.save_path, with_link.stopped) == ("/srv/elsewhere", True)
    assert with_link.magnet.startswith("magnet:?")
    assert (without.magnet, without.infohash_v1) == ("", bytes.fromhex(MAGNET[:40]))
    assert without.trackers == (("http://127.0.0.1:6969/announce",), ("udp://127.0.0.1:6969/announce",))


def test_in_old_versions_one_file_holds_all(state):
    session = state / "session"
    expected = download(state, MULTI)
    metainfo = (session / MULTI).read_bytes()
    whole = decoded(session / MULTI) | {
        b"rtorrent": decoded(session / f"{MULTI}.rtorrent"),
        b"libtorrent_resume": decoded(session / f"{MULTI}.libtorrent_resume"),
    }
    for path in list(session.iterdir()):
        path.unlink()
    (session / MULTI).write_bytes(bencode(whole))

    find = READER.find(state)

    assert find is not None
    assert (find.root, find.downloads) == (state, 1)
    assert download(state, MULTI) == expected
    assert expected.metainfo == metainfo


def test_what_cannot_be_kept_is_told(state):
    (state / "session" / f"{SINGLE}.rtorrent").unlink()
    (state / "session" / PRIVATE).unlink()
    with (state / "rtorrent.rc").open("a") as script:
        script.write('\nschedule2 = watch, 1, 1, "load.start=/srv/watch/*.torrent"\n')

    told = not_taken(state)

    assert "state does not lie beside it" in told[SINGLE]
    assert "no torrent file" in told[f"{PRIVATE}.rtorrent"]
    assert {f"{MULTI}: ignore_commands", f"{MULTI}: view rat_0", "rtorrent.rc: schedule2"} <= told.keys()


def test_a_download_has_the_limit_of_all(state):
    assert download(state, MULTI).ratio_limit is Limit.GLOBAL


# --- the script ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ("directory = /a", {"download_defaults.saveas": "/a"}),
        ("directory.default.set = '/a b/'", {"download_defaults.saveas": "/a b"}),
        ("directory.default.set = (cat,(cfg.basedir),x)", {}),
        ("directory.default.set = $cat=/a", {}),
        ("port_range = 6881-6999", {"libtorrent.port": 6881}),
        ("network.port_range.set = 0-0", {}),
        ("download_rate = 100", {"libtorrent.max_download_rate": 102400}),
        ("throttle.global_down.max_rate.set = 100k", {"libtorrent.max_download_rate": 102400}),
        ("throttle.global_up.max_rate.set = 1000", {"libtorrent.max_upload_rate": 1000}),
        ("throttle.global_up.max_rate.set_kb = 0", {"libtorrent.max_upload_rate": 0}),
        ("max_peers = 50", {"libtorrent.max_connections_download": 50}),
        ("dht = auto", {"libtorrent.dht": True}),
        ("dht.mode.set = off", {"libtorrent.dht": False}),
        ("ratio.min.set = 150", {}),
        (
            "ratio.enable =\nratio.min.set = 150",
            {"download_defaults.seeding_mode": "ratio", "download_defaults.seeding_ratio": 1.5},
        ),
        ("# directory = /a\n  dht = on  \nnonsense", {"libtorrent.dht": True}),
    ],
)
def test_lines_that_set_one_value_are_taken(state, lines, values):
    (state / "rtorrent.rc").write_text(lines)

    found = [item.values for item in read(state) if isinstance(item, ForeignSettings)]

    assert found == ([values] if values else [])


# --- places -------------------------------------------------------------------------------------------------------


def test_a_session_alone_is_a_state(state):
    session = state / "session"

    find = READER.find(session)

    assert find is not None
    assert (find.root, find.downloads) == (session, 9)
    assert len([item for item in read(session) if isinstance(item, ForeignDownload)]) == 9
    assert "no rtorrent.rc" in not_taken(session)["settings"]


def test_of_a_home_only_the_session_and_the_script_are_copied(state, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (state / "session").rename(home / ".my-session")
    script = (state / "rtorrent.rc").read_text().replace("/srv/state/rtorrent/session", "~/.my-session")
    (home / ".rtorrent.rc").write_text(script)
    (home / "private.conf").write_text("no part of it")

    find = READER.find(home)

    assert find is not None
    copy_privately(find.root, tmp_path / "copy", find.parts)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [".my-session", ".rtorrent.rc"]
    assert len([item for item in read(tmp_path / "copy") if isinstance(item, ForeignDownload)]) == 9


@pytest.mark.parametrize("names", [[], ["a.torrent"], ["a.torrent", "a.torrent.rtorrent"], [SINGLE]])
def test_other_torrent_files_are_no_session(tmp_path, names):
    for name in names:
        (tmp_path / name).write_bytes(b"d4:infod4:name1:aee")

    assert READER.find(tmp_path) is None


@pytest.mark.parametrize(
    ("lock", "running"),
    [
        ("HERE:+OURS", "which runs"),
        ("HERE:+99999999", ""),
        ("another:+1", "of the machine another"),
        ("rubbish", ""),
        ("", ""),
    ],
)
def test_the_lock_says_who_is_running(state, lock, running):
    lock = lock.replace("HERE", socket.gethostname()).replace("OURS", str(os.getpid()))
    (state / "session/rtorrent.lock").write_text(lock)

    find = READER.find(state)

    assert find is not None
    assert running in find.running
    assert bool(find.running) == bool(running)
