"""The trees that clients look at: made in the background, kept in memory, forgotten with their download."""

import asyncio
import logging
from collections import OrderedDict

from triblerd.store import StoreError
from triblerd.tasks import Tasks
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.metainfos import Metainfos
from triblerd_downloads.records import Records
from triblerd_downloads.tree.table import BadTableError, FileTable
from triblerd_downloads.tree.view import TreeView
from triblerd_libtorrent.api import Infohash

log = logging.getLogger(__name__)

MOST_ROWS = 250_000
"""Of all trees together, some 250 bytes each; beyond, those are forgotten that nobody has looked at for longest."""
MANY_FILES = 2_000
"""The table of so many is kept in the store: reading a large torrent file anew takes longer than a client waits."""


class Trees:
    """Finds the tree of a download.

    Args:
        tasks: Runs what makes them.
    """

    def __init__(self, *, metainfos: Metainfos, downloads: DownloadSet, records: Records, tasks: Tasks) -> None:
        self._metainfos = metainfos
        self._downloads = downloads
        self._records = records
        self._tasks = tasks
        self._kept: OrderedDict[Infohash, TreeView] = OrderedDict()
        self._coming: dict[Infohash, asyncio.Future[TreeView | None]] = {}
        self._row_count = 0
        downloads.when_dropped(self._drop)

    def find(self, download: ActiveDownload) -> TreeView | None:
        """Return the tree if it is in memory; else have it made, so that it is found later.

        Raises:
            MetainfoError: it could not be made, as the stored torrent file cannot be read. The next call tries again.
        """
        tree = self._kept.get(download.infohash)
        if tree is not None:
            self._kept.move_to_end(download.infohash)
        elif download.has_metadata:
            coming = self._ask(download)
            if coming.done():
                del self._coming[download.infohash]
                return coming.result()
        return tree

    async def get(self, download: ActiveDownload) -> TreeView | None:
        """Return the tree, ``None`` while the files are unknown.

        Raises:
            MetainfoError: the stored torrent file cannot be read.
        """
        tree = self.find(download)
        if tree is not None or not download.has_metadata:
            return tree
        return await asyncio.shield(self._ask(download))

    async def table(self, download: ActiveDownload) -> FileTable | None:
        """Return the files, ``None`` while they are unknown; a table that is made at once is not kept.

        Raises:
            MetainfoError: the stored torrent file cannot be read.
        """
        if download.record.file_count >= MANY_FILES:
            tree = await self.get(download)
            return None if tree is None else tree.table
        metainfo = await self._metainfos.get(download.infohash)
        return None if metainfo is None else FileTable.of(metainfo)

    def _ask(self, download: ActiveDownload) -> "asyncio.Future[TreeView | None]":
        coming = self._coming.get(download.infohash)
        if coming is None:
            coming = self._coming[download.infohash] = asyncio.get_running_loop().create_future()
            self._tasks.start("tree", self._make(download, coming))
        return coming

    async def _make(self, download: ActiveDownload, coming: "asyncio.Future[TreeView | None]") -> None:
        infohash = download.infohash
        try:
            table = await asyncio.to_thread(self._stored, download)
            metainfo = await self._metainfos.get(infohash) if table is None else None
            if metainfo is not None:
                table = await asyncio.to_thread(FileTable.of, metainfo)
            tree = None if table is None else TreeView(table)
        except Exception as error:  # noqa: BLE001 - a border: it is told to those who ask, now or next
            coming.set_exception(error)
            coming.exception()  # perhaps nobody does
        else:
            if tree is not None and self._downloads.find(infohash) is download:
                self._keep(infohash, tree)
            coming.set_result(tree)
            self._coming.pop(infohash, None)
            if metainfo is not None and table is not None:
                await self._store(infohash, table)
        finally:
            coming.cancel()  # the plugin stops

    def _stored(self, download: ActiveDownload) -> FileTable | None:
        """Return what an earlier life has worked out, ``None`` when there is nothing (of use)."""
        if download.record.file_count < MANY_FILES or (data := self._records.file_table(download.infohash)) is None:
            return None
        try:
            table = FileTable.load(data)
        except BadTableError:
            return None
        return table if table.file_count == download.record.file_count else None

    async def _store(self, infohash: Infohash, table: FileTable) -> None:
        if table.file_count < MANY_FILES:
            return
        try:
            await self._records.keep_file_table(infohash, await asyncio.to_thread(table.dump))
        except StoreError as error:
            log.warning("The file table of %s is worked out again after the next start: %s", infohash, error)

    def _keep(self, infohash: Infohash, tree: TreeView) -> None:
        self._kept[infohash] = tree
        self._row_count += len(tree.table)
        while self._row_count > MOST_ROWS and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, infohash: Infohash) -> None:
        tree = self._kept.pop(infohash, None)
        if tree is not None:
            self._row_count -= len(tree.table)
        self._coming.pop(infohash, None)
