"""The table of downloads: one record each, which is what the daemon knows of it after a start."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from triblerd.store import BadRecordError, StoreView, Table, Transaction, UnknownVersionError
from triblerd_downloads.api import Category, DownloadRecord, UnknownCategoryError, UnknownDownloadError
from triblerd_libtorrent.api import Infohash, Metainfo, TorrentStore

log = logging.getLogger(__name__)

Found = dict[Infohash, DownloadRecord]


class Records:
    """Reads and writes records. Every write is on disk when it returns.

    A change is made to what the store holds, in the transaction itself, so that two of them at once both stay.
    """

    def __init__(  # noqa: PLR0913 - its tables
        self,
        *,
        store: StoreView,
        table: Table[DownloadRecord],
        categories: Table[Category],
        jobs: Table[Any],
        file_tables: Table[bytes],
        torrents: TorrentStore,
    ) -> None:
        self._store = store
        self._table = table
        self._categories = categories
        self._jobs = jobs
        self._file_tables = file_tables
        self._torrents = torrents

    def load(self) -> Found:
        """Return all records by ``order``. Takes some 10 µs each: run it in a thread."""
        found: Found = {}
        for key in list(self._table.keys()):
            infohash = Infohash(key.hex())
            try:
                record = self._table.get(key)
            except (UnknownVersionError, BadRecordError) as error:
                log.error("The download %s is left out: %s", infohash, error)  # noqa: TRY400 - the text says it all
                continue
            if record is not None:
                found[infohash] = record
        return dict(sorted(found.items(), key=lambda item: item[1].order))

    def infohashes(self) -> list[Infohash]:
        """Return all downloads, also those whose records cannot be read."""
        return [Infohash(key.hex()) for key in list(self._table.keys())]

    async def insert(self, infohash: Infohash, record: DownloadRecord, metainfo: Metainfo | None) -> None:
        """Store a new download, with its torrent file in the same transaction.

        Raises:
            UnknownCategoryError: its category was removed meanwhile.
        """
        await self._store.write(lambda transaction: self.put(transaction, infohash, record, metainfo))

    def put(
        self, transaction: Transaction, infohash: Infohash, record: DownloadRecord, metainfo: Metainfo | None
    ) -> None:
        """Store a new download with its torrent file; see ``insert``."""
        self._check_category(transaction, record)
        transaction.put(self._table, infohash.key, record)
        if metainfo is not None:
            self._torrents.keep_metainfo(transaction, infohash, metainfo.raw)

    async def change(self, infohash: Infohash, **changes: Any) -> DownloadRecord:
        """Change fields of a record and return what it is now.

        Raises:
            UnknownDownloadError: it was removed meanwhile.
        """
        return await self.edit(infohash, lambda _: changes)

    async def edit(
        self,
        infohash: Infohash,
        changes: Callable[[DownloadRecord], Mapping[str, Any]],
        also: Callable[[Transaction, DownloadRecord], None] = lambda _, __: None,
    ) -> DownloadRecord:
        """Change the fields that ``changes``, which runs on the writer's thread, makes of what is stored.

        Args:
            infohash: The download.
            changes: Returns fields with their new values.
            also: Does what belongs into the same transaction, given the changed record.

        Raises:
            UnknownDownloadError: it was removed meanwhile.
            UnknownCategoryError: the category that it is given was removed meanwhile.
        """

        def write(transaction: Transaction) -> DownloadRecord:
            record = transaction.get(self._table, infohash.key)
            if record is None:
                raise UnknownDownloadError
            changed = msgspec.structs.replace(record, **changes(record))
            if changed.category != record.category:
                self._check_category(transaction, changed)
            transaction.put(self._table, infohash.key, changed)
            also(transaction, changed)
            return changed

        return await self._store.write(write)

    async def change_many(self, changes: Mapping[Infohash, Mapping[str, Any]]) -> dict[Infohash, DownloadRecord]:
        """Change fields of many records in one transaction; those that were removed meanwhile are left out."""

        def write(transaction: Transaction) -> dict[Infohash, DownloadRecord]:
            changed: dict[Infohash, DownloadRecord] = {}
            for infohash, fields in changes.items():
                record = transaction.get(self._table, infohash.key)
                if record is not None:
                    changed[infohash] = msgspec.structs.replace(record, **fields)
                    transaction.put(self._table, infohash.key, changed[infohash])
            return changed

        return await self._store.write(write)

    async def drop_category(self, name: str) -> dict[Infohash, DownloadRecord]:
        """Remove a category, and take it from all downloads that have it; return these."""

        def write(transaction: Transaction) -> dict[Infohash, DownloadRecord]:
            transaction.delete(self._categories, name.encode())
            changed: dict[Infohash, DownloadRecord] = {}
            for key in list(transaction.keys(self._table)):
                try:
                    record = transaction.get(self._table, key)
                except (UnknownVersionError, BadRecordError):  # the load has told of it
                    continue
                if record is not None and record.category == name:
                    changed[Infohash(key.hex())] = record = msgspec.structs.replace(record, category="")
                    transaction.put(self._table, key, record)
            return changed

        return await self._store.write(write)

    async def delete(self, infohash: Infohash) -> None:
        """Remove a download with its torrent file, resume data and what was to be done for it."""

        def write(transaction: Transaction) -> None:
            transaction.delete(self._table, infohash.key)
            for key in list(transaction.keys(self._jobs, infohash.key)):
                transaction.delete(self._jobs, key)
            transaction.delete(self._file_tables, infohash.key)
            self._torrents.forget(transaction, infohash)

        await self._store.write(write)

    def file_table(self, infohash: Infohash) -> bytes | None:
        """Return what was kept of the files of a download, ``None`` when nothing was or when another version did."""
        try:
            return self._file_tables.get(infohash.key)
        except (UnknownVersionError, BadRecordError):
            return None

    async def keep_file_table(self, infohash: Infohash, data: bytes) -> None:
        """Keep what was worked out of the torrent file of a download, and can be at any time; dropped with it."""

        def write(transaction: Transaction) -> None:
            if transaction.get(self._table, infohash.key) is not None:
                transaction.put(self._file_tables, infohash.key, data)

        await self._store.write(write)

    def _check_category(self, transaction: Transaction, record: DownloadRecord) -> None:
        if record.category and transaction.get(self._categories, record.category.encode()) is None:
            raise UnknownCategoryError(record.category)
