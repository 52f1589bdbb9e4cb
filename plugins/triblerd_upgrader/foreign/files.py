"""Looking at the files of a download: whether they are what its pieces need."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from triblerd_libtorrent.api import Metainfo, TorrentFile

_SUFFIXES = (".!qB", ".part")
"""What programs put at the end of the names of incomplete files."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is on disk of a download. Files by their position in the torrent.

    Attributes:
        renamed_files: Those that really have another name.
        given_back: Of these, wanted files that have the torrent's name and a suffix.
        missing: Paths of wanted files that are not there, or are shorter than the pieces need.
        empty: Paths of wanted files of no length that are not there.
        changed: Paths of files that were changed since the program looked at them.
        lost: Pieces that reach into files that are not wanted and not there, and are not kept beside them either.
    """

    renamed_files: Mapping[int, str]
    given_back: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    lost: tuple[int, ...] = ()


def look_at(  # noqa: PLR0913 - what is known of the files, by keyword
    folder: str,
    metainfo: Metainfo,
    *,
    renamed: Mapping[int, str],
    have: bytes | None,
    priorities: Sequence[int],
    times: Mapping[int, int],
    looks: Mapping[int, int],
) -> Found:
    """Ask the disk for the files of a download. Blocks.

    Args:
        folder: The absolute directory that holds the torrent's own name.
        metainfo: What the torrent file says.
        renamed: Paths below the folder, as the program has them.
        have: The pieces that are said to be there, one bit each; ``None`` when that is not known.
        priorities: One for each file; empty when all are wanted.
        times: Unix seconds of modification that the program knows.
        looks: Unix seconds at which the program last looked at files.
    """
    look = _Look(folder, metainfo, have, times, looks)
    for file, offset in look.files():
        look.at(file, offset, renamed.get(file.index, ""), is_wanted=_is_wanted(priorities, file))
    return look.found()


def has_piece(have: bytes, piece: int) -> bool:
    """Return whether a piece is there."""
    return bool(have[piece >> 3] >> (7 - (piece & 7)) & 1)


def without_pieces(have: bytes, pieces: Sequence[int]) -> bytes:
    """Return the pieces without some."""
    left = bytearray(have)
    for piece in pieces:
        left[piece >> 3] &= ~(1 << (7 - (piece & 7)))
    return bytes(left)


class _Look:
    def __init__(
        self,
        folder: str,
        metainfo: Metainfo,
        have: bytes | None,
        times: Mapping[int, int],
        looks: Mapping[int, int],
    ) -> None:
        self._folder = Path(folder)
        self._metainfo = metainfo
        self._have = have
        self._times = times
        self._looks = looks
        self._renamed: dict[int, str] = {}
        self._given_back: list[int] = []
        self._missing: list[str] = []
        self._empty: list[str] = []
        self._changed: list[str] = []
        self._border: set[int] = set()

    def files(self) -> Iterator[tuple[TorrentFile, int]]:
        offset = 0
        for file in self._metainfo.files:
            if not file.is_pad:
                yield file, offset
            offset += file.size

    def at(self, file: TorrentFile, offset: int, renamed: str, *, is_wanted: bool) -> None:
        path, status = self._on_disk(file, renamed)
        if path != file.path:
            self._renamed[file.index] = path
            if is_wanted and status is not None and path.removeprefix(file.path) in _SUFFIXES:
                self._given_back.append(file.index)
        if not is_wanted:
            if status is None and file.size:
                self._border.update(self._pieces_of(file, offset))
            return
        needed = self._needed(file, offset)
        if status is None and not file.size:
            self._empty.append(path)
        elif (status is None and needed) or (status is not None and status.st_size < needed):
            self._missing.append(path)
        elif status is not None and self._is_changed(file, int(status.st_mtime)):
            self._changed.append(path)

    def found(self) -> Found:
        return Found(
            renamed_files=self._renamed,
            given_back=tuple(self._given_back),
            missing=tuple(self._missing),
            empty=tuple(self._empty),
            changed=tuple(self._changed),
            lost=self._lost(),
        )

    def _is_changed(self, file: TorrentFile, time: int) -> bool:
        return time != self._times.get(file.index, time) or time > self._looks.get(file.index, time)

    def _on_disk(self, file: TorrentFile, renamed: str) -> tuple[str, os.stat_result | None]:
        """Return the name that a file has. One that was given its name back by an earlier attempt has that."""
        if not renamed or renamed == file.path:
            return file.path, self._status(file.path)
        status = self._status(renamed)
        has_suffix = renamed.removeprefix(file.path) in _SUFFIXES
        if status is None and (has_suffix or self._status(file.path) is not None):
            return file.path, self._status(file.path)
        return renamed, status

    def _status(self, path: str) -> os.stat_result | None:
        try:
            return (self._folder / path).stat()
        except (OSError, ValueError):
            return None

    def _pieces_of(self, file: TorrentFile, offset: int) -> range:
        length = self._metainfo.piece_length
        return range(offset // length, (offset + file.size - 1) // length + 1) if file.size else range(0)

    def _needed(self, file: TorrentFile, offset: int) -> int:
        """Return the least length that a file has for the pieces that are there."""
        if self._have is None:
            return 0
        for piece in reversed(self._pieces_of(file, offset)):
            if has_piece(self._have, piece):
                return min((piece + 1) * self._metainfo.piece_length - offset, file.size)
        return 0

    def _lost(self) -> tuple[int, ...]:
        if self._have is None:
            return ()
        held = [piece for piece in sorted(self._border) if has_piece(self._have, piece)]
        kept_beside = self._metainfo.infohash_v1 and self._status(f".{self._metainfo.infohash_v1}.parts") is not None
        return () if kept_beside else tuple(held)


def _is_wanted(priorities: Sequence[int], file: TorrentFile) -> bool:
    return not priorities or priorities[file.index] > 0
