"""What the body takes beyond the contract."""

import pytest

from tests.plugins.createtorrent.conftest import create, refusal


async def test_a_directory_is_taken_with_all_that_is_in_it(start, files):
    folder = files({"album/01": b"1", "album/cover/front": b"f", "album/.hidden": b"h"})
    async with start() as daemon:
        made = await create(daemon, folder / "album", walk=True)

    assert [file.path for file in made.files] == ["album/.hidden", "album/01", "album/cover/front"]


async def test_all_options_stand_in_the_torrent(start, files):
    folder = files({"a": b"a" * 20_000, "b": b"b"})
    async with start() as daemon:
        made = await create(
            daemon,
            folder / "a",
            folder / "b",
            version="hybrid",
            piece_length=32 * 1024,
            private=True,
            tiers=[["http://a/", "http://b/"], ["udp://c:1"], []],
            web_seeds=["http://seed.example/"],
            creation_date=1_700_000_000,
            created_by="somebody",
            source="TAG",
        )

    assert (made.infohash_v1, made.infohash_v2) != ("", "")
    assert made.piece_length == 32 * 1024
    assert made.is_private
    assert made.trackers == (("http://a/", "http://b/"), ("udp://c:1",))
    assert made.web_seeds == ("http://seed.example/",)
    assert b"10:created by8:somebody13:creation datei1700000000e" in made.raw
    assert b"6:source3:TAG" in made.raw


async def test_the_same_files_give_the_same_bytes_in_whatever_order(start, files):
    folder = files({"a": b"a" * 50_000, "b": b"b" * 7, "c/d": b"d"})
    paths = [folder / "a", folder / "b", folder / "c/d"]
    async with start() as daemon:
        one = await create(daemon, *paths, creation_date=0)
        other = await create(daemon, *reversed(paths), creation_date=0)

    assert one.raw == other.raw
    assert b"creation date" not in one.raw


async def test_padding_has_each_file_begin_with_a_piece(start, files):
    folder = files({"a": b"a", "b": b"b" * 16_384, "c": b"c"})
    async with start() as daemon:
        made = await create(daemon, folder, walk=True, padding=True, piece_length=16_384)

    assert [(file.size, file.is_pad) for file in made.files] == [
        (1, False),
        (16_383, True),
        (16_384, False),
        (1, False),
    ]


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"piece_length": 16_383}, "piece_length: expected a power of two from 16384 to 134217728, or 0, got 16383"),
        ({"piece_length": 8192}, "piece_length: expected a power of two from 16384 to 134217728, or 0, got 8192"),
        (
            {"piece_length": 1 << 28},
            f"piece_length: expected a power of two from 16384 to 134217728, or 0, got {1 << 28}",
        ),
        ({"piece_length": -16_384}, "piece_length: expected a power of two from 16384 to 134217728, or 0, got -16384"),
        ({"version": "v3"}, "version: invalid enum value 'v3'"),
        ({"private": "maybe"}, "private: expected bool | null, got str"),
        ({"creation_date": -1}, "creation_date: expected int >= 0"),
        ({"web_seeds": "http://x/"}, "web_seeds: expected array | null, got str"),
        ({"tiers": ["http://x/"]}, "tiers[0]: expected array, got str"),
        ({"tiers": [["http://x/"]], "trackers": ["http://y/"]}, "trackers and tiers cannot both be given"),
        ({"anon_hops": 4}, "anon_hops: expected int <= 3"),
    ],
)
async def test_a_wrong_option_is_named(start, files, option, error):
    folder = files({"a": b"a"})
    async with start() as daemon:
        assert await refusal(daemon, {"files": [str(folder / "a")], **option}) == (400, error)


async def test_too_short_pieces_are_refused_before_anything_is_hashed(start, huge):
    async with start() as daemon:
        status, error = await refusal(daemon, {"files": [str(huge)], "piece_length": 16_384})

    assert status == 400
    assert error.startswith("piece_length: 67108864 pieces of 16384 bytes and 1 files make a torrent file of more than")
