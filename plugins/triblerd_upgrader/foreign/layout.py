"""What a torrent file (BEP 3, BEP 47, BEP 52) says, without the engine, but as the engine takes it.

Other programs count files and pieces as the torrent does, pad files included. Names on disk are the engine's own choice
of them: it drops and replaces what must not stand in a name, so that none of them leads out of its directory.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import NoReturn, TypeAlias

import msgspec

from triblerd_libtorrent.api import Bencoded, bdecode_dictionary
from triblerd_upgrader.foreign.names import name_on_disk

MOST_BYTES = 16 * 1024 * 1024
_MOST_VALUES = 3_000_000
_DEEPEST = 100
_MOST_FILES = 250_000
_MOST_PIECES = 1024 * 1024
_LONGEST_PIECE = 2**29 - 1
_LARGEST_FILE = 2**48 - 1
_MOST_URLS = 1000
_LONGEST_URL = 4096
_SHA1 = 20
_BLOCK = 16 * 1024
_VERSION_2 = 2
_OLD_PAD = "_____padding_file_"

_Dictionary: TypeAlias = Mapping[bytes, Bencoded]


class LayoutFile(msgspec.Struct, frozen=True):
    """One file: its path on disk below the save path, and its size in bytes."""

    path: str
    size: int
    is_pad: bool = False


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a torrent file says.

    Attributes:
        infohash_v1: 20 bytes, empty for version 2 alone.
        infohash_v2: 32 bytes, empty for version 1 alone.
        name: Of the file, or of the directory that holds the files, on disk.
        piece_length: Bytes.
        total_pieces: How many there are.
        files: In the engine's order. Two of one path: the engine gives the second another one.
        is_multi_file: The name is a directory's.
        trackers: Tiers of announce URLs (BEP 12).
        web_seeds: URLs (BEP 19).
    """

    infohash_v1: bytes = b""
    infohash_v2: bytes = b""
    name: str
    piece_length: int
    total_pieces: int
    files: tuple[LayoutFile, ...]
    is_multi_file: bool
    is_private: bool = False
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files, pad files included."""
        return sum(file.size for file in self.files)


def read_layout(metainfo: bytes) -> Layout:
    """Return what a torrent file says. A file of 10,000 files takes a tenth of a second.

    Raises:
        ValueError: it is no torrent, or exceeds the limits.
    """
    if len(metainfo) > MOST_BYTES:
        _refuse(f"it has more than {MOST_BYTES} bytes")
    content, spans = bdecode_dictionary(metainfo, most_values=_MOST_VALUES, deepest=_DEEPEST)
    info = content.get(b"info")
    if not isinstance(info, dict):
        _refuse("it describes no files")
    raw = metainfo[spans[b"info"]]
    is_v1, is_v2 = b"pieces" in info, info.get(b"meta version") == _VERSION_2
    if is_v2 is not (b"file tree" in info):
        _refuse("it has no file tree, or one without its version")
    piece_length = info.get(b"piece length")
    if not isinstance(piece_length, int) or not _can_be_a_piece(piece_length, is_v2):
        _refuse("its pieces have no length")
    name, files, is_multi_file = _files(info, raw, piece_length)
    size = sum(file.size for file in files)
    total_pieces = -(-size // piece_length)
    if not size:
        _refuse("its files are empty")
    if total_pieces > _MOST_PIECES or (is_v1 and not _has_length(info[b"pieces"], total_pieces * _SHA1)):
        _refuse("it has too many pieces, or not as many as its files need")
    return Layout(
        infohash_v1=hashlib.sha1(raw, usedforsecurity=False).digest() if is_v1 else b"",
        infohash_v2=hashlib.sha256(raw).digest() if is_v2 else b"",
        name=name,
        piece_length=piece_length,
        total_pieces=total_pieces,
        files=tuple(files),
        is_multi_file=is_multi_file,
        is_private=info.get(b"private") == 1,
        trackers=tiers_of(content),
        web_seeds=urls_of(content.get(b"url-list")),
    )


def tiers_of(metainfo: _Dictionary) -> tuple[tuple[str, ...], ...]:
    """Return the tiers of ``announce-list`` (BEP 12), else the URL of ``announce``."""
    return tiers_in(metainfo.get(b"announce-list")) or tiers_in([metainfo.get(b"announce")])


def tiers_in(value: object) -> tuple[tuple[str, ...], ...]:
    """Return the URLs of a list of lists of them, each once, without empty tiers."""
    seen: set[str] = set()
    tiers = []
    for tier in value[:_MOST_URLS] if isinstance(value, list) else ():
        new = tuple(url for url in dict.fromkeys(urls_of(tier)) if url not in seen)
        seen.update(new)
        if new:
            tiers.append(new)
    return tuple(tiers)


def urls_of(value: object) -> tuple[str, ...]:
    """Return the URLs of a list of them, or of one; what is none is left out."""
    found = value[:_MOST_URLS] if isinstance(value, list) else [value]
    urls = (url.decode(errors="replace") for url in found if isinstance(url, bytes) and len(url) <= _LONGEST_URL)
    return tuple(filter(None, map(str.strip, urls)))


def _files(info: _Dictionary, raw: bytes, piece_length: int) -> tuple[str, list[LayoutFile], bool]:
    """Return the name, the files, and whether the name is a directory's."""
    named = info.get(b"name.utf-8", info.get(b"name"))
    name = name_on_disk(named) if isinstance(named, bytes) else ""
    tree = info.get(b"file tree")
    listed = info.get(b"files")
    if isinstance(tree, dict):
        return _files_of_tree(tree, info, name, raw, piece_length)
    if isinstance(listed, list):
        directory = name or _name_of_nameless(named, raw)
        if len(listed) > _MOST_FILES:
            _refuse(f"it has more than {_MOST_FILES} files")
        return directory, [_listed_file(entry, directory) for entry in listed], True
    if not name:
        _refuse("it has no name")
    return name, [LayoutFile(name, _size(info), _is_pad(info, name))], False


def _listed_file(entry: Bencoded, directory: str) -> LayoutFile:
    if not isinstance(entry, dict):
        _refuse("one of its files is none")
    parts = entry.get(b"path.utf-8")
    parts = parts if isinstance(parts, list) else entry.get(b"path")
    names = [name_on_disk(part) or "_" for part in parts if isinstance(part, bytes)] if isinstance(parts, list) else []
    if not names and b"p" not in _attributes(entry):
        _refuse("one of its files has no path")
    path = "/".join([directory, *names] if names else [".pad", str(_size(entry))])
    return LayoutFile(path, _size(entry), _is_pad(entry, path))


def _files_of_tree(
    tree: _Dictionary, info: _Dictionary, name: str, raw: bytes, piece_length: int
) -> tuple[str, list[LayoutFile], bool]:
    """Return the files of version 2. Pieces begin with files, so that pad files stand between them, and at the end."""
    found = list(_leaves(tree, ""))
    if not 0 < len(found) <= _MOST_FILES // 2:
        _refuse(f"it has no files, or more than {_MOST_FILES}")
    is_hybrid = b"pieces" in info
    only = next(iter(tree.values())) if len(tree) == 1 else None
    is_single = b"files" not in info if is_hybrid else isinstance(only, dict) and b"" in only
    if is_single:
        name = found[0][0]
    else:
        name = name or _name_of_nameless(info.get(b"name.utf-8", info.get(b"name")), raw)
        found = [(f"{name}/{path}", size) for path, size in found]
    if is_hybrid and is_single:
        if [size for _, size in found] != [_size(info)]:
            _refuse("its two versions have different files")
        return name, [LayoutFile(name, found[0][1])], False
    files: list[LayoutFile] = []
    for path, size in found:
        files.append(LayoutFile(path, size))
        if gap := -size % piece_length:
            files.append(LayoutFile(f"{name}/.pad/{gap}", gap, is_pad=True))
    if is_hybrid:
        _drop_last_pad(files, info.get(b"files"))
    return name, files, not is_single


def _drop_last_pad(files: list[LayoutFile], listed: object) -> None:
    """Leave out the pad file at the end when the list of version 1 does not have it either."""
    sizes = [_size(entry) for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    if files[-1].is_pad and sum(sizes) != sum(file.size for file in files):
        files.pop()
    if sorted(filter(None, sizes)) != sorted(file.size for file in files if file.size):
        _refuse("its two versions have different files")


def _leaves(tree: _Dictionary, above: str) -> Iterator[tuple[str, int]]:
    """Yield path and size of each file below, in order."""
    for key, value in tree.items():
        if not isinstance(value, dict) or (b"" in value and len(value) > 1):
            _refuse("a part of its file tree is none")
        path = above + (name_on_disk(key) or "_")
        leaf = value.get(b"")
        if isinstance(leaf, dict):
            yield path, _size(leaf)
        else:
            yield from _leaves(value, f"{path}/")


def _size(entry: _Dictionary) -> int:
    size = entry.get(b"length")
    if b"l" in _attributes(entry):
        return 0  # of a link
    if not isinstance(size, int) or not 0 <= size <= _LARGEST_FILE:
        _refuse("one of its files has no size")
    return size


def _is_pad(entry: _Dictionary, path: str) -> bool:
    return b"p" in _attributes(entry) or _OLD_PAD in path


def _attributes(entry: _Dictionary) -> bytes:
    attributes = entry.get(b"attr", b"")
    return attributes if isinstance(attributes, bytes) else b""


def _can_be_a_piece(length: int, is_v2: bool) -> bool:
    return 0 < length <= _LONGEST_PIECE and not (is_v2 and (length < _BLOCK or length & (length - 1)))


def _has_length(value: object, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _name_of_nameless(named: object, raw: bytes) -> str:
    if named is None:
        _refuse("it has no name")
    return "_" if named == b"" else hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def _refuse(reason: str) -> NoReturn:
    msg = f"it is no torrent: {reason}"
    raise ValueError(msg)
