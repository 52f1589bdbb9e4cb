"""One download that is streamed: who plays which of its files, and what is still missing there."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from triblerd.errors import TriblerdError
from triblerd_downloads.streaming.plan import Place, Plan, make_plan
from triblerd_downloads.streaming.spans import FileSpan
from triblerd_downloads.vod import VodStatus
from triblerd_libtorrent.api import AFTER_DEADLINE, EngineError, Infohash, TorrentPieces

_READ_AGAIN = 5
_READ_AGAIN_SECONDS = 0.1


class StreamedFile:
    """One file, and who plays it.

    Attributes:
        missing: Its pieces that are not there.
        buffer_from: It is prepared to be played from this byte on; ``None`` when nobody asked for that.
        told: What the engine knows of our wishes; ``None`` when it may have forgotten them.
    """

    def __init__(self, span: FileSpan) -> None:
        self.span = span
        self.missing: set[int] = set(span.pieces)
        self.cursors: set[Cursor] = set()
        self.buffer_from: int | None = None
        self.told: Plan | None = None

    def plan(self) -> Plan:
        """Return what is fetched when, for those who read."""
        reading = [cursor for cursor in self.cursors if not cursor.is_stalled] or self.cursors
        return make_plan(self.span, self.missing, map(self._place, reading), buffer_from=self.buffer_from)

    def share(self, pieces: range) -> float:
        """Return what is there of some of its pieces; 1 for none."""
        return sum(piece not in self.missing for piece in pieces) / len(pieces) if pieces else 1.0

    def share_before_gap(self, pieces: range) -> float:
        """Return what is there of some of its pieces up to the first that is missing; 1 for none."""
        gap = next((place for place, piece in enumerate(pieces) if piece in self.missing), len(pieces))
        return gap / len(pieces) if pieces else 1.0

    def _place(self, cursor: "Cursor") -> Place:
        waits = self.span.piece_at(cursor.position) in self.missing
        return Place(cursor.position, is_starting=waits and not cursor.has_started)


class DownloadStream:
    """The streamed files of one download, and what the engine was told for them.

    Every order concerns missing pieces alone; the engine forgets what it was told of a piece when that has come.

    Attributes:
        shown: The file whose progress clients see, and from which byte it is played.
        is_ended: Nobody is to read it any more.
    """

    def __init__(self, infohash: Infohash, *, pieces: TorrentPieces) -> None:
        self.infohash = infohash
        self.files: dict[int, StreamedFile] = {}
        self.shown: tuple[StreamedFile, int] | None = None
        self.is_ended = False
        self.pieces = pieces
        self._news = asyncio.Event()

    @property
    def is_in_use(self) -> bool:
        """Whether somebody plays a file, or prepares to."""
        return any(file.cursors or file.buffer_from is not None for file in self.files.values())

    def status(self) -> VodStatus:
        """Return how ready the file is that was prepared or played last."""
        if self.shown is None:
            return VodStatus(is_enabled=True)
        file, position = self.shown
        buffer = file.span.window(position)
        return VodStatus(
            is_enabled=True,
            prebuffering=file.share(buffer),
            prebuffering_consecutive=file.share_before_gap(buffer),
            header=file.share(file.span.header),
            footer=file.share(file.span.footer),
        )

    async def look(self) -> None:
        """Find out which pieces are there.

        Raises:
            TriblerdError: the engine does not have the torrent any more.
        """
        bitmap = await self.pieces.bitmap(self.infohash)
        for file in self.files.values():
            file.missing = {piece for piece in file.span.pieces if not _has(bitmap, piece)}
        self._wake()

    def came(self, piece: int) -> None:
        """Note that a piece is there."""
        changed = [file for file in self.files.values() if piece in file.missing]
        for file in changed:
            file.missing.discard(piece)
        if changed:
            self.order()
            self._wake()

    def order(self) -> None:
        """Tell the engine what changed of the order in which pieces are wanted."""
        if self.is_ended:
            return
        with suppress(TriblerdError):  # the torrent is about to leave the engine
            for file in self.files.values():
                plan = file.plan()
                _tell(self.pieces, self.infohash, file.missing, before=file.told, now=plan)
                file.told = plan

    def order_anew(self) -> None:
        """Tell the engine everything, since it forgot the order."""
        for file in self.files.values():
            file.told = None
        self.order()

    async def wait_for(self, file: StreamedFile, piece: int) -> None:
        """Wait until a piece is there."""
        while piece in file.missing:
            await self._news.wait()

    def end(self) -> None:
        """End the requests of all who read."""
        self.is_ended = True
        for file in self.files.values():
            for cursor in file.cursors:
                cursor.on_end()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Cursor:
    """A client's place in a file, from which it reads on.

    Attributes:
        position: The byte of the file that is sent next.
        has_started: Something was sent.
        is_stalled: The client has stopped reading; while others read, nothing is fetched ahead for it.
        on_end: Called when the stream ends before its file does.
    """

    def __init__(self, stream: DownloadStream, file: StreamedFile, position: int) -> None:
        self.position = position
        self.has_started = False
        self.is_stalled = False
        self.on_end: Callable[[], None] = lambda: None
        self._stream = stream
        self._file = file

    @property
    def has_all(self) -> bool:
        """Whether nothing of the file is missing."""
        return not self._file.missing

    @property
    def is_ended(self) -> bool:
        """Whether the stream has ended."""
        return self._stream.is_ended

    async def read(self) -> memoryview:
        """Return what follows up to the end of the piece, waiting for it; the torrent's next file may be in it.

        Raises:
            TriblerdError: the engine cannot read the piece.
        """
        span = self._file.span
        piece = span.piece_at(self.position)
        for _ in range(_READ_AGAIN):
            await self._stream.wait_for(self._file, piece)
            with suppress(EngineError):
                return self._rest_of(piece, await self._stream.pieces.read(self._stream.infohash, piece))
            await asyncio.sleep(_READ_AGAIN_SECONDS)  # the files are being checked anew, perhaps
            await self._stream.look()
            self._stream.order_anew()
        return self._rest_of(piece, await self._stream.pieces.read(self._stream.infohash, piece))

    def _rest_of(self, piece: int, content: bytes) -> memoryview:
        return memoryview(content)[self._file.span.place_in(piece, self.position) :]

    async def flush(self) -> None:
        """Have the file on disk say all that is there."""
        await self._stream.pieces.flush(self._stream.infohash)

    def move(self, count: int) -> None:
        """Note that so many bytes were sent."""
        before = self._file.span.piece_at(self.position)
        self.position += count
        if not self.has_started or self._file.span.piece_at(self.position) != before:
            self.has_started = True
            self._stream.order()

    def stall(self, *, is_stalled: bool) -> None:
        """Note that the client has stopped reading, or reads again."""
        if is_stalled != self.is_stalled:
            self.is_stalled = is_stalled
            self._stream.order()


def _tell(pieces: TorrentPieces, infohash: Infohash, missing: set[int], *, before: Plan | None, now: Plan) -> None:
    known = before or Plan()
    overdue = missing.intersection(known.deadlines.keys() - now.deadlines.keys())
    pieces.clear_deadlines(infohash, overdue)
    was = {**known.priorities, **dict.fromkeys(overdue, AFTER_DEADLINE)}
    all_change = before is None or now.others != before.others
    named: Iterable[int] = missing if all_change else missing.intersection({*was, *now.priorities})
    wanted = {piece: now.priorities.get(piece, now.others) for piece in named}
    changed = {piece: level for piece, level in wanted.items() if all_change or level != was.get(piece, known.others)}
    pieces.prioritize(infohash, changed)
    soon = now.deadlines.items()
    pieces.set_deadlines(infohash, {piece: deadline for piece, deadline in soon if piece not in known.deadlines})


def _has(bitmap: bytes, piece: int) -> bool:
    return piece >> 3 < len(bitmap) and bool(bitmap[piece >> 3] & 0x80 >> (piece & 7))
