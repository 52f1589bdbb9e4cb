"""Which files of a torrent are wanted.

While the files of a magnet link are unknown, a selection is a sorted tuple of indices. Once they are known it is a
bitmap, so that a change of one file among 100,000 costs no more than one among ten: one bit per file, the first file
the least significant bit of the first byte. ``None`` stands for all files, whatever their number. Older stores have
tuples of files that are known, too. Pad files (BEP 47) count, so that an index is a position in the torrent, but they
are never shown.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

NORMAL_PRIORITY = 4
UNWANTED = 0

Selection = tuple[int, ...] | bytes | None

_MOST_FILES = 100_000
"""Indices beyond that may be selected, but are not spelled out before it is known that the torrent has them."""

_DIGITS = bytes(range(48, 50)) + bytes(254)
"""Maps the numbers 0 and 1 to the digits."""
_PRIORITIES = bytes(48) + bytes((UNWANTED, NORMAL_PRIORITY)) + bytes(206)
"""Maps the digits to priorities."""


def is_selected(selection: Selection, index: int) -> bool:
    """Return whether a selection has a file."""
    if selection is None:
        return True
    if isinstance(selection, bytes):
        return index >> 3 < len(selection) and bool(selection[index >> 3] >> (index & 7) & 1)
    place = bisect_left(selection, index)
    return place < len(selection) and selection[place] == index


def priority(selection: Selection, index: int, levels: bytes = b"") -> int:
    """Return the engine's priority for one file.

    Args:
        selection: The wanted files.
        index: The position in the torrent.
        levels: As of ``priorities``.
    """
    if not is_selected(selection, index):
        return UNWANTED
    return levels[index] if index < len(levels) else NORMAL_PRIORITY


def with_files(selection: Selection, files: int, file_count: int, *, wanted: bool) -> bytes:
    """Return a selection with further files, or without some.

    Args:
        selection: What was wanted so far.
        files: Their positions in the torrent, as bits.
        file_count: The files of the torrent.
        wanted: Whether they shall be downloaded.
    """
    before = _bits(selection, file_count)
    return _packed(before | files if wanted else before & ~files, file_count)


def changed_files(before: Selection, after: Selection, file_count: int, *, most: int) -> list[int] | None:
    """Return the files that are in one of two selections alone; ``None`` when there are more than ``most``."""
    bits = _bits(before, file_count) ^ _bits(after, file_count)
    if bits.bit_count() > most:
        return None
    files: list[int] = []
    while bits:
        files.append(bits.bit_length() - 1)
        bits ^= 1 << files[-1]
    return files


def checked_selection(indices: Iterable[int], file_count: int) -> bytes | None:
    """Return the selection that a client names; ``None`` when an index does not exist."""
    selection = set(indices)
    if selection and (min(selection) < 0 or max(selection) >= file_count):
        return None
    return _packed(bits_of(selection, file_count), file_count)


def known_selection(selection: Selection, file_count: int) -> bytes | None:
    """Return a selection that was made before the files were known, without the indices that do not exist.

    When none of them exists all files are wanted, as if nothing had been selected.
    """
    if selection is None:
        return None
    bits = _bits(selection, file_count)
    return None if selection and not bits else _packed(bits, file_count)


def priorities_ahead(selection: Selection) -> tuple[int, ...]:
    """Return the engine's priorities as far as a selection goes, for a torrent whose files are not known yet."""
    if selection is None or isinstance(selection, bytes):
        return ()
    if not selection:
        return (UNWANTED,)  # whatever is not spoken of is not wanted, either
    return priorities(selection, max((index + 1 for index in selection if index < _MOST_FILES), default=0))


def priorities(selection: Selection, file_count: int, levels: bytes = b"") -> tuple[int, ...]:
    """Return the engine's priority for each file; empty when all are wanted, and none more than others.

    Args:
        selection: The wanted files.
        file_count: The files of the torrent.
        levels: The priorities that files have when they are wanted, 1..7, one byte each; empty when all are normal.
    """
    if (selection is None and not levels) or not file_count:
        return ()
    digits = f"{_bits(selection, file_count):0{file_count}b}".encode()
    wanted = digits[::-1].translate(_PRIORITIES)
    if len(levels) != file_count:
        return tuple(wanted)
    return tuple(level if chosen else UNWANTED for chosen, level in zip(wanted, levels, strict=True))


def selection_of(chosen: Sequence[int], file_count: int) -> tuple[bytes | None, bytes]:
    """Return the selection that the priorities of all files make, and their levels; see ``priorities``."""
    if len(chosen) != file_count or set(chosen) <= {NORMAL_PRIORITY}:
        return None, b""
    wanted = [index for index, one in enumerate(chosen) if one != UNWANTED]
    selection = None if len(wanted) == file_count else _packed(bits_of(wanted, file_count), file_count)
    if set(chosen) <= {UNWANTED, NORMAL_PRIORITY}:
        return selection, b""
    return selection, bytes(one or NORMAL_PRIORITY for one in chosen)


def bits_of(files: Iterable[int], file_count: int) -> int:
    """Return positions in a torrent as a number with these bits."""
    flags = bytearray(file_count)
    for index in files:
        flags[index] = 1
    return int(flags.translate(_DIGITS)[::-1] or b"0", 2)


def _bits(selection: Selection, file_count: int) -> int:
    """Return a selection as a number whose bits stand for the files."""
    if selection is None:
        return (1 << file_count) - 1
    if isinstance(selection, bytes):
        return int.from_bytes(selection, "little") & ((1 << file_count) - 1)
    return bits_of((index for index in selection if 0 <= index < file_count), file_count)


def _packed(bits: int, file_count: int) -> bytes:
    return bits.to_bytes((file_count + 7) // 8, "little")
