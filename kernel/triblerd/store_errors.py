"""How the store fails, and what that means for whoever asked."""

import errno
import os
import resource
from pathlib import Path

import lmdb

from triblerd.errors import FailedError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NEARLY_NOTHING = 1 << 20  # bytes; with less than this left, a write that stopped half-way met the end of the disk


class StoreError(FailedError):
    """The store could not do what it was asked for. What it held before, it still holds."""


class StoreFullError(StoreError):
    """There is no room for the change. Nothing of it was made, and the store goes on working."""


class StoreDamagedError(StoreError):
    """The store's file is not what the store wrote. It was left as it was found.

    Attributes:
        path: The file.
        reason: What is wrong with it, one sentence without a full stop.
        backup: The newest backup copy, if there is one.
    """

    def __init__(self, message: str, *, path: Path, reason: str, backup: Path | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason
        self.backup = backup


class StoreFormatError(StoreError):
    """The file was written by another program, or by a version that this one does not know. It was left as it was."""


class UnknownVersionError(StoreError):
    """A value was written by another version of its plugin.

    Attributes:
        table: The table's full name, ``<plugin>/<name>``.
        found: The version that the value has.
        known: The version that the reader knows.
    """

    def __init__(self, table: str, *, found: int, known: int) -> None:
        super().__init__(f"{table} holds a record of version {found}, and only version {known} is known here")
        self.table = table
        self.found = found
        self.known = known


class BadRecordError(StoreError):
    """A value does not have the form that its table says."""


def explain(error: lmdb.Error | OSError, path: Path) -> StoreError:
    """Return the failure of the store at ``path`` that an error of LMDB or of the system amounts to."""
    if isinstance(error, lmdb.MapFullError) or _is_full(error, path):
        return StoreFullError(f"There is no room left to write to {path}: {error}")
    if isinstance(error, lmdb.BadValsizeError):
        return StoreError(f"A key of the store has between 1 and 511 bytes: {error}")
    return StoreError(f"The store {path} failed: {error}")


def _is_full(error: lmdb.Error | OSError, path: Path) -> bool:
    code = error.code if isinstance(error, lmdb.Error) else error.errno
    if code in _FULL:
        return True
    if code != errno.EIO:
        return False
    # LMDB reports a write that was cut short as an input/output error, whatever cut it short.
    folder = os.statvfs(path.parent)
    largest, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited = largest != resource.RLIM_INFINITY and path.exists() and largest - path.stat().st_size < _NEARLY_NOTHING
    return limited or folder.f_bavail * folder.f_frsize < _NEARLY_NOTHING
