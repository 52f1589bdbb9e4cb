"""Layouts of torrent files, compared with what the engine makes of them."""

import hashlib
import math
from contextlib import suppress
from pathlib import Path, PurePosixPath

import libtorrent as lt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.upgrader.samples import EXPECTED, SAMPLES
from triblerd_libtorrent.api import Bencodable, bencode
from triblerd_upgrader.foreign.layout import read_layout
from triblerd_upgrader.foreign.names import name_on_disk

PIECE = 16 * 1024
SMALL: dict[bytes, Bencodable] = {b"name": b"a", b"length": 5, b"piece length": PIECE, b"pieces": b"x" * 20}

USUAL = st.text(min_size=1, max_size=12).map(lambda text: text.encode(errors="ignore"))
ODD = st.lists(
    st.sampled_from([b".", b"..", b"/", b"\\", b"\0", b"a", b"\xff", b"\xe2\x80", b"\xc3\xa9", b"\xe2\x80\xae", b"\n"])
    | st.binary(max_size=3),
    max_size=4,
).map(b"".join)
LONG = st.tuples(st.sampled_from([b"x", b".", b"\xc3\xa9", b"\xff"]), st.integers(50, 260), ODD | USUAL).map(
    lambda parts: parts[0] * parts[1] + parts[2]
)
NAMES = USUAL | ODD | LONG | st.just(b"_____padding_file_0")
SIZES = st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE, 5 * PIECE + 7]) | st.integers(0, 70_000)
LENGTHS = st.sampled_from([PIECE, 2 * PIECE, 4 * PIECE])
ATTRIBUTES = st.sampled_from([{}, {}, {}, {b"attr": b"p"}, {b"attr": b"x"}, {b"attr": b"l"}, {b"attr": 5}])


def info_of_v1(name, files, piece_length):
    size = sum(file[b"length"] for file in files if file.get(b"attr") != b"l")
    pieces = b"x" * 20 * math.ceil(size / piece_length)
    return {b"name": name, b"files": files, b"piece length": piece_length, b"pieces": pieces}


V1 = st.builds(
    info_of_v1,
    NAMES,
    st.lists(
        st.builds(
            lambda path, other, size, attributes: {b"path": path, b"length": size} | other | attributes,
            st.lists(NAMES, min_size=1, max_size=3),
            st.just({}) | st.lists(NAMES, min_size=1, max_size=2).map(lambda path: {b"path.utf-8": path}),
            SIZES,
            ATTRIBUTES,
        ),
        min_size=1,
        max_size=6,
    ),
    LENGTHS | st.integers(1000, 40_000),
)
SINGLE = st.builds(
    lambda name, other, size, length: {
        b"name": name,
        b"length": size,
        b"piece length": length,
        b"pieces": b"x" * 20 * math.ceil(size / length),
        **other,
    },
    NAMES,
    st.just({}) | NAMES.map(lambda name: {b"name.utf-8": name}) | st.just({b"private": 1}),
    SIZES,
    LENGTHS,
)


def leaf(size):
    return {b"": {b"length": size, **({b"pieces root": b"r" * 32} if size else {})}}


TREES = st.recursive(
    SIZES.map(leaf), lambda inner: st.dictionaries(NAMES.filter(bool), inner, min_size=1, max_size=4), max_leaves=6
)
V2 = st.builds(
    lambda name, tree, length: {b"name": name, b"meta version": 2, b"piece length": length, b"file tree": tree},
    NAMES,
    st.dictionaries(NAMES.filter(bool), TREES, max_size=4),
    LENGTHS,
)


def listed(tree, path=()):
    for key, value in sorted(tree.items()):
        if key:
            yield from listed(value, (*path, key))
        else:
            yield {b"path": list(path), b"length": value[b"length"]}


def add_v1(info, ends_padded):
    files = []
    for file in listed(info[b"file tree"]):
        files.append(file)
        if gap := -file[b"length"] % info[b"piece length"]:
            files.append({b"path": [b".pad", b"%d" % len(files)], b"length": gap, b"attr": b"p"})
    if not ends_padded and files and b"attr" in files[-1]:
        files.pop()
    return info | info_of_v1(info[b"name"], files, info[b"piece length"])


HYBRID = st.builds(add_v1, V2, st.booleans())


@settings(deadline=None, max_examples=60)
@given(V1 | SINGLE | V2 | HYBRID)
def test_a_layout_is_the_one_of_the_engine(info):
    raw = bencode({b"info": info, b"piece layers": {}})
    try:
        params = lt.load_torrent_buffer(raw)
    except RuntimeError:
        with suppress(ValueError):  # what the engine refuses may be refused or not, but nothing else
            read_layout(raw)
        return

    found = read_layout(raw)

    ti, hashes = params.ti, params.info_hashes
    assert ti is not None
    storage = ti.layout()
    count = range(storage.num_files())
    assert [file.path for file in found.files] == [storage.file_path(index) for index in count]
    assert [file.size for file in found.files] == [storage.file_size(index) for index in count]
    pads = [bool(storage.file_flags(index) & lt.file_flags_t.flag_pad_file) for index in count]
    assert [file.is_pad for file in found.files] == pads
    assert (found.name, found.piece_length, found.total_pieces) == (ti.name(), ti.piece_length(), ti.num_pieces())
    assert found.infohash_v1 == (hashes.v1.to_bytes() if hashes.has_v1() else b"")
    assert found.infohash_v2 == (hashes.v2.to_bytes() if hashes.has_v2() else b"")
    assert found.is_private == ti.priv()
    for file in found.files:
        path = PurePosixPath(file.path)
        assert not path.is_absolute()
        assert ".." not in path.parts


@pytest.mark.parametrize("key", EXPECTED["torrents"])
def test_the_samples_are_read(key):
    raw = (SAMPLES / "torrents" / f"{key}.torrent").read_bytes()
    expected = EXPECTED["torrents"][key]

    found = read_layout(raw)

    assert found.infohash_v1.hex() == (expected["v1"] or "")
    assert found.infohash_v2.hex() == (expected["v2"] or "")
    assert [[file.path, file.size, file.is_pad] for file in found.files] == [
        [file["path"], file["size"], file["pad"]] for file in expected["files"]
    ]
    assert (found.name, found.total_pieces, found.is_private) == (
        expected["name"],
        expected["num_pieces"],
        expected["private"],
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_torrent_is_refused_and_nothing_worse(data):
    path: Path = data.draw(st.sampled_from(sorted((SAMPLES / "torrents").iterdir())))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    with suppress(ValueError):
        read_layout(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


@settings(deadline=None, max_examples=100)
@given(NAMES | st.binary(max_size=40))
def test_a_name_never_leads_out_of_its_directory(raw):
    name = name_on_disk(raw)

    assert name not in {".", ".."}
    assert not set("/\\\0") & set(name)


@pytest.mark.parametrize(
    "change",
    [
        {b"piece length": 0},
        {b"piece length": 2**40},
        {b"pieces": b"x" * 40},
        {b"pieces": [b"x" * 20]},
        {b"name": b".."},
        {b"name": 5},
        {b"length": -1},
        {b"length": 2**60},
        {b"length": b"5"},
        {b"length": 0},
        {b"files": [5]},
        {b"files": [{b"length": 5}]},
        {b"files": [{b"length": 5, b"path": []}]},
        pytest.param({b"files": [{b"length": 1, b"path": [b"a"]}] * 250_001}, marks=pytest.mark.soak),
        {b"file tree": {b"a": leaf(5)}},
        {b"file tree": {b"a": 5}, b"meta version": 2},
        {b"file tree": {b"a": {b"": {b"length": 5}, b"b": {}}}, b"meta version": 2},
        {b"file tree": {b"a": leaf(7)}, b"meta version": 2},
        {b"meta version": 2},
    ],
)
def test_what_is_no_torrent_is_refused(change):
    assert (
        read_layout(bencode({b"info": SMALL})).infohash_v1
        == hashlib.sha1(bencode(SMALL), usedforsecurity=False).digest()
    )

    with pytest.raises(ValueError, match="torrent"):
        read_layout(bencode({b"info": SMALL | change}))


def test_a_pad_file_needs_no_path():
    files = [{b"length": 5, b"path": [b"a"]}, {b"length": 3, b"attr": b"p"}]
    raw = bencode({b"info": info_of_v1(b"r", files, PIECE)})

    assert [file.path for file in read_layout(raw).files] == ["r/a", ".pad/3"]
    assert (ti := lt.load_torrent_buffer(raw).ti) is not None
    assert ti.layout().file_path(1) == ".pad/3"


def test_trackers_come_in_tiers_and_what_is_no_url_is_left_out():
    several: list[Bencodable] = [[b"http://a", b"http://b"], [], [5, b" "], b"http://c", [b"http://d\xff"]]

    only = read_layout(bencode({b"announce": b"http://a", b"info": SMALL, b"url-list": b"http://seed"}))
    tiered = read_layout(bencode({b"announce": b"http://x", b"announce-list": several, b"info": SMALL}))

    assert (only.trackers, only.web_seeds) == ((("http://a",),), ("http://seed",))
    assert tiered.trackers == (("http://a", "http://b"), ("http://c",), ("http://d\N{REPLACEMENT CHARACTER}",))
    assert read_layout(bencode({b"info": SMALL})).trackers == ()
