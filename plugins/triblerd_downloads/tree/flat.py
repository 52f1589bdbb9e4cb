"""The flat list of the files of a download, as JSON."""

import asyncio
from collections.abc import Sequence

from triblerd.http.endpoint import encode_json
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.schemas import FileItem
from triblerd_downloads.selection import is_selected
from triblerd_downloads.tree.pieces import is_complete
from triblerd_downloads.tree.table import DIRECTORY, FileTable
from triblerd_downloads.tree.trees import Trees
from triblerd_libtorrent.api import TorrentEngine, TorrentPieces

FILES_AT_ONCE = 500
"""A longer list is made in pieces of so many files, so that other requests are answered in between."""


class FlatList:
    """Lists files. It asks the engine, which may have to be waited for."""

    def __init__(self, *, engine: TorrentEngine, pieces: TorrentPieces, trees: Trees) -> None:
        self._engine = engine
        self._pieces = pieces
        self._trees = trees

    async def encoded(self, download: ActiveDownload) -> bytes:
        """Return the files as a JSON array, pad files left out; an empty one while they are unknown."""
        table = await self._trees.table(download)
        if table is None:
            return b"[]"
        received = await self._received(download)
        rows = table.in_torrent_order
        parts: list[bytes] = []
        for first in range(0, len(rows), FILES_AT_ONCE):
            if first:
                await asyncio.sleep(0)
            parts.append(encode_json(_items(table, rows[first : first + FILES_AT_ONCE], download, received))[1:-1])
        return b"[%b]" % b",".join(parts)

    async def _received(self, download: ActiveDownload) -> Sequence[int]:
        """Return the bytes of each file that are there, none while the engine does not have the torrent."""
        if download.status is None or not self._engine.has(download.infohash):
            return ()
        return await self._pieces.file_progress(download.infohash)


def _items(table: FileTable, rows: Sequence[int], download: ActiveDownload, received: Sequence[int]) -> list[FileItem]:
    selection = download.record.selection
    complete = not received and is_complete(download)
    skip = len(table.paths[0]) + 1 if table.files[0] == DIRECTORY else 0
    items: list[FileItem] = []
    for row in rows:
        index, size = table.files[row], table.sizes[row]
        items.append(
            FileItem(
                index=index,
                name=table.paths[row][skip:],
                size=size,
                included=is_selected(selection, index),
                progress=1.0 if complete else _progress(index, size, received),
            )
        )
    return items


def _progress(index: int, size: int, received: Sequence[int]) -> float:
    if size == 0:
        return 1.0
    if index >= len(received):
        return 0.0
    return min(received[index] / size, 1.0)
