"""The flat list of the files of a download, as JSON."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from triblerd.http.endpoint import encode_json
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.schemas import FileItem
from triblerd_downloads.selection import Selection, is_selected
from triblerd_downloads.tree.pieces import is_complete
from triblerd_downloads.tree.table import DIRECTORY, FileTable
from triblerd_downloads.tree.trees import Trees
from triblerd_libtorrent.api import Infohash, TorrentEngine, TorrentPieces

FILES_AT_ONCE = 500
"""A longer list is made in pieces of so many files, so that other requests are answered in between."""
MOST_BYTES = 32 * 1024 * 1024
"""Of all lists that are kept together."""

_ALL_THERE = "all there"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a download at one moment.

    Attributes:
        files: A JSON array.
        tag: Tells this array from others.
    """

    files: bytes
    tag: str


class FlatList:
    """Lists files. It asks the engine, which may have to be waited for.

    Programs ask for the files of every download once a minute, and those of most have not changed: these are kept.
    """

    def __init__(self, *, engine: TorrentEngine, pieces: TorrentPieces, trees: Trees, downloads: DownloadSet) -> None:
        self._engine = engine
        self._pieces = pieces
        self._trees = trees
        self._downloads = downloads
        self._kept: OrderedDict[Infohash, tuple[Hashable, Files]] = OrderedDict()
        self._size = 0
        downloads.when_dropped(self._drop)

    async def of(self, download: ActiveDownload) -> Files:
        """Return the files, pad files left out; none while they are unknown."""
        depends_on = self._depends_on(download)
        kept = self._kept.get(download.infohash)
        if kept is not None and kept[0] == depends_on:
            self._kept.move_to_end(download.infohash)
            return kept[1]
        made = await self._encoded(download)
        files = Files(made, hashlib.blake2b(made, digest_size=12).hexdigest())
        if download.has_metadata and self._downloads.find(download.infohash) is download:
            self._keep(download.infohash, depends_on, files)
        return files

    def _depends_on(self, download: ActiveDownload) -> Hashable:
        """Return what changes whenever the list may have changed."""
        if self._is_all_there(download):
            return _ALL_THERE, download.record.selection
        return self._downloads.changes.last_of(download.infohash)

    def _is_all_there(self, download: ActiveDownload) -> bool:
        """Return whether every piece is there, so that nobody has to be asked how much of each file is."""
        if download.status is None or not self._engine.has(download.infohash):
            return is_complete(download)
        return 0 < download.record.total_pieces <= download.status.num_pieces

    def _keep(self, infohash: Infohash, depends_on: Hashable, files: Files) -> None:
        self._drop(infohash)
        self._kept[infohash] = depends_on, files
        self._size += len(files.files)
        while self._size > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, infohash: Infohash) -> None:
        kept = self._kept.pop(infohash, None)
        if kept is not None:
            self._size -= len(kept[1].files)

    async def _encoded(self, download: ActiveDownload) -> bytes:
        table = await self._trees.table(download)
        if table is None:
            return b"[]"
        received = None if self._is_all_there(download) else await self._received(download)
        rows = table.in_torrent_order
        selection = download.record.selection
        parts: list[bytes] = []
        for first in range(0, len(rows), FILES_AT_ONCE):
            if first:
                await asyncio.sleep(0)
            parts.append(encode_json(_items(table, rows[first : first + FILES_AT_ONCE], selection, received))[1:-1])
        return b"[%b]" % b",".join(parts)

    async def _received(self, download: ActiveDownload) -> Sequence[int]:
        """Return the bytes of each file that are there, none while there are none or the engine lacks the torrent."""
        if download.status is None or not download.status.total_done or not self._engine.has(download.infohash):
            return ()
        return await self._pieces.file_progress(download.infohash)


def _items(
    table: FileTable, rows: Sequence[int], selection: Selection, received: Sequence[int] | None
) -> list[FileItem]:
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
                progress=1.0 if received is None else _progress(index, size, received),
            )
        )
    return items


def _progress(index: int, size: int, received: Sequence[int]) -> float:
    if size == 0:
        return 1.0
    if index >= len(received):
        return 0.0
    return min(received[index] / size, 1.0)
