"""What of Deluge the samples do not show."""

import json
import os
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.upgrader.pickling import Object, Whole, pickled
from tests.plugins.upgrader.samples import copy_state
from triblerd_libtorrent.api import bdecode, bencode
from triblerd_upgrader.foreign.deluge.pickles import read_pickle
from triblerd_upgrader.foreign.deluge.reader import Deluge
from triblerd_upgrader.foreign.values import ForeignDownload, ForeignSettings, Limit, NotTaken

SINGLE = "d73e71db1231cf8b32308ff083d9306445986969"
MULTI = "33f939cc7e658585b98f51dce97f750f39e3d57c"
MAGNET = "6d89692f35f94bc61ab2d47612c5e066bc8c431e"
READER = Deluge()


@pytest.fixture
def state(tmp_path):
    return copy_state("deluge-2.0", tmp_path)


def change(state, infohash=SINGLE, *, without=(), **values):
    """Change attributes of one download, and write the pickle again."""
    path = state / "state/torrents.state"
    torrents = []
    for torrent in read_pickle(path.read_bytes()).values["torrents"]:
        attributes = {key: plain(value) for key, value in torrent.values.items()}
        if attributes["torrent_id"] == infohash:
            attributes = {key: value for key, value in attributes.items() if key not in without} | values
        torrents.append(Object(attributes))
    path.write_bytes(pickled(Whole(torrents=torrents)))


def plain(value):
    return list(value) if isinstance(value, tuple) else value


def change_core(state, **values):
    path = state / "core.conf"
    text = path.read_text()
    version, end = json.JSONDecoder().raw_decode(text)
    path.write_text(json.dumps(version) + json.dumps(json.loads(text[end:]) | values))


def read(state):
    return list(READER.read(state, str, state))


def download(state, infohash=SINGLE):
    items = read(state)
    return next(item for item in items if isinstance(item, ForeignDownload) and item.infohash_v1.hex() == infohash)


def not_taken(state):
    return {item.what: item.reason for item in read(state) if isinstance(item, NotTaken)}


def settings(state):
    [found] = [item for item in read(state) if isinstance(item, ForeignSettings)]
    return found


@pytest.mark.parametrize(
    ("values", "ratio"),
    [
        ({"stop_at_ratio": True, "stop_ratio": 1.25}, 1.25),
        ({"stop_at_ratio": False, "stop_ratio": 1.25}, Limit.NONE),
        ({"stop_at_ratio": True, "stop_ratio": float("nan")}, 0),
    ],
)
def test_each_download_has_its_ratio(state, values, ratio):
    change(state, **values)

    assert download(state).ratio_limit == ratio


def test_attributes_may_be_missing(state):
    change(state, without=("stop_at_ratio", "trackers", "max_download_speed", "file_priorities", "name", "queue"))

    found = download(state)

    assert (found.ratio_limit, found.download_limit, found.name) == (Limit.GLOBAL, -1, "alpha.bin")
    assert (found.trackers, found.priorities) == ((("http://127.0.0.1:6969/announce",),), (4,))


def test_rates_are_in_kib_and_may_be_fractions(state):
    change(state, max_download_speed=1.5, max_upload_speed=-1, max_connections=5, max_upload_slots=3)

    found = download(state)

    assert (found.download_limit, found.upload_limit) == (1536, -1)
    assert (found.max_connections, found.max_uploads) == (5, 3)


def test_a_download_that_moves_goes_elsewhere_when_it_is_complete(state):
    change(state, move_completed=True, move_completed_path="/srv/torrents")
    same = download(state).completed_dir
    change(state, move_completed=True, move_completed_path="/srv/done")

    assert (same, download(state).completed_dir) == ("", "/srv/done")


def test_a_download_that_was_to_be_removed_is_told(state):
    change(state, remove_at_ratio=True)

    assert "not removed" in not_taken(state)[f"state/torrents.state: {SINGLE}, remove_at_ratio"]


def test_a_link_is_read(state):
    link = f"magnet:?xt=urn:btih:{MAGNET}&dn=theta"
    change(state, MAGNET, magnet=link)

    assert download(state, MAGNET).magnet == link


def test_trackers_stand_in_tiers(state):
    trackers = [
        *({"url": f"http://127.0.0.1:{port}/", "tier": tier} for port, tier in ((1, 5), (2, 0), (3, 5))),
        *({"url": ""}, {"tier": 1}, "rubbish"),
    ]
    change(state, trackers=trackers)

    assert download(state).trackers == (("http://127.0.0.1:2/",), ("http://127.0.0.1:1/", "http://127.0.0.1:3/"))


def test_resume_data_of_one_download_may_be_damaged(state):
    path = state / "state/torrents.fastresume"
    resumes: Any = bdecode(path.read_bytes())
    path.write_bytes(bencode(resumes | {SINGLE.encode(): b"rubbish"}))

    found = download(state)

    assert (found.have, found.labels, found.save_path) == (None, ("books",), "/srv/torrents")
    assert "damaged" in not_taken(state)[f"state/torrents.fastresume: {SINGLE}"]


def test_resume_data_of_removed_downloads_are_left(state):
    path = state / "state/torrents.fastresume"
    resumes: Any = bdecode(path.read_bytes())
    path.write_bytes(bencode(resumes | {b"0" * 40: resumes[SINGLE.encode()]}))

    assert len([item for item in read(state) if isinstance(item, ForeignDownload)]) == 10
    assert not_taken(state) == {}


def test_a_torrent_that_is_not_the_one_of_its_name_is_refused(state):
    (state / f"state/{SINGLE}.torrent").write_bytes((state / f"state/{MULTI}.torrent").read_bytes())

    assert "another torrent" in not_taken(state)[f"state/torrents.state: {SINGLE}"]


def test_a_file_elsewhere_is_refused(state):
    path = state / "state/torrents.fastresume"
    resumes: Any = bdecode(path.read_bytes())
    resume: Any = bdecode(resumes[SINGLE.encode()])
    resumes[SINGLE.encode()] = bencode(resume | {b"mapped_files": [b"/etc/passwd"]})
    path.write_bytes(bencode(resumes))

    assert "outside" in not_taken(state)[f"state/torrents.state: {SINGLE}"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"random_port": True}, {"libtorrent.port": None}),
        ({"max_download_speed": -1.0}, {"libtorrent.max_download_rate": 0}),
        ({"max_upload_speed": 0.5}, {"libtorrent.max_upload_rate": 512}),
        ({"stop_seed_at_ratio": False}, {"download_defaults.seeding_mode": "forever"}),
        (
            {"move_completed": True, "move_completed_path": "/srv/done"},
            {"libtorrent/download_defaults/completed_dir": "/srv/done"},
        ),
        ({"max_active_limit": -1}, {"libtorrent/active_limit": -1}),
        ({"max_connections_per_torrent": -1}, {"libtorrent.max_connections_download": -1}),
        ({"auto_managed": False}, {"libtorrent/download_defaults/auto_managed": False}),
    ],
)
def test_what_there_is_here_is_taken(state, values, expected):
    change_core(state, **values)

    assert expected.items() <= settings(state).values.items()


@pytest.mark.parametrize(("kind", "secret"), [(1, None), (2, None), (3, "me:word"), (4, None), (5, "me:word")])
def test_a_proxy_is_taken_and_its_login_is_a_secret(state, kind, secret):
    proxy = {"type": kind, "hostname": "127.0.0.1", "port": 1080, "username": "me", "password": "word"}
    change_core(state, proxy=proxy)

    found = settings(state)

    assert (found.values["libtorrent.proxy_type"], found.values["libtorrent.proxy_server"]) == (kind, "127.0.0.1:1080")
    assert found.secrets.get("libtorrent.proxy_auth") == secret


@pytest.mark.parametrize("proxy", [{}, {"type": 9, "hostname": "a"}, {"type": 2, "hostname": ""}, "rubbish"])
def test_no_proxy_is_none(state, proxy):
    change_core(state, proxy=proxy)

    assert "libtorrent.proxy_type" not in settings(state).values


def test_what_there_is_not_is_told(state):
    change_core(state, remove_seed_at_ratio=True)
    (state / "blocklist.conf").write_text("{}")

    assert not_taken(state).keys() == {"core.conf: remove_seed_at_ratio", "blocklist.conf"}


def test_the_file_of_the_time_before_stands_in(state):
    (state / "core.conf").write_text("{")
    (state / "label.conf").unlink()

    told = not_taken(state)

    assert told.keys() == {"core.conf", "label.conf"}
    assert settings(state).values["libtorrent.port"] is None  # it was random, the time before


def test_without_labels_there_are_none(state):
    for path in state.glob("label.conf*"):
        path.unlink()

    assert (not_taken(state), download(state).labels) == ({}, ())


def listening():
    listener = socket.create_server(("127.0.0.1", 0))
    return closing(listener), listener.getsockname()[1]


@pytest.mark.parametrize(
    ("content", "running"),
    [("OURS;1", "which runs"), ("99999999;1", ""), ("rubbish", ""), ("1;2;3", ""), ("-1;1", ""), ("", "")],
)
def test_a_number_says_who_is_running(state, content, running):
    (state / "deluged.pid").write_text(content.replace("OURS", str(os.getpid())))

    find = READER.find(state)

    assert find is not None
    assert running in find.running
    assert bool(find.running) == bool(running)


def test_a_program_of_another_container_answers(state):
    listener, port = listening()
    with listener:
        (state / "deluged.pid").write_text(f"99999999;{port}")

        find = READER.find(state)

    assert find is not None
    assert find.running == f"deluged.pid names port {port}, where it answers"


@pytest.mark.parametrize("names", [[], ["core.conf"], ["state/torrents.fastresume"]])
def test_something_else_is_not_recognised(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    assert READER.find(tmp_path) is None


def test_windows_has_other_separators(state):
    change(state, save_path="D:\\Torrents", move_completed=True, move_completed_path="D:\\Done")

    found = download(state)

    assert (found.save_path, found.completed_dir) == ("D:\\Torrents", "D:\\Done")
    assert Path(found.origin).parent == Path("state")
