from typing import Any

import libtorrent as lt
import pytest

from triblerd_libtorrent.api import MetainfoError
from triblerd_libtorrent.metainfo import MOST_BYTES, parse_metainfo, wrap_info
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

PIECE: dict[bytes, object] = {b"piece length": 16384, b"pieces": b"h" * 20}


def bencode(entry: Any) -> bytes:
    return lt.bencode(entry)


def single(name: bytes, length: int = 1) -> bytes:
    return bencode({b"info": {**PIECE, b"name": name, b"length": length}})


def multi(*paths: list[bytes], name: bytes = b"folder") -> bytes:
    files = [{b"length": 1, b"path": list(path)} for path in paths]
    return bencode({b"info": {**PIECE, b"name": name, b"files": files}})


def test_everything_that_a_torrent_file_says_is_read(tmp_path):
    made = make_torrent(
        tmp_path,
        {"a/x": b"x" * 20_000, "b": b"b"},
        name="folder",
        trackers=("http://one/", "http://two/"),
        web_seeds=("http://web/",),
        private=True,
    )

    metainfo = parse_metainfo(made.metainfo)

    assert metainfo.infohash == metainfo.infohash_v1 == made.infohash
    assert metainfo.infohash_v2 == ""
    assert (metainfo.name, metainfo.size, metainfo.piece_length, metainfo.total_pieces) == ("folder", 20_001, 16384, 2)
    assert [file.path for file in metainfo.files] == ["folder/a/x", "folder/b"]
    assert metainfo.is_multi_file
    assert metainfo.is_private
    assert metainfo.trackers == (("http://one/",), ("http://two/",))
    assert metainfo.web_seeds == ("http://web/",)


@pytest.mark.parametrize("version", TorrentVersion)
def test_the_identity_is_v1_where_there_is_one(tmp_path, version):
    metainfo = parse_metainfo(make_torrent(tmp_path, b"x" * 40_000, version=version).metainfo)

    assert metainfo.infohash == (metainfo.infohash_v1 or metainfo.infohash_v2[:40])
    assert bool(metainfo.infohash_v1) == (version is not TorrentVersion.V2)
    assert bool(metainfo.infohash_v2) == (version is not TorrentVersion.V1)
    assert not metainfo.is_multi_file
    assert metainfo.size == 40_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"d",
        b"rubbish",
        b"de",
        b"i1e",
        b"d4:infodee",
        b"l" * 10_000,
        b"d" * 100_000,
        single(b"name", -1),
        single(b"name")[:-1],
        bencode({b"info": {**PIECE, b"name": b"x", b"files": []}}),
        bencode({b"info": {b"piece length": 0, b"pieces": b"", b"name": b"x", b"length": 1}}),
        bencode({b"info": {b"piece length": 16384, b"pieces": b"h" * 19, b"name": b"x", b"length": 1}}),
    ],
)
def test_what_is_no_torrent_is_refused_with_a_reason(raw):
    with pytest.raises(MetainfoError, match=r"\w"):
        parse_metainfo(raw)


def test_a_torrent_file_beyond_16_mib_is_refused():
    with pytest.raises(MetainfoError, match="larger"):
        parse_metainfo(b"d" + b"0" * MOST_BYTES)


@pytest.mark.parametrize(
    "raw",
    [
        single(b"../../etc/passwd"),
        single(b"/etc/passwd"),
        single(b"a\0b"),
        single(b".."),
        single(b"\xff\xfe"),
        single(b"x" * 5000),
        multi([b"..", b"..", b"x"]),
        multi([b"/", b"etc", b"x"]),
        multi([b"a\0b", b"x"]),
        multi([b"", b"x"]),
        multi([b"d"] * 10_000),
        multi([b"a"], [b"a"], [b"A"]),
        multi([b"a"], [b"a", b"b"]),
        multi([b"x"], name=b"../up"),
        multi([b"x"], name=b""),
    ],
)
def test_hostile_names_stay_below_the_destination_or_are_refused(raw):
    try:
        metainfo = parse_metainfo(raw)
    except MetainfoError:
        return

    for file in metainfo.files:
        parts = file.path.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert "\0" not in file.path
        assert all(len(part.encode()) <= 255 for part in parts)
    assert len({file.path for file in metainfo.files}) == len(metainfo.files)


def test_the_bytes_of_info_stay_as_they_were_sent():
    info = b"d6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:" + b"h" * 20 + b"7:unknowni1ee"

    raw = wrap_info(info, ["http://one/", "http://two/"])

    assert b"4:info" + info in raw
    assert parse_metainfo(raw).trackers == (("http://one/",), ("http://two/",))
