"""The torrents that Debian's mktorrent makes of the same files, by the API of a running daemon."""

import base64

import pytest

from tests.programs.conftest import run
from triblerd_libtorrent.metainfo import parse_metainfo

pytestmark = pytest.mark.programs

PIECE = 32 * 1024
CONTENTS = {
    "one file": b"film" * 30_000,
    "one piece": b"x" * PIECE,
    "a folder": {"b.bin": b"b" * 100_001, "a.bin": b"a" * PIECE, "Z": b"z"},
    "nested folders": {"x/y/deep": b"d" * 70_000, "x/flat": b"f" * 5, "top": b"t" * 40_000},
    "empty files": {"a": b"", "b": b"b" * 10_000, "c": b""},
    "many": {f"{number:03}": bytes([number]) * number * 11 for number in range(1, 120)},
}
TRACKERS = ["http://127.0.0.1:9/announce", "udp://127.0.0.1:9/announce"]


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
async def test_mktorrent_makes_a_torrent_of_the_same_infohash(start_daemon, tmp_path, name, private):
    target = written(tmp_path / "target", CONTENTS[name])
    theirs = tmp_path / "theirs.torrent"
    flags = [flag for url in TRACKERS for flag in ("-a", url)] + ["-p"] * private
    run("mktorrent", "-l", "15", *flags, "-c", "hello", "-o", theirs, target)
    async with start_daemon("createtorrent") as daemon:
        answer = await daemon.post(
            "/createtorrent",
            json={
                "files": [str(target)],
                "walk": True,
                "piece_length": PIECE,
                "private": private,
                "trackers": TRACKERS,
                "description": "hello",
            },
        )

    ours, other = parse_metainfo(base64.b64decode(answer["torrent"])), parse_metainfo(theirs.read_bytes())
    assert ours.infohash == other.infohash
    assert (ours.trackers, ours.comment) == (other.trackers, other.comment)


def written(target, content):
    """Write a file, or a folder of them."""
    if isinstance(content, bytes):
        target.write_bytes(content)
        return target
    for path, data in content.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    return target
