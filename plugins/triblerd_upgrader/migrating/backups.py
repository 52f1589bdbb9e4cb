"""The copies of the store and of the settings from before an upgrade."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from triblerd.errors import FailedError
from triblerd.plugin import PluginContext, hookimpl
from triblerd.services import DataVersions
from triblerd.store import StoreView
from triblerd_upgrader.config import UpgraderConfig

FOLDER = "backups"
"""In the state directory; the store's own copies are there, too."""
ROOM_TO_SPARE = 16 << 20
"""Bytes that stay free beside the copy and what is converted."""

_RUN = b"run"


@dataclass(frozen=True, kw_only=True)
class Room:
    """Room on the disk of the state directory, in bytes."""

    needed: int
    free: int

    @property
    def is_short(self) -> bool:
        """Whether there is too little."""
        return self.free < self.needed


class NoRoomError(FailedError):
    """The disk has too little room for an upgrade. Nothing was changed.

    Attributes:
        room: What is needed, and what there is.
    """

    def __init__(self, state_dir: Path, room: Room) -> None:
        super().__init__(
            f"for a copy of the store, and for what is converted, {_mib(room.needed)} have to be free in {state_dir},"
            f" and there are {_mib(room.free)}; nothing was changed"
        )
        self.room = room


class Run(msgspec.Struct, frozen=True, array_like=True):
    """An upgrade that has begun and not ended: the copy from before is there already."""

    backup: str


def free_bytes(folder: Path) -> int:
    """Return how much an ordinary user may still write on the disk of a folder."""
    return shutil.disk_usage(folder).free


class Backups:
    """Makes a copy before an upgrade, once, however often that is interrupted; keeps the newest ones.

    Args:
        state_dir: The copies are below it.
        store: Holds, from the copy to the end of the upgrade, the copy's name.
        versions: What is copied.
        kept: How many copies are kept; 0 makes none.
        free: Returns the free bytes of a folder's disk.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        store: StoreView,
        versions: DataVersions,
        kept: int,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folder = state_dir / FOLDER
        self._state_dir = state_dir
        self._store = store
        self._versions = versions
        self._kept = kept
        self._free = free

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[UpgraderConfig]) -> None:
        """Take a changed number of copies; an import that runs goes on."""
        self._kept = context.config.backups_kept

    async def room(self, *, with_store: bool) -> Room:
        """Return what an upgrade needs, for the copy and for what is converted, and what there is."""
        needed = (2 if self._kept else 1) * self._versions.store_size + ROOM_TO_SPARE if with_store else 0
        return Room(needed=needed, free=await asyncio.to_thread(self._free, self._state_dir))

    async def begin(self, *, with_store: bool) -> str:
        """Make a copy, unless an interrupted upgrade left one, and return its name; an empty text for none.

        Raises:
            NoRoomError: the disk has too little room.
            FailedError: it cannot be written.
        """
        table = await self._store.table("run", Run)
        if (run := table.get(_RUN)) is not None and await asyncio.to_thread(self._exists, run.backup):
            return run.backup
        room = await self.room(with_store=with_store)
        if room.is_short:
            raise NoRoomError(self._state_dir, room)
        if not self._kept:
            return ""
        name = f"upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        await asyncio.to_thread(self._prepare, name)
        if with_store:
            await self._versions.copy_store(self._path(name, ".mdb"))
        await table.put(_RUN, Run(name))
        return name

    async def end(self, name: str, *, changed: bool) -> None:
        """Note that the upgrade has ended; a copy of what did not change is removed, and of the others the oldest."""
        table = await self._store.table("run", Run)
        await table.delete(_RUN)
        await asyncio.to_thread(self._tidy, "" if changed else name)

    def _exists(self, name: str) -> bool:
        return any(path.exists() for path in (self._path(name, ".mdb"), self._path(name, ".conf")))

    def _path(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}{suffix}"

    def _prepare(self, name: str) -> None:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for unfinished in self._folder.glob("upgrade-*.new"):  # of a daemon that was killed
                self._path(unfinished.name.partition(".mdb.")[0], ".conf").unlink(missing_ok=True)
                unfinished.unlink()
            self._versions.copy_settings(self._path(name, ".conf"))
        except OSError as error:
            msg = f"{error.filename} cannot be written: {error.strerror or error}"
            raise FailedError(msg) from error

    def _tidy(self, useless: str) -> None:
        names = sorted({path.stem for path in self._folder.glob("upgrade-*.*")} - {useless})
        for name in [useless, *names[: max(len(names) - self._kept, 0)]]:
            for suffix in (".mdb", ".conf"):
                if name:
                    self._path(name, suffix).unlink(missing_ok=True)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"
