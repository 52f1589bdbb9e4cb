"""Torrents that are made here, against those that other programs make of the same files."""

from typing import Any

import libtorrent as lt
import pytest
import torf

from tests.plugins.createtorrent.conftest import AllRoots
from triblerd_createtorrent import merkle
from triblerd_createtorrent.api import TorrentRecipe, Version
from triblerd_createtorrent.gathering import gather
from triblerd_createtorrent.hashing import hash_files
from triblerd_createtorrent.layout import chosen_piece_length
from triblerd_createtorrent.writing import torrent_file
from triblerd_libtorrent.metainfo import parse_metainfo

PIECE = 16 * 1024
FLAGS = {
    Version.V1: lt.create_torrent.v1_only,
    Version.V2: lt.create_torrent.v2_only,
    Version.HYBRID: lt.create_torrent.canonical_files_no_tail_padding,
}
CONTENTS = {
    "small": {"a": b"a"},
    "pieces": {"a": b"a" * 3 * PIECE, "b": b"b" * (5 * PIECE + 1), "c": b"c" * (PIECE - 1)},
    "nested": {"x/y/z/deep": b"d" * 100_000, "x/y/flat": b"f" * 40_000, "top": b"t" * 17_000},
    "letters": {"B": b"1" * 9_000, "a": b"2" * 8_000, "\N{LATIN SMALL LETTER E WITH ACUTE}": b"3" * 20_000},
    "many": {f"{number:03}": bytes([number]) * number * 37 for number in range(1, 200)},
}


def made(path, **options):
    gathered = gather([str(path)], walk=True, roots=AllRoots())
    recipe = TorrentRecipe(name=gathered.name, files=gathered.files, **options)
    return torrent_file(recipe, *hash_files(recipe, threads=2))


def by_libtorrent(folder, version, piece_length):
    found = sorted(lt.list_files(str(folder)), key=lambda entry: entry.filename.split("/"))
    torrent = lt.create_torrent(found, piece_length, FLAGS[version])
    lt.set_piece_hashes(torrent, str(folder.parent), lambda _: None)
    return decoded(lt.bencode(torrent.generate()))


def decoded(raw: bytes) -> Any:
    return lt.bdecode(raw)


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("piece_length", [PIECE, 4 * PIECE, 1024 * 1024])
@pytest.mark.parametrize("content", CONTENTS)
def test_libtorrent_makes_the_same_torrent(files, content, piece_length, version):
    folder = files(CONTENTS[content])

    ours = decoded(made(folder, version=version, piece_length=piece_length))

    theirs = by_libtorrent(folder, version, piece_length)
    assert ours[b"info"] == theirs[b"info"]
    assert ours.get(b"piece layers") == theirs.get(b"piece layers")


@pytest.mark.parametrize("options", [{}, {"private": True}, {"source": "TAG"}, {"private": True, "source": "TAG"}])
@pytest.mark.parametrize("piece_length", [PIECE, 2 * PIECE, 1024 * 1024])
@pytest.mark.parametrize("content", CONTENTS)
def test_torf_makes_a_torrent_of_the_same_infohash(files, content, piece_length, options):
    folder = files(CONTENTS[content])

    ours = made(
        folder,
        piece_length=piece_length,
        is_private=options.get("private", False),
        source_tag=options.get("source", ""),
    )

    theirs = torf.Torrent(folder, piece_size=piece_length, private=options.get("private"), source=options.get("source"))
    theirs.generate()
    assert parse_metainfo(ours).infohash == theirs.infohash


def test_torf_makes_a_torrent_of_the_same_infohash_of_one_file(files):
    path = files({"film.mkv": bytes(range(256)) * 1000}) / "film.mkv"

    ours = made(path, piece_length=PIECE)

    theirs = torf.Torrent(path, piece_size=PIECE)
    theirs.generate()
    assert parse_metainfo(ours).infohash == theirs.infohash


@pytest.mark.parametrize("version", Version)
def test_names_that_sort_otherwise_with_their_directories_are_read_by_the_engine(files, version):
    """The hybrid torrent that libtorrent itself makes of these files it cannot read."""
    folder = files({"a-b": b"1" * 40_000, "a/e": b"2" * 100, "a.c": b"3" * 7, "a/empty": b""})

    raw = made(folder, version=version, piece_length=PIECE)

    shown = [file.path for file in parse_metainfo(raw).files if not file.is_pad]
    assert shown == ["files/a/e", "files/a/empty", "files/a-b", "files/a.c"]


@pytest.mark.parametrize("version", Version)
def test_a_sparse_file_is_hashed_as_zeros(files, version):
    folder = files({"sparse": b""})
    with (folder / "sparse").open("r+b") as file:
        file.truncate(64 * PIECE + 5)

    raw = made(folder, version=version, piece_length=4 * PIECE)

    ours, theirs = decoded(raw), by_libtorrent(folder, version, 4 * PIECE)
    assert ours[b"info"] == theirs[b"info"]


def test_ten_thousand_small_files_are_hashed(files):
    folder = files({f"{number % 100:02}/{number:05}": b"%d" % number for number in range(10_000)})

    ours = decoded(made(folder, piece_length=PIECE))

    assert ours[b"info"] == by_libtorrent(folder, Version.V1, PIECE)[b"info"]


@pytest.mark.parametrize("nearby", [-1, 0, 1])
@pytest.mark.parametrize("bits", range(14, 26))
def test_pieces_are_as_long_as_libtorrent_would_have_them(bits, nearby):
    size = round((1 << bits) ** 2 / 100) + nearby

    theirs = lt.create_torrent([lt.create_file_entry("x", size)], 0, lt.create_torrent.v1_only)

    assert chosen_piece_length(size) == theirs.piece_length()


def test_a_tree_is_filled_up_with_what_stands_for_nothing():
    leaves = [bytes([number]) * 32 for number in range(5)]

    assert merkle.root(leaves, 8) == merkle.root([*leaves, bytes(32), bytes(32), bytes(32)], 8)
    assert merkle.root(leaves[:1], 1) == leaves[0]
