"""Copies of the store, taken while it is used."""

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import lmdb

from triblerd.store_check import FULL_CHECK_SIZE, check
from triblerd.store_engine import Engine, sync_folder
from triblerd.store_errors import BACKUP_FOLDER, StoreError, backups_of, damaged, explain

_UNFINISHED = ".new"


def back_up(engine: Engine, target: Path) -> int:
    """Write a copy of the store as it is now, and return its size in bytes. It has its name once it is on disk.

    Raises:
        StoreError: the target exists, or cannot be written.
        StoreDamagedError: the copy, and so the store, is damaged; the copy is not kept.
    """
    try:
        if target.exists():
            msg = f"{target} exists already, and is not overwritten"
            raise StoreError(msg)
        descriptor, name = tempfile.mkstemp(_UNFINISHED, f"{target.name}.", target.parent)
    except OSError as error:
        raise explain(error, target) from error
    unfinished = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            engine.copy_to(file.fileno())
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        # A damaged copy must not take the place of an older, sound one. Above this size the walk would take too long.
        if size <= FULL_CHECK_SIZE and (problems := check(unfinished)):
            raise damaged(engine.path, problems[0])
        unfinished.rename(target)
        sync_folder(target.parent)
    except (OSError, lmdb.Error) as error:
        raise explain(error, target) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return size


def back_up_when_due(engine: Engine, *, interval: float, kept: int) -> Path | None:
    """Write an automatic copy when the newest is older than ``interval`` seconds, and remove all but ``kept`` of them.

    Returns:
        The new copy, or ``None`` when none was due.
    """
    store = engine.path.parent
    copies = backups_of(store)
    if copies and time.time() - copies[-1].stat().st_mtime < interval:
        return None
    folder = store.parent / BACKUP_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for unfinished in folder.glob(f"store-*{_UNFINISHED}"):  # of a daemon that was killed
        unfinished.unlink()
    target = folder / f"store-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.mdb"
    back_up(engine, target)
    for old in backups_of(store)[:-kept]:
        old.unlink()
    return target
