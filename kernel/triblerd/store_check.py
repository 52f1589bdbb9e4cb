"""Looks at the store's file before LMDB does: LMDB trusts what it maps, and a bad file can end the process.

What is guaranteed when ``check_before_open`` returns: both header pages are sound, the format is ours, and no page in
use lies beyond the end of the file, so that no read meets the end of the map (SIGBUS). When the last stop was not an
orderly one, or the file was touched since, and it has at most ``FULL_CHECK_SIZE`` bytes, every page in use has been
walked as well: no pointer, length, order or counter in it can lead LMDB astray.

What is not: a larger file is walked only by ``triblerd check`` and when it is shorter than its header says. LMDB keeps
no checksums, so rubbish inside of a value is found when the value is decoded (``BadRecordError``), not before.
"""

import struct
from pathlib import Path

import lmdb.verify

from triblerd.store_errors import StoreFormatError, damaged

FULL_CHECK_SIZE = 64 << 20
"""Bytes up to which a start may walk the whole file. A MiB takes 3 to 4 ms with the records of downloads, 0.4 to 1 KiB
each, so a start after a crash takes at most some 0.3 s longer; three times as long with records of 100 bytes."""

CLEAN_MARK = "clean"
"""Beside the data file: its size and time of change after the last orderly stop."""

_META = struct.Struct("=8x2xH4xIIQQI44x48xQQ")  # flags, magic, version, address, map size, page size, last page, txnid
_META_PAGE = 0x08
_MAGIC = 0xBEEFC0DE
_VERSION = 1
_MAGIC_OF_LMDB_1 = struct.Struct("=24xI")
_PAGE_SIZES = frozenset(1 << power for power in range(9, 16))


def check(path: Path) -> list[str]:
    """Walk the whole data file and return every problem found; an empty list means that it is sound.

    Nothing may write to the file meanwhile.
    """
    try:
        return list(lmdb.verify.verify(str(path), subdir=False))  # type: ignore[no-untyped-call]
    except lmdb.verify.VerifyError as error:
        return [str(error)]


def check_before_open(path: Path) -> None:
    """Refuse a data file that LMDB must not open. Nothing is changed.

    Raises:
        StoreDamagedError: the file is truncated, or rubbish.
        StoreFormatError: another version of LMDB wrote it.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    needed = _size_of_pages(path)
    if (size < needed or size <= FULL_CHECK_SIZE) and not _is_as_left(path):
        # A file that ends early may be sound: pages at its end that were given back before a commit are not written.
        problems = check(path)
        if problems:
            more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
            cut = f"it has {size} of {needed} bytes; " if size < needed else ""
            raise damaged(path, f"{cut}{problems[0]}{more}")


def mark_clean(path: Path) -> None:
    """Note that the data file was closed in order."""
    path.with_name(CLEAN_MARK).write_text(_fingerprint(path))


def forget_mark(path: Path) -> None:
    """Note that the data file is in use: from now on, an end without ``mark_clean`` is a disorderly one."""
    path.with_name(CLEAN_MARK).unlink(missing_ok=True)


def _size_of_pages(path: Path) -> int:
    """Return the size that the newer one of the two header pages gives the file."""
    with path.open("rb") as file:
        head = file.read(_META.size)
        if len(head) < _META.size:
            raise damaged(path, f"it has {len(head)} bytes, less than its header")
        _, _, _, _, _, page_size, _, _ = _META.unpack(head)
        file.seek(page_size if page_size in _PAGE_SIZES else 0)
        second = file.read(_META.size)
    if _MAGIC_OF_LMDB_1.unpack_from(head)[0] == _MAGIC:
        msg = f"The store {path} was written by LMDB 1.0, whose format is not read here. Nothing was changed."
        raise StoreFormatError(msg)
    if page_size not in _PAGE_SIZES or len(second) < _META.size:
        raise damaged(path, "its header is unreadable")
    newest = -1
    size = 0
    for page in (head, second):
        flags, magic, version, _, _, own_page_size, last_page, txnid = _META.unpack(page)
        if not flags & _META_PAGE or magic != _MAGIC or version != _VERSION or own_page_size != page_size:
            raise damaged(path, "one of its two header pages is unreadable")
        if txnid > newest:
            newest, size = txnid, (last_page + 1) * page_size
    return size


def _is_as_left(path: Path) -> bool:
    try:
        return path.with_name(CLEAN_MARK).read_text() == _fingerprint(path)
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def _fingerprint(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}\n"
