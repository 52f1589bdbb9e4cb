"""What of Transmission the samples do not show."""

import base64
import json
import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.plugins.upgrader.samples import copy_state
from triblerd_libtorrent.api import bdecode, bencode
from triblerd_upgrader.foreign.links import parse_link
from triblerd_upgrader.foreign.transmission.reader import Transmission
from triblerd_upgrader.foreign.values import ForeignDownload, ForeignSettings, Limit, NotTaken

SINGLE = "d73e71db1231cf8b32308ff083d9306445986969"
HALF = "cc41c14e8bc3fefe47d339fd9153aaf9fe6a14f3"
MULTI = "33f939cc7e658585b98f51dce97f750f39e3d57c"
MAGNET = "6d89692f35f94bc61ab2d47612c5e066bc8c431e"
READER = Transmission()


@pytest.fixture(params=["transmission-3.0", "transmission-4.1"])
def state(request, tmp_path):
    return copy_state(request.param, tmp_path)


@pytest.fixture
def old_state(tmp_path):
    return copy_state("transmission-3.0", tmp_path)


def decoded(path) -> Any:
    return bdecode(path.read_bytes())


def change(state, infohash, values, without=()):
    path = state / "resume" / f"{infohash}.resume"
    kept = {key: value for key, value in decoded(path).items() if key not in without}
    path.write_bytes(bencode(kept | values))


def change_settings(state, **values):
    path = state / "settings.json"
    changed = {key.replace("_", "-"): value for key, value in values.items()}
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def read(state):
    return list(READER.read(state, str, state))


def download(state, infohash=SINGLE):
    items = read(state)
    return next(item for item in items if isinstance(item, ForeignDownload) and item.infohash_v1.hex() == infohash)


def not_taken(state):
    return {item.what: item.reason for item in read(state) if isinstance(item, NotTaken)}


def settings(state):
    [found] = [item.values for item in read(state) if isinstance(item, ForeignSettings)]
    return found


@pytest.mark.parametrize(
    ("progress", "have"),
    [
        ({b"blocks": b"all"}, b"\xf0"),
        ({b"blocks": b"none"}, b"\x00"),
        ({b"blocks": b"\xcc"}, b"\xa0"),
        ({b"blocks": b"\xff"}, b"\xf0"),
        ({b"blocks": b"\x7f"}, b"\x70"),
        ({b"bitfield": b"\xcc"}, b"\xa0"),
        ({}, None),
        ({b"blocks": 5}, None),
    ],
)
def test_a_piece_is_there_when_all_its_blocks_are(state, progress, have):
    change(state, HALF, {b"progress": progress})

    assert download(state, HALF).have == have


def test_too_few_blocks_are_damage(state):
    content = decoded(state / "torrents" / f"{HALF}.torrent")
    longer = content[b"info"] | {b"length": 16 * 32768, b"pieces": b"x" * 20 * 16}
    (state / "torrents" / "long.torrent").write_bytes(bencode(content | {b"info": longer}))
    change(state, HALF, {b"progress": {b"blocks": b"\xff\xff\xff"}})
    shutil.copy(state / "resume" / f"{HALF}.resume", state / "resume" / "long.resume")
    assert "fewer" in not_taken(state)["torrents/long.torrent"]


def test_before_version_4_pieces_of_any_size_are_whole_blocks(old_state):
    info: Any = {b"name": b"odd", b"length": 50_000, b"piece length": 20_000, b"pieces": b"x" * 60}
    raw = bencode({b"info": info})
    (old_state / "torrents" / "odd.0123456789abcdef.torrent").write_bytes(raw)
    resume: Any = {b"destination": b"/d", b"progress": {b"blocks": b"\xd8", b"time-checked": [5]}}
    (old_state / "resume" / "odd.0123456789abcdef.resume").write_bytes(bencode(resume))
    [before] = [item for item in read(old_state) if isinstance(item, ForeignDownload) and item.name == "odd"]

    resume[b"progress"] = {b"blocks": b"\xd0", b"mtimes": [5]}
    (old_state / "resume" / "odd.0123456789abcdef.resume").write_bytes(bencode(resume))
    [after] = [item for item in read(old_state) if isinstance(item, ForeignDownload) and item.name == "odd"]

    assert before.have == b"\xa0"  # of blocks 11 01 1 of 10,000 bytes
    assert after.have == b"\x80"  # of blocks 1101 of 16 KiB, the third of which two pieces touch


def test_names_of_version_2_are_read(old_state):
    for folder in ("torrents", "resume"):
        for path in (old_state / folder).glob(f"{SINGLE}*"):
            path.rename(path.with_name(f"alpha.bin.{SINGLE[:16]}{path.suffix}"))

    assert download(old_state).labels == ("books", "red")


def test_capitals_of_macos_are_read(old_state):
    (old_state / "torrents").rename(old_state / "Torrents")
    (old_state / "resume").rename(old_state / "Resume")

    find = READER.find(old_state)

    assert find is not None
    assert find.downloads == 8
    assert len([item for item in read(old_state) if isinstance(item, ForeignDownload)]) == 8


def test_keys_may_have_underscores(state):
    for path in (state / "resume").iterdir():
        before = decoded(path)
        path.write_bytes(bencode(underscored(before)))
    changed = {key.replace("-", "_"): value for key, value in json.loads((state / "settings.json").read_text()).items()}
    (state / "settings.json").write_text(json.dumps(changed))
    find = READER.find(state)

    found = download(state, MULTI)

    assert find is not None
    assert (found.ratio_limit, found.idle_limit, found.added_time > 0) == (1.5, 36000, True)
    assert settings(state)["download_defaults.saveas"] == "/srv/torrents/incomplete"


def underscored(value):
    if isinstance(value, dict):
        return {key.replace(b"-", b"_"): underscored(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize(
    ("values", "ratio", "idle"),
    [
        ({b"ratio-limit": {b"ratio-limit": b"1.250000", b"ratio-mode": 1}}, 1.25, Limit.GLOBAL),
        ({b"ratio-limit": {b"ratio-limit": b"1.250000", b"ratio-mode": 2}}, Limit.NONE, Limit.GLOBAL),
        ({b"ratio-limit": {b"ratio-limit": b"1.250000", b"ratio-mode": 0}}, Limit.GLOBAL, Limit.GLOBAL),
        ({b"ratio-limit": 5, b"idle-limit": {b"idle-limit": 3, b"idle-mode": 1}}, Limit.GLOBAL, 180),
        ({b"idle-limit": {b"idle-limit": 3, b"idle-mode": 2}}, Limit.GLOBAL, Limit.NONE),
    ],
)
def test_limits_have_modes(state, values, ratio, idle):
    change(state, SINGLE, values)

    found = download(state)

    assert (found.ratio_limit, found.idle_limit, found.seeding_time_limit) == (ratio, idle, Limit.GLOBAL)


@pytest.mark.parametrize(
    ("limit", "rate"),
    [
        ({b"speed-Bps": 5000, b"use-speed-limit": 1}, 5000),
        ({b"speed-Bps": 5000, b"use-speed-limit": 0}, -1),
        ({b"speed": 5, b"use-speed-limit": 1}, 5000),
        ({}, -1),
    ],
)
def test_a_rate_counts_when_it_is_turned_on(state, limit, rate):
    change(state, SINGLE, {b"speed-limit-down": limit})

    assert download(state).download_limit == rate


def test_a_renamed_torrent_is_found_under_its_new_name(old_state):
    change(old_state, MULTI, {b"name": b"other"})

    found = download(old_state, MULTI)

    assert found.name == "other"
    assert found.renamed_files == {
        0: "other/one.bin",
        1: "other/nested/two.bin",
        2: "other/nested/empty.bin",
        3: "other/three.bin",
    }


def test_renamed_files_are_found_under_their_names(state):
    names = [b"beta/1.bin", b"beta/nested/two.bin", b"beta/nested/empty.bin", b"beta/three.bin"]
    change(state, MULTI, {b"files": names})

    assert download(state, MULTI).renamed_files == {0: "beta/1.bin"}


def test_a_file_elsewhere_is_refused(state):
    change(state, SINGLE, {b"files": [b"../alpha.bin"]})

    assert "outside" in not_taken(state)[f"torrents/{SINGLE}.torrent"]


def test_without_suffixes_incomplete_files_have_their_names(state):
    change_settings(state, rename_partial_files=False)

    assert download(state, HALF).renamed_files == {}


def test_times_are_those_of_files_or_of_the_last_look(old_state, tmp_path):
    new_state = copy_state("transmission-4.1", tmp_path / "new")
    checked = {b"blocks": b"all", b"time-checked": [7, [10, 3, 0, 5], [10, 0, 0], 0]}
    change(old_state, MULTI, {b"progress": checked})
    change(new_state, MULTI, {b"progress": {b"blocks": b"all", b"mtimes": [7, 0, 9, 10], b"pieces": b"none"}})

    before, after = download(old_state, MULTI), download(new_state, MULTI)

    assert (before.mtimes, before.checked_times, before.suspicion) == ({}, {0: 7, 1: 15}, "")
    assert (after.mtimes, after.checked_times) == ({0: 7, 2: 9, 3: 10}, {})
    assert "not checked" in after.suspicion


def test_priorities_and_unwanted_files(state):
    change(state, MULTI, {b"priority": [-1, 0, 1, 1], b"dnd": [0, 0, 0, 1]})

    assert download(state, MULTI).priorities == (1, 4, 7, 0)


def test_a_queue_is_there_unless_both_are_turned_off(state):
    change_settings(state, download_queue_enabled=False, seed_queue_enabled=True)
    one = (download(state).auto_managed, settings(state)["libtorrent/active_downloads"])
    change_settings(state, seed_queue_enabled=False)
    none = (download(state).auto_managed, settings(state)["libtorrent/active_seeds"])
    (state / "settings.json").unlink()

    assert (one, none, download(state).auto_managed) == ((True, -1), (False, -1), True)


def test_a_place_in_the_queue_may_stand_beside_the_rest(old_state):
    change(old_state, SINGLE, {b"queue-position": 3})

    assert download(old_state).queue_position == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"peer_port_random_on_start": True}, {"libtorrent.port": None}),
        ({"incomplete_dir_enabled": False}, {"download_defaults.saveas": "/srv/torrents"}),
        ({"ratio_limit_enabled": False}, {"download_defaults.seeding_mode": "forever"}),
        ({"utp_enabled": True, "lpd_enabled": True}, {"libtorrent.utp": True, "libtorrent.lsd": True}),
        ({"watch_dir_enabled": True}, {"watch_folder.enabled": True, "watch_folder.directory": "/srv/watch"}),
    ],
)
def test_what_there_is_here_is_taken(state, values, expected):
    change_settings(state, **values)

    assert expected.items() <= settings(state).items()


def test_a_rate_that_is_turned_off_is_none(state):
    change_settings(state, speed_limit_down_enabled=False, bind_address_ipv4="0.0.0.0")

    assert not {"libtorrent.max_download_rate", "libtorrent/listen_interface"} & settings(state).keys()


def test_what_there_is_not_is_told(state):
    (state / "bandwidth-groups.json").write_text('{"slow": {}}')
    change_settings(
        state, default_trackers="http://a", rpc_authentication_required=True, script_torrent_done_enabled=True
    )

    told = not_taken(state).keys()

    assert {"group slow", "settings.json: alt-speed-enabled", "settings.json: idle-seeding-limit"} <= told
    assert {"settings.json: default-trackers", "settings.json: rpc-password"} <= told
    assert "settings.json: script-torrent-done-filename" in told


@pytest.mark.parametrize("text", ['{"download-dir": "/a", // remark\n}', '{"download-dir": "/a",}', "[1]", "{"])
def test_settings_that_nobody_can_read_are_told_and_left_out(state, text):
    (state / "settings.json").write_text(text)

    assert "damaged" in not_taken(state)["settings.json"]
    assert download(state).save_path == "/srv/torrents"


def test_files_that_belong_to_nothing_are_told(state):
    (state / "resume" / f"{SINGLE}.resume").unlink()
    (state / "torrents" / f"{MULTI}.torrent").unlink()

    told = not_taken(state)

    assert "no resume data" in told[f"torrents/{SINGLE}.torrent"]
    assert "no torrent file" in told[f"resume/{MULTI}.resume"]


def test_a_torrent_that_is_not_the_one_of_its_name_is_refused(state):
    shutil.copy(state / "torrents" / f"{MULTI}.torrent", state / "torrents" / f"{SINGLE}.torrent")

    assert "another torrent" in not_taken(state)[f"torrents/{SINGLE}.torrent"]


@pytest.mark.parametrize(
    ("uri", "hashes"),
    [
        (f"magnet:?xt=urn:btih:{MAGNET}&dn=a%20b", (MAGNET, "")),
        (f"magnet:?xt=urn:btih:{MAGNET.upper()}&dn=a%20b", (MAGNET, "")),
        (f"magnet:?xt.1=urn:btih:{base64.b32encode(bytes.fromhex(MAGNET)).decode()}&dn=a b", (MAGNET, "")),
        (f"magnet:?dn=a+b&xt=urn:btmh:1220{MAGNET}{'0' * 24}", ("", MAGNET + "0" * 24)),
    ],
)
def test_links_are_read(uri, hashes):
    link = parse_link(f"{uri}&tr=http%3A%2F%2Fa&tr.1=udp://b&ws=http://c\n")

    assert (link.infohash_v1.hex(), link.infohash_v2.hex()) == hashes
    assert (link.name, link.trackers, link.web_seeds) == ("a b", (("http://a",), ("udp://b",)), ("http://c",))


@pytest.mark.parametrize("uri", ["", "http://a", "magnet:?dn=a", "magnet:?xt=urn:btih:xyz", "magnet:?xt=urn:btmh:1220"])
def test_what_is_no_link_is_refused(uri):
    with pytest.raises(ValueError, match=r"link|hex|padding|Non-base32"):
        parse_link(uri)


@contextmanager
def answering(text):
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(409)
            self.send_header(text, "x")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("header", "runs"), [("X-Transmission-Session-Id", True), ("X-Other", False)])
def test_a_program_that_answers_is_running(state, header, runs):
    with answering(header) as port:
        change_settings(state, rpc_port=port)
        find = READER.find(state)

    assert find is not None
    assert find.running == (f"it answers on port {port}" if runs else "")
