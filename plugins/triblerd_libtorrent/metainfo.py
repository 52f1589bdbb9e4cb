"""Torrent files, which anybody may have made: parsed within limits, with names that are safe on disk."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from typing import Any, TypeVar, cast

import libtorrent as lt
import msgspec

from triblerd_libtorrent.identity import identity_of
from triblerd_libtorrent.values import Metainfo, MetainfoError, NotBencodedError, TorrentFile

T = TypeVar("T")

MOST_BYTES = 16 * 1024 * 1024
MOST_PIECES = 1024 * 1024
_MOST_FILES = 250_000  # pad files included: 125,000 of version 2, for each of which resume data hold a tree
_MOST_URLS = 1000  # of trackers, and of web seeds
LIMITS = {
    "max_buffer_size": MOST_BYTES,
    "max_pieces": MOST_PIECES,
    "max_decode_depth": 100,
    "max_decode_tokens": 3_000_000,
}

_SMALL_BYTES = 64 * 1024
_LARGE_BYTES = 512 * 1024
_FEW_FILES = 2000

_LONGEST_COMMENT = 64 * 1024  # characters
_LONGEST_PATH = 3000  # bytes; a system takes 4096 with the directory before it
_LONGEST_NAME = 255  # bytes
_UNUSABLE = frozenset({"", ".", ".."})  # as names

_LAYERS = b"12:piece layers"  # as a key
_NOT_BENCODED = re.compile(r"\[bdecode:\d+\]$")
_ENGINE_CATEGORY = re.compile(r"\s*\[[\w ]+:\d+\]$")


class ParsingCost(Enum):
    """How long the engine takes for a torrent file, all the while holding the interpreter's lock."""

    SMALL = auto()
    """No longer than other steps of the event loop."""
    MODERATE = auto()
    """Some milliseconds: for a thread."""
    LARGE = auto()
    """Up to minutes, since the time grows with the square of the number of folders: for another process."""


def parsing_cost(raw: bytes) -> ParsingCost:
    """Return what it costs to parse a torrent file."""
    if len(raw) > _LARGE_BYTES or raw.count(b"lengthi") > _FEW_FILES:  # each file has a length
        return ParsingCost.LARGE
    return ParsingCost.MODERATE if len(raw) > _SMALL_BYTES else ParsingCost.SMALL


def load_metainfo(raw: bytes) -> lt.add_torrent_params:
    """Return what the engine makes of a torrent file.

    Raises:
        MetainfoError: it is no torrent, or exceeds the limits.
    """
    if len(raw) > MOST_BYTES:
        msg = f"The torrent file is larger than {MOST_BYTES} bytes"
        raise MetainfoError(msg)
    try:
        params: lt.add_torrent_params = lt.load_torrent_buffer(raw, LIMITS)  # type: ignore[call-overload]  # the stubs take the limits for a torrent
    except MemoryError as error:
        msg = "Reading the torrent file takes too much memory"
        raise MetainfoError(msg) from error
    except (RuntimeError, ValueError) as error:  # what the binding raises for rubbish
        msg = f"Invalid torrent file: {_ENGINE_CATEGORY.sub('', str(error)) or 'unreadable'}"
        kind = NotBencodedError if _NOT_BENCODED.search(str(error)) else MetainfoError
        raise kind(msg) from error
    if params.ti is None or not params.ti.is_valid():
        msg = "Invalid torrent file: it describes no files"
        raise MetainfoError(msg)
    return params


def parse_metainfo(raw: bytes) -> Metainfo:
    """Return what a torrent file says. CPU-bound.

    Raises:
        MetainfoError: it is no torrent, exceeds the limits, or has names that cannot stand on disk.
    """
    params = load_metainfo(raw)
    info = info_of(params)
    hashes = params.info_hashes
    name = _text(info.name)
    files = _files(params)
    return Metainfo(
        raw=raw,
        infohash=identity_of(hashes),
        infohash_v1=str(hashes.v1) if hashes.has_v1() else "",
        infohash_v2=str(hashes.v2) if hashes.has_v2() else "",
        name=name,
        size=sum(file.size for file in files if not file.is_pad),
        piece_length=info.piece_length(),
        total_pieces=info.num_pieces(),
        files=files,
        is_multi_file="/" in files[0].path,
        is_private=info.priv(),
        trackers=_tiers(params),
        web_seeds=_web_seeds(params),
        comment=(_text(lambda: params.comment) or "")[:_LONGEST_COMMENT],
    )


def wrap_info(info: bytes, trackers: Iterable[str], web_seeds: Sequence[str] = ()) -> bytes:
    """Return a torrent file around an info dictionary, whose bytes stay as they are.

    Args:
        info: The bencoded dictionary, as peers sent it (BEP 9).
        trackers: Announce URLs, each in a tier of its own.
        web_seeds: URLs (BEP 19).
    """
    urls = list(trackers)
    announce = b"8:announce" + lt.bencode(urls[0].encode()) if urls else b""
    tiers = b"13:announce-list" + lt.bencode([[url.encode()] for url in urls]) if len(urls) > 1 else b""
    seeds = b"8:url-list" + lt.bencode([url.encode() for url in web_seeds]) if web_seeds else b""
    return b"d" + announce + tiers + b"4:info" + info + seeds + b"e"


def rewrap_info(bare: Metainfo, trackers: Sequence[str], web_seeds: Sequence[str]) -> Metainfo:
    """Return the same torrent with the trackers and web seeds of a link.

    Args:
        bare: Its torrent file holds the info dictionary alone, as ``wrap_info(info, ())`` makes it.
        trackers: Announce URLs, each in a tier of its own.
        web_seeds: URLs (BEP 19).
    """
    info = bare.raw[len(b"d4:info") : -len(b"e")]
    return msgspec.structs.replace(
        bare,
        raw=wrap_info(info, trackers, web_seeds),
        trackers=tuple((url,) for url in trackers),
        web_seeds=tuple(web_seeds),
    )


def has_piece_layers(raw: bytes, info: bytes) -> bool:
    """Return whether a torrent file of version 2 has the hashes of its pieces, which stand beside ``info``."""
    return _LAYERS in raw.partition(info)[2]


def add_piece_layers(raw: bytes, resume_data: bytes) -> bytes:
    """Return a torrent file with the hashes of its pieces (BEP 52), which a magnet's metadata do not have. CPU-bound.

    The info dictionary stays as it is, byte for byte.

    Args:
        raw: The torrent file.
        resume_data: What the engine saved of the torrent: with the hashes, once it has received or computed them.

    Raises:
        MetainfoError: the resume data do not have them all, or the torrent file would be too large to be read again.
    """
    known = load_metainfo(raw)
    try:
        params = lt.read_resume_data(resume_data)
        params.ti = known.ti
        layers = _entries(lt.write_torrent_file(params))[b"piece layers"]
    except (RuntimeError, KeyError) as error:
        msg = f"The hashes of the pieces are not known: {error}"
        raise MetainfoError(msg) from error
    info = info_of(known).info_section()
    before, _, after = raw.partition(info)
    rest = {**_entries(lt.bdecode(b"d" + after)), b"piece layers": layers}
    whole = before + info + lt.bencode(rest)[1:]
    load_metainfo(whole)
    return whole


def _entries(dictionary: object) -> dict[bytes, Any]:
    return cast("dict[bytes, Any]", dictionary)  # the stubs say text where the binding has bytes


def info_of(params: lt.add_torrent_params) -> lt.torrent_info:
    """Return what the info dictionary says.

    Raises:
        MetainfoError: the parameters have none.
    """
    if params.ti is None:
        msg = "Invalid torrent file: it describes no files"
        raise MetainfoError(msg)
    return params.ti


def _files(params: lt.add_torrent_params) -> tuple[TorrentFile, ...]:
    storage = info_of(params).layout()
    count = storage.num_files()
    if count > _MOST_FILES:
        msg = f"The torrent has more than {_MOST_FILES} files"
        raise MetainfoError(msg)
    renamed = params.renamed_files  # two files of one name: the engine gives the second another one
    # By index: iterating over the storage is three times slower.
    paths = _text(lambda: [renamed.get(index) or storage.file_path(index) for index in range(count)])
    return tuple(
        TorrentFile(
            index=index,
            path=_safe(path),
            size=storage.file_size(index),
            is_pad=bool(storage.file_flags(index) & lt.file_flags_t.flag_pad_file),
        )
        for index, path in enumerate(paths)
    )


def _safe(path: str) -> str:
    """Return the path, which the engine sanitised; refuse what would still leave the destination or fit nowhere."""
    size = len(path.encode(errors="surrogateescape"))
    if size > _LONGEST_PATH:
        msg = "The torrent has a path that is too long"
        raise MetainfoError(msg)
    parts = path.split("/")
    # An absolute path begins with an empty part. In a short path no part is too long: there may be 100,000 of them.
    if not _UNUSABLE.isdisjoint(parts) or "\0" in path or (size > _LONGEST_NAME and any(map(_is_too_long, parts))):
        msg = "The torrent has a path that cannot be used"
        raise MetainfoError(msg)
    return path


def _is_too_long(name: str) -> bool:
    return len(name.encode(errors="replace")) > _LONGEST_NAME


def _tiers(params: lt.add_torrent_params) -> tuple[tuple[str, ...], ...]:
    urls = _text(lambda: params.trackers) or []
    if len(urls) > _MOST_URLS:
        msg = f"The torrent has more than {_MOST_URLS} trackers"
        raise MetainfoError(msg)
    levels = params.tracker_tiers
    tiers: dict[int, list[str]] = {}
    for position, url in enumerate(urls):
        tiers.setdefault(levels[position] if position < len(levels) else 0, []).append(url)
    return tuple(tuple(tiers[tier]) for tier in sorted(tiers))


def _web_seeds(params: lt.add_torrent_params) -> tuple[str, ...]:
    urls = _text(lambda: params.url_seeds) or ()
    if len(urls) > _MOST_URLS:
        msg = f"The torrent has more than {_MOST_URLS} web seeds"
        raise MetainfoError(msg)
    return tuple(urls)


def _text(read: Callable[[], T]) -> T:
    """Return a text that the binding decodes, which fails for bytes that are not UTF-8."""
    try:
        return read()
    except UnicodeDecodeError as error:
        msg = "Invalid torrent file: it holds text that is not UTF-8"
        raise MetainfoError(msg) from error
