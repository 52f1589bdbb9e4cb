"""What clients do with the tree of a download: look at a part of it, open, close, select."""

from collections.abc import Mapping
from typing import Any

from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import ActiveDownload, may_receive_more
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.handover import apply
from triblerd_downloads.records import Records
from triblerd_downloads.selection import is_selected, with_files
from triblerd_downloads.tree.pieces import PieceMaps, share
from triblerd_downloads.tree.schemas import FileRow
from triblerd_downloads.tree.table import DIRECTORY
from triblerd_downloads.tree.trees import Trees
from triblerd_libtorrent.api import TorrentEngine

CLOSED, OPEN, NOT_LOADED = -1, -2, -3

_LOADING = FileRow(index=NOT_LOADED, name="loading...", size=0, included=0, progress=0.0)


class TreeBrowser:
    """Answers for the trees of all downloads. What is open is shared by all clients, and lost with a restart."""

    def __init__(
        self, *, trees: Trees, pieces: PieceMaps, engine: TorrentEngine, downloads: DownloadSet, records: Records
    ) -> None:
        self._trees = trees
        self._pieces = pieces
        self._engine = engine
        self._downloads = downloads
        self._records = records

    async def window(self, download: ActiveDownload, start: str, size: int) -> list[FileRow]:
        """Return at most ``size`` rows after a path, none for an unknown one.

        While the tree is not in memory, or the files are unknown, it is one row that says so: ask again.
        """
        tree = self._trees.find(download)
        if tree is None:
            return [_LOADING]
        table, selection = tree.table, download.record.selection
        rows = tree.window(start, size) or []
        bitmap = await self._pieces.of(download)
        shown: list[FileRow] = []
        for row in rows:
            index = table.files[row]
            is_directory = index == DIRECTORY
            shown.append(
                FileRow(
                    index=(OPEN if tree.is_open(row) else CLOSED) if is_directory else index,
                    name=table.paths[row],
                    size=table.sizes[row],
                    included=not is_directory and is_selected(selection, index),
                    progress=share(bitmap, table.pieces(row)),
                )
            )
        return shown

    async def expand(self, download: ActiveDownload, path: str) -> None:
        """Open every directory on the way to a path, and itself, as far as they exist."""
        tree = await self._trees.get(download)
        if tree is not None:
            tree.expand(path)

    async def collapse(self, download: ActiveDownload, path: str) -> None:
        """Close one directory, if it exists."""
        tree = await self._trees.get(download)
        if tree is not None:
            tree.collapse(path)

    async def choose(self, download: ActiveDownload, path: str, *, wanted: bool) -> None:
        """Select a file or all files below a directory, or deselect them; on disk when this returns.

        An unknown path changes nothing.
        """
        tree = await self._trees.get(download)
        files = tree.files_at(path) if tree is not None else 0
        if not files:
            return
        before = download.record
        more = may_receive_more(download)

        def changed(record: DownloadRecord) -> Mapping[str, Any]:
            return {"selection": with_files(record.selection, files, record.file_count, wanted=wanted), **more}

        download.record = await self._records.edit(download.infohash, changed)
        if self._engine.has(download.infohash):
            apply(self._engine, download, before)
        self._downloads.touch(download.infohash)
