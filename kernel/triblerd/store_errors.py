"""How the store fails, and what that means for whoever asked."""

import errno
import os
import resource
import shlex
from pathlib import Path

import lmdb

from triblerd.errors import FailedError, IncompatibleDataError

BACKUP_FOLDER = "backups"
"""Where automatic backup copies are put, beside the store's folder."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NEARLY_NOTHING = 1 << 20  # bytes; with less than this left, a write that was cut short met the end of the disk


class StoreError(FailedError):
    """The store could not do what it was asked for. What it held before, it still holds."""


class StoreFullError(StoreError):
    """There is no room for the change. Nothing of it was made, and the store goes on working."""


class StoreDamagedError(StoreError):
    """The store's file is not what the store wrote. It was left as it was found.

    Attributes:
        path: The file.
        reason: What is wrong with it, a sentence without a full stop.
        backup: The newest backup copy, if there is one.
    """

    def __init__(self, path: Path, reason: str, backup: Path | None) -> None:
        super().__init__(f"The store {path} is damaged: {reason}. Nothing was changed. {_way_back(path, backup)}")
        self.path = path
        self.reason = reason
        self.backup = backup


class StoreFormatError(StoreError, IncompatibleDataError):
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


def backups_of(folder: Path) -> list[Path]:
    """Return the automatic backup copies of the store in ``folder``, the newest last."""
    return sorted((folder.parent / BACKUP_FOLDER).glob("store-*.mdb"))


def damaged(path: Path, reason: str) -> StoreDamagedError:
    """Return the error that says that the store's file ``path`` is damaged, and what can be done about it."""
    copies = backups_of(path.parent)
    return StoreDamagedError(path, reason, copies[-1] if copies else None)


def explain(error: lmdb.Error | OSError, path: Path) -> StoreError:
    """Return what an error of LMDB or of the system means for whoever uses the store's file ``path``."""
    if isinstance(error, lmdb.MapFullError) or _is_full(error, path):
        return StoreFullError(f"There is no room left to write {path}: {error}")
    if isinstance(error, lmdb.CorruptedError | lmdb.PageNotFoundError | lmdb.InvalidError):
        return damaged(path, str(error))
    if isinstance(error, lmdb.BadValsizeError):
        return StoreError(f"A key of the store has between 1 and 511 bytes: {error}")
    return StoreError(f"The store cannot use {path}: {error}")


def _is_full(error: lmdb.Error | OSError, path: Path) -> bool:
    code = error.code if isinstance(error, lmdb.Error) else error.errno
    if code in _FULL:
        return True
    if code != errno.EIO:
        return False
    # LMDB reports a write that was cut short as an input/output error, whatever cut it short.
    disk = os.statvfs(path.parent)
    largest, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited = largest != resource.RLIM_INFINITY and path.exists() and largest - path.stat().st_size < _NEARLY_NOTHING
    return limited or disk.f_bavail * disk.f_frsize < _NEARLY_NOTHING


def _way_back(path: Path, backup: Path | None) -> str:
    if backup is None:
        return "There is no backup copy of it."
    file, copy, aside = (shlex.quote(str(name)) for name in (path, backup, f"{path}.damaged"))
    command = f"mv {file} {aside} && cp {copy} {file}"
    return f"The newest backup copy is {backup}. To go back to it, while no daemon runs: {command}"
