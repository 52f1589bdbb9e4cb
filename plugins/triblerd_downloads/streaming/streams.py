"""All streams: begins them, follows what comes, ends them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

from triblerd.errors import TriblerdError
from triblerd.tasks import Tasks
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.selection import NORMAL_PRIORITY, priorities
from triblerd_downloads.streaming.spans import FileSpan
from triblerd_downloads.streaming.stream import Cursor, DownloadStream, StreamedFile
from triblerd_downloads.vod import VodStatus
from triblerd_libtorrent.api import Infohash, PieceFinished, TorrentChecked, TorrentEngine, TorrentPieces

IDLE_SECONDS = 15.0
"""How long a file stays first when nobody reads it any more: players often ask again for another part."""
_STREAMED_PRIORITY = 7


class Streams:
    """The downloads that are streamed. Implements :class:`triblerd_downloads.vod.StreamEnder`.

    Args:
        tasks: Runs what ends streams that nobody reads.
    """

    def __init__(self, *, engine: TorrentEngine, pieces: TorrentPieces, downloads: DownloadSet, tasks: Tasks) -> None:
        self._engine = engine
        self._pieces = pieces
        self._downloads = downloads
        self._tasks = tasks
        self._streams: dict[Infohash, DownloadStream] = {}
        # An engine that answers late for one download delays no other.
        self._changing: WeakValueDictionary[Infohash, asyncio.Lock] = WeakValueDictionary()
        self._unlisten: list[Callable[[], None]] = []

    @asynccontextmanager
    async def reading(self, download: ActiveDownload, span: FileSpan, position: int) -> AsyncIterator[Cursor]:
        """Stream a file for one client, from a byte on.

        Raises:
            TriblerdError: the engine does not have the torrent, or does not answer.
        """
        stream, file = await self._begin(download, span)
        cursor = Cursor(stream, file, position)
        file.cursors.add(cursor)
        if file.buffer_from is None:
            stream.shown = file, position
        try:
            self._order(download, stream)
            yield cursor
        finally:
            file.cursors.discard(cursor)
            self._order(download, stream)
            if not stream.is_in_use and not stream.is_ended:
                self._tasks.start("stream-end", self._end_if_idle(stream))

    async def prepare(self, download: ActiveDownload, span: FileSpan, position: int) -> bool:
        """Fetch first what a player of this file will ask for, until told otherwise; return whether that is new.

        Raises:
            TriblerdError: the engine does not have the torrent, or does not answer.
        """
        stream, file = await self._begin(download, span)
        if file.buffer_from == position:
            return False
        for other in stream.files.values():
            other.buffer_from = None
        file.buffer_from = position
        stream.shown = file, position
        self._order(download, stream)
        return True

    async def end(self, infohash: Infohash) -> bool:
        """End all streams of a download and fetch its files as selected; return whether there was one."""
        async with self._changes_of(infohash):
            stream = self._streams.pop(infohash, None)
            if stream is None:
                return False
            stream.end()
            if not self._streams:
                self._stop_listening()
            if (download := self._downloads.find(infohash)) is not None:
                download.vod = VodStatus()
                self._downloads.touch(infohash)
                with suppress(TriblerdError):  # the torrent is about to leave the engine
                    await self._pieces.prioritize_files(infohash, _selected(download))
            return True

    async def end_all(self) -> None:
        """End everything."""
        for infohash in list(self._streams):
            await self.end(infohash)

    async def _begin(self, download: ActiveDownload, span: FileSpan) -> tuple[DownloadStream, StreamedFile]:
        async with self._changes_of(download.infohash):
            stream = self._streams.get(download.infohash)
            if stream is None:
                stream = DownloadStream(download.infohash, pieces=self._pieces)
            if span.index not in stream.files:
                await self._add(download, stream, span)
            return stream, stream.files[span.index]

    async def _add(self, download: ActiveDownload, stream: DownloadStream, span: FileSpan) -> None:
        """Take a file in: what comes from now on is heard, and then it is asked what is there."""
        self._listen()
        self._streams[download.infohash] = stream
        file = stream.files[span.index] = StreamedFile(span)
        try:
            await stream.look()
            if file.missing:
                wanted = list(_selected(download))
                for index in stream.files:
                    wanted[index] = _STREAMED_PRIORITY
                await self._pieces.prioritize_files(download.infohash, wanted)
                stream.order_anew()
        except BaseException:
            del stream.files[span.index]
            if not stream.files:
                del self._streams[download.infohash]
            raise

    def _changes_of(self, infohash: Infohash) -> asyncio.Lock:
        return self._changing.setdefault(infohash, asyncio.Lock())

    def _order(self, download: ActiveDownload, stream: DownloadStream) -> None:
        stream.order()
        if not stream.is_ended:
            self._show(download, stream)

    def _show(self, download: ActiveDownload, stream: DownloadStream) -> None:
        download.vod = stream.status()
        self._downloads.touch(download.infohash)

    async def _end_if_idle(self, stream: DownloadStream) -> None:
        await asyncio.sleep(IDLE_SECONDS)
        if not stream.is_in_use and self._streams.get(stream.infohash) is stream:
            await self.end(stream.infohash)

    # --- what the engine reports --------------------------------------------------------------------------------

    def _listen(self) -> None:
        if not self._unlisten:
            self._unlisten = [
                self._engine.listen(PieceFinished, self._came),
                self._engine.listen(TorrentChecked, self._checked),
            ]

    def _stop_listening(self) -> None:
        while self._unlisten:
            self._unlisten.pop()()

    def _came(self, event: PieceFinished) -> None:
        stream, download = self._streams.get(event.infohash), self._downloads.find(event.infohash)
        if stream is not None and download is not None:
            stream.came(event.piece)
            self._show(download, stream)

    def _checked(self, event: TorrentChecked) -> None:
        if (stream := self._streams.get(event.infohash)) is not None:
            self._tasks.start("stream-look", self._look(stream))

    async def _look(self, stream: DownloadStream) -> None:
        with suppress(TriblerdError):  # the torrent is about to leave the engine
            await stream.look()
            stream.order_anew()


def _selected(download: ActiveDownload) -> tuple[int, ...]:
    record = download.record
    return priorities(record.selection, record.file_count, record.levels) or (NORMAL_PRIORITY,) * record.file_count
