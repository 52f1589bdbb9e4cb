"""The flat list of the files of a download, as JSON."""

import asyncio
from collections.abc import Sequence

from triblerd.http.endpoint import encode_json
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.metainfos import Metainfos
from triblerd_downloads.schemas import FileItem
from triblerd_downloads.selection import is_selected
from triblerd_downloads.tree.pieces import is_complete
from triblerd_libtorrent.api import TorrentEngine, TorrentFile

FILES_AT_ONCE = 500
"""A longer list is made in pieces of so many files, so that other requests are answered in between."""


class FlatList:
    """Lists files. It asks the engine, which may have to be waited for."""

    def __init__(self, *, engine: TorrentEngine, metainfos: Metainfos) -> None:
        self._engine = engine
        self._metainfos = metainfos

    async def encoded(self, download: ActiveDownload) -> bytes:
        """Return the files as a JSON array, pad files left out; an empty one while they are unknown."""
        metainfo = await self._metainfos.get(download.infohash)
        if metainfo is None:
            return b"[]"
        received = await self._received(download)
        skip = len(metainfo.files[0].path.partition("/")[0]) + 1 if metainfo.is_multi_file else 0
        parts: list[bytes] = []
        for first in range(0, len(metainfo.files), FILES_AT_ONCE):
            files = metainfo.files[first : first + FILES_AT_ONCE]
            if part := encode_json(_items(files, download, received, skip))[1:-1]:
                parts.append(part)
            if first:
                await asyncio.sleep(0)
        return b"[%b]" % b",".join(parts)

    async def _received(self, download: ActiveDownload) -> Sequence[int]:
        """Return the bytes of each file that are there, none while the engine does not have the torrent."""
        if download.status is None or not self._engine.has(download.infohash):
            return ()
        return await self._engine.file_progress(download.infohash)


def _items(
    files: Sequence[TorrentFile], download: ActiveDownload, received: Sequence[int], skip: int
) -> list[FileItem]:
    selection = download.record.selection
    complete = not received and is_complete(download)
    return [
        FileItem(
            index=file.index,
            name=file.path[skip:],
            size=file.size,
            included=is_selected(selection, file.index),
            progress=1.0 if complete else _progress(file, received),
        )
        for file in files
        if not file.is_pad
    ]


def _progress(file: TorrentFile, received: Sequence[int]) -> float:
    if file.size == 0:
        return 1.0
    if file.index >= len(received):
        return 0.0
    return min(received[file.index] / file.size, 1.0)
