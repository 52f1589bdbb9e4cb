"""Torrent files by every way in: refused in one sentence, or taken with names that stay where they belong."""

import pytest

from tests.daemon.hostile.target import refusal
from tests.daemon.hostile.torrents import (
    MOST_BYTES,
    PIECE_LENGTH,
    PIECES,
    bencode,
    leaf,
    many,
    multi,
    one_at,
    single,
    torrent,
    v2,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE = single()

REFUSED = {
    "nothing": b"",
    "text": b"<html>no torrent</html>",
    "NUL bytes": b"\0" * 1000,
    "a list": b"l4:infoe",
    "a number": b"i7e",
    "an empty dictionary": b"de",
    "cut short": WHOLE[:-1],
    "cut in half": WHOLE[: len(WHOLE) // 2],
    "one byte": WHOLE[:1],
    "info is a list": bencode({"info": []}),
    "info is empty": bencode({"info": {}}),
    "info is text": bencode({"info": "name"}),
    "too large": single(comment=b"x" * MOST_BYTES),
    "no name": single(name=None),
    "no pieces": single(pieces=None),
    "no length": single(length=None),
    "no piece length": single(piece_length=None),
    "name is a number": single(name=7),
    "negative length": single(length=-1),
    "length is text": single(length="128"),
    "length beyond 64 bits": single(length=2**63),
    "length of a thousand digits": b"d4:infod6:lengthi" + b"9" * 1000 + b"e4:name1:aee",
    "piece length 0": single(piece_length=0),
    "piece length negative": single(piece_length=-16384),
    "piece length 4 GiB": single(piece_length=2**32),
    "piece length 2 GiB": single(piece_length=2**31),
    "piece length 4 GiB in version 2": v2({"a": leaf()}, **{"piece length": 2**32}),
    "piece length 2 GiB in version 2": v2({"a": leaf()}, **{"piece length": 2**31}),
    "pieces too short": single(pieces=PIECES[:-1]),
    "pieces too long": single(pieces=PIECES + b"\0"),
    "pieces for more": single(pieces=PIECES * 2),
    "pieces is a list": single(pieces=[]),
    "size of an exabyte": single(length=2**60),
    "files is a number": multi().replace(b"5:filesle", b"5:filesi1e"),
    "no files": multi(),
    "files are texts": torrent({"files": ["a"], "name": "n", "piece length": PIECE_LENGTH, "pieces": PIECES}),
    "a path is text": multi({"length": 128, "path": "a"}),
    "a path has numbers": multi({"length": 128, "path": [1]}),
    "an empty path": one_at(),
    "a tree 10,000 deep": one_at(*["a"] * 10_000),
    "a tree a million deep": one_at(*["a"] * 1_000_000),
    "a sum of lengths beyond 64 bits": multi(
        {"length": 2**62, "path": ["a"]}, {"length": 2**62, "path": ["b"]}, {"length": 2**62, "path": ["c"]}
    ),
    "half a million files": many(440_000),
    "half a million files of one name": many(440_000, path="a"),
    "20,000 long names alike": many(20_000, path="x" * 240),
    "lists 100,000 deep": b"d4:info" + b"l" * 100_000 + b"e" * 100_000 + b"e",
    "lists a million deep, open": b"d4:info" + b"l" * 1_000_000,
    "dictionaries a million deep, open": b"d1:a" * 1_000_000,
    "five million numbers": b"d4:infol" + b"i0e" * 5_000_000 + b"ee",
    "a text longer than the file": b"d4:info99999999999:abc",
    "a text of negative length": b"d4:info-5:abcdee",
    "a length of a million digits": b"d4:info" + b"9" * 1_000_000 + b":abc",
    "a number without end": b"d4:infoi" + b"1" * 1_000_000,
    "version 3": single(meta_version=3),
    "v2 without a tree": single(meta_version=2, pieces=None),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
async def test_a_broken_torrent_is_refused_by_every_way_in(target, raw, tmp_path):
    path = tmp_path / "broken.torrent"
    path.write_bytes(raw)

    by_file = refusal(await target.add(path.as_uri()))

    if len(raw) <= MOST_BYTES:
        assert refusal(await target.upload(raw)) == by_file
    assert (await target.get("/downloads"))["downloads"] == []
