"""Single pieces of torrents: which come first, when, and what is in them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import libtorrent as lt

from triblerd_libtorrent.api import EngineError, Infohash
from triblerd_libtorrent.priorities import FilePriorities
from triblerd_libtorrent.torrents import Torrents

T = TypeVar("T")

_ANSWER_SECONDS = 30.0
_DIGITS = b"01" + bytes(254)
"""Maps the numbers 0 and 1 to the digits."""
_MOST_ORDERS = 3  # an answer may be the one to an order before ours


class _Questions(defaultdict[object, list["asyncio.Future[T]"]]):
    """Who waits for which answer of the engine. Several may wait for the same one."""

    def __init__(self) -> None:
        super().__init__(list)

    def is_asked(self, question: object) -> bool:
        return bool(self.get(question))

    async def wait(self, question: object) -> T:
        """Return the answer.

        Raises:
            EngineError: it says that it cannot, or nothing in time.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self[question].append(future)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await future
        except TimeoutError as error:
            msg = "The engine did not answer in time"
            raise EngineError(msg) from error
        finally:
            if future in self.get(question, ()):
                self[question].remove(future)

    def answer(self, question: object, value: T) -> None:
        for future in self.pop(question, ()):
            if not future.done():
                future.set_result(value)

    def refuse(self, question: object, reason: str) -> None:
        for future in self.pop(question, ()):
            if not future.done():
                future.set_exception(EngineError(reason))


class PieceAccess:
    """Implements :class:`triblerd_libtorrent.api.TorrentPieces`."""

    def __init__(self, torrents: Torrents, priorities: FilePriorities) -> None:
        self._torrents = torrents
        self._priorities = priorities
        self._reads: _Questions[bytes] = _Questions()
        self._flushes: _Questions[None] = _Questions()
        self._orders: _Questions[None] = _Questions()

    async def bitmap(self, infohash: Infohash) -> bytes:
        """Return the bitmap of verified pieces."""
        return await self._torrents.ask(infohash, _bitmap)

    async def file_progress(self, infohash: Infohash) -> tuple[int, ...]:
        """Return the verified and received bytes of each file."""
        return tuple(await self._torrents.ask(infohash, lt.torrent_handle.file_progress))

    async def read(self, infohash: Infohash, piece: int) -> bytes:
        """Return the content of a verified piece."""
        handle = self._torrents.get(infohash).handle
        if not self._reads.is_asked((infohash, piece)):
            handle.read_piece(piece)
        return await self._reads.wait((infohash, piece))

    async def flush(self, infohash: Infohash) -> None:
        """Have everything that was verified written to the files."""
        self._torrents.get(infohash).handle.flush_cache()
        await self._flushes.wait(infohash)

    async def prioritize_files(self, infohash: Infohash, priorities: Sequence[int]) -> None:
        """Set one priority per file, which sets that of every piece, and wait until it is in force."""
        torrent, wanted = self._torrents.get(infohash), list(priorities)
        self._priorities.set(torrent, wanted)
        for _ in range(_MOST_ORDERS):
            await self._orders.wait(infohash)
            if await asyncio.to_thread(_are_in_force, torrent.handle, wanted):
                return

    def prioritize(self, infohash: Infohash, priorities: Mapping[int, int]) -> None:
        """Set the priorities of some pieces, 0..7."""
        if priorities:
            self._torrents.get(infohash).handle.prioritize_pieces(list(priorities.items()))

    def set_deadlines(self, infohash: Infohash, milliseconds: Mapping[int, int]) -> None:
        """Have some pieces by a time from now on, whatever their priority."""
        handle = self._torrents.get(infohash).handle
        for piece, deadline in milliseconds.items():
            handle.set_piece_deadline(piece, deadline)

    def clear_deadlines(self, infohash: Infohash, pieces: Iterable[int]) -> None:
        """Take deadlines back; the priority of these pieces is ``AFTER_DEADLINE`` then."""
        handle = self._torrents.get(infohash).handle
        for piece in pieces:
            handle.reset_piece_deadline(piece)

    # --- what the engine answers --------------------------------------------------------------------------------

    def was_read(self, alert: lt.read_piece_alert) -> None:
        """Take the content of a piece."""
        question = (self._name(alert), alert.piece)
        if not self._reads.is_asked(question):
            return
        if alert.error.value():
            self._reads.refuse(question, alert.error.message())
        else:
            self._reads.answer(question, alert.buffer)

    def was_flushed(self, alert: lt.cache_flushed_alert) -> None:
        """Note that a torrent's buffers are empty."""
        self._flushes.answer(self._name(alert), None)

    def was_ordered(self, alert: lt.file_prio_alert) -> None:
        """Note that priorities are in force, and go on with those that wait."""
        self._priorities.answered(alert)
        self._orders.answer(self._name(alert), None)

    def _name(self, alert: lt.torrent_alert) -> Infohash:
        return self._torrents.name_of(alert.handle.info_hashes())


def _bitmap(handle: lt.torrent_handle) -> bytes:
    pieces = handle.status(lt.torrent_handle.query_pieces).pieces
    if not pieces:
        return b""
    padded = bytes(pieces).translate(_DIGITS).ljust(-(-len(pieces) // 8) * 8, b"0")
    return int(padded, 2).to_bytes(len(padded) // 8)


def _are_in_force(handle: lt.torrent_handle, wanted: Sequence[int]) -> bool:
    """Return whether the files have these priorities; padding never has any."""
    info = handle.torrent_file()
    others = [index for index, level in enumerate(handle.get_file_priorities()) if wanted[index : index + 1] != [level]]
    return info is not None and all(info.layout().file_flags(index) & lt.file_flags_t.flag_pad_file for index in others)
