"""Of which version the data and the settings of each plugin are, and of which version its code wants them.

Versions of data stand in the store, each changed in the transaction that converts the data; versions of settings stand
in ``triblerd.conf``, each changed with the settings. What has no version, and holds something, is of version 1.
"""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from triblerd.configuration import FIRST_VERSION, ConfigurationLayers, ConfigurationService
from triblerd.errors import FailedError, IncompatibleDataError
from triblerd.migration import Piece, Reached
from triblerd.plugin import Manifest
from triblerd.services import DataKind, Outdated
from triblerd.settings_file import VERSIONS, SettingsFile
from triblerd.store import Store, StoreView, Table, Transaction
from triblerd.store_errors import BACKUP_FOLDER

log = logging.getLogger(__name__)


class DataVersion(msgspec.Struct, frozen=True, array_like=True):
    """Of which version a plugin's data are, and how far the step to the next one has come, if it has begun."""

    version: int
    reached: Reached | None = None


class VersionLedger:
    """Implements :class:`triblerd.services.DataVersions`, and tells the kernel which plugins may start.

    Args:
        layers: What the settings file says, ``[versions]`` included.
    """

    def __init__(
        self, *, store: Store, file: SettingsFile, layers: ConfigurationLayers, configuration: ConfigurationService
    ) -> None:
        self._store = store
        self._file = file
        self._layers = layers
        self._configuration = configuration
        self._manifests: Mapping[str, Manifest] = {}
        self._table: Table[DataVersion]

    async def open(self) -> None:
        """Make ready to read; the store is open. Nothing is written."""
        self._table = await self._store.view("kernel").table("store", DataVersion)

    def know(self, manifests: Mapping[str, Manifest]) -> None:
        """Learn what the code of the plugins wants, in starting order."""
        self._manifests = manifests

    def refuse_newer(self) -> None:
        """Look for data and settings that a newer release wrote.

        Raises:
            IncompatibleDataError: there are some. Nothing was changed.
        """
        newer = [f"{name}: {text}" for name in self._manifests for kind in DataKind if (text := self.newer(name, kind))]
        if newer:
            folder = self._file.path.parent
            copies = sorted((folder / BACKUP_FOLDER).glob("upgrade-*.mdb"))
            way_back = f", or go back to a copy from before its upgrade, such as {copies[-1]}" if copies else ""
            msg = f"A newer release wrote {folder} ({'; '.join(newer)}). Nothing was changed. Use that one{way_back}."
            raise IncompatibleDataError(msg)

    def newer(self, plugin: str, kind: DataKind) -> str:
        """Say how a plugin's data or settings are newer than its code; an empty text when they are not."""
        manifest = self._manifests[plugin]
        if kind is DataKind.SETTINGS:
            found, partly, known = self._settings(plugin), False, manifest.settings_version
        else:
            data = self._data(plugin)
            found, partly, known = data.version, data.reached is not None, manifest.data_version
        if found > known:
            return f"its {kind.words} are of version {found}, and only {known} is known here"
        if found == known and partly:  # the newer release was interrupted in the middle of a step
            return f"its {kind.words} are partly of version {found + 1}, and only {known} is known here"
        return ""

    async def settle(self) -> None:
        """Note the versions of plugins that have no data, or no settings, yet: what they will write is of today."""
        data = {
            name: manifest.data_version
            for name, manifest in self._manifests.items()
            if manifest.data_version > FIRST_VERSION and self._is_new(name)
        }
        if data:
            await self._store.view("kernel").write(lambda transaction: self._note(transaction, data))
        if settings := self._configuration.new_versions():
            try:
                await self._change_file({VERSIONS: settings})
            except FailedError as error:  # a file that nobody may write needs no note: nothing will be written
                log.debug("%s", error)

    # -- the service -------------------------------------------------------------------------------------------

    def outdated(self) -> list[Outdated]:
        """Return what is older than the code of its plugin, settings before data."""
        return [found for name in self._manifests for kind in DataKind if (found := self.find_outdated(name, kind))]

    def find_outdated(self, plugin: str, kind: DataKind) -> Outdated | None:
        """Return what of one plugin is older than its code, or ``None``."""
        manifest = self._manifests[plugin]
        if kind is DataKind.SETTINGS:
            settings, wanted = self._settings(plugin), manifest.settings_version
            is_old = settings < wanted and self._configuration.is_set(plugin)
            return Outdated(plugin, kind, settings, wanted) if is_old else None
        data, wanted = self._data(plugin), manifest.data_version
        return Outdated(plugin, kind, data.version, wanted, data.reached) if data.version < wanted else None

    def view(self, plugin: str) -> StoreView:
        """Return a plugin's part of the store."""
        return self._store.view(plugin)

    async def convert(self, plugin: str, to: int, piece: Piece) -> Reached | None:
        """Convert one piece, and note how far the step has come, in one transaction."""

        def job(transaction: Transaction) -> Reached | None:
            before = transaction.get(self._table, _key(plugin)) or DataVersion(FIRST_VERSION)
            reached = piece(transaction, before.reached or Reached())
            after = DataVersion(to) if reached is None else DataVersion(to - 1, reached)
            if after == before:
                msg = "the step makes no progress"
                raise FailedError(msg)
            transaction.put(self._table, _key(plugin), after)
            return reached

        return await self._store.view(plugin).write(job)

    def settings(self) -> Mapping[str, Mapping[str, object]]:
        """Return all sections as the settings file has them."""
        return self._layers.stored

    async def change_settings(self, plugin: str, to: int, changes: Mapping[str, Mapping[str, object] | None]) -> None:
        """Change the settings file and note the version, as one."""
        await self._change_file({**changes, VERSIONS: {plugin: to}})

    @property
    def store_size(self) -> int:
        """The bytes that a copy of the store has."""
        return self._store.figures().file_size

    async def copy_store(self, target: Path) -> int:
        """Write a copy of the store to a new file, and return its size in bytes."""
        return await self._store.backup(target)

    def copy_settings(self, target: Path) -> None:
        """Write a copy of the settings file, if there is one."""
        if self._file.exists():
            self._file.copy_to(target)

    # -- within ------------------------------------------------------------------------------------------------

    def _data(self, plugin: str) -> DataVersion:
        wanted = self._manifests[plugin].data_version
        noted = self._table.get(_key(plugin))
        return noted or DataVersion(wanted if wanted > FIRST_VERSION and self._is_new(plugin) else FIRST_VERSION)

    def _is_new(self, plugin: str) -> bool:
        return self._table.get(_key(plugin)) is None and plugin not in self._store.owners()

    def _settings(self, plugin: str) -> int:
        return self._layers.versions.get(plugin, FIRST_VERSION)

    def _note(self, transaction: Transaction, versions: Mapping[str, int]) -> None:
        for name, version in versions.items():
            transaction.put(self._table, _key(name), DataVersion(version))

    async def _change_file(self, changes: Mapping[str, Mapping[str, object] | None]) -> None:
        await asyncio.to_thread(self._file.change, changes)
        self._layers.read()


def _key(plugin: str) -> bytes:
    return b"version/" + plugin.encode()
