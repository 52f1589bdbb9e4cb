"""Scrapes of trackers over UDP (BEP 15), all over one socket."""

import asyncio
import secrets
import struct
from collections.abc import Sequence

from triblerd_metadata.health.datagrams import DatagramSocket
from triblerd_metadata.health.outgoing import Address, is_address
from triblerd_metadata.health.values import Counted, NoAnswerError, counted, refusal

MOST_INFOHASHES = 60
"""In one question."""

_MAGIC = 0x41727101980
_CONNECT, _SCRAPE, _ERROR = 0, 2, 3
_HEAD = struct.Struct(">ii")
_CONNECTED = struct.Struct(">iiq")
_CONNECTION_SECONDS = 60.0
_PAUSE_SECONDS = 3.0  # BEP 15 has 15 s; who asks here waits for 20 s in all
_MOST_CONNECTIONS = 5000
_MOST_ID = 2**31 - 1


class _RefusedError(NoAnswerError):
    """The tracker sent an error."""


class UdpTrackers(DatagramSocket):
    """Asks any number of trackers at a time. Every question is a few packets, sent again until somebody answers.

    Args:
        pause_seconds: Until they are sent again for the first time; then twice as long, and so on.
    """

    def __init__(self, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._pause = pause_seconds
        super().__init__()
        self._open: dict[int, tuple[Address, int, asyncio.Future[bytes]]] = {}
        self._connections: dict[Address, tuple[float, int]] = {}

    async def scrape(self, address: Address, infohashes: Sequence[bytes], *, limit_seconds: float) -> list[Counted]:
        """Return how many peers a tracker knows, one for each infohash, in order.

        Args:
            address: IPv4 and port of the tracker; by a detour its name will do.
            infohashes: At most ``MOST_INFOHASHES`` of 20 bytes.
            limit_seconds: For everything.

        Raises:
            NoAnswerError: it does not say.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                return _read_scrape(await self._scrape(address, b"".join(infohashes)), len(infohashes))
        except TimeoutError as error:
            msg = f"no answer within {limit_seconds:g} s"
            raise NoAnswerError(msg) from error

    # --- asyncio's side -----------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand an answer to whoever waits for it. What nobody asked for is dropped."""
        if len(data) < _HEAD.size:
            return
        action, transaction = _HEAD.unpack_from(data)
        asked, wanted, answer = self._open.get(transaction, (None, None, None))
        if answer is None or asked is None or answer.done():
            return
        if addr[:2] != asked and is_address(asked[0]):  # by a detour, names are asked, and addresses answer
            return
        if action == wanted:
            answer.set_result(data)
        elif action == _ERROR:
            answer.set_exception(_RefusedError(refusal(data[_HEAD.size :])))

    def closed(self) -> None:
        """Tell those who wait."""
        for _, _, answer in self._open.values():
            if not answer.done():
                answer.set_exception(NoAnswerError("the socket was closed"))

    # --- a question ---------------------------------------------------------------------------------------------

    async def _scrape(self, address: Address, infohashes: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            is_new = self._connections.get(address, (0.0, 0))[0] <= loop.time()
            if is_new:
                await self._connect(address)
            until, connection = self._connections[address]
            try:
                async with asyncio.timeout_at(until):
                    return await self._exchange(address, connection, _SCRAPE, infohashes)
            except TimeoutError:
                continue  # the connection is too old by now
            except _RefusedError:
                self._connections.pop(address, None)
                if is_new:
                    raise
                # It may have forgotten us, as after a restart.

    async def _connect(self, address: Address) -> None:
        answer = await self._exchange(address, _MAGIC, _CONNECT, b"")
        now = asyncio.get_running_loop().time()
        if len(answer) < _CONNECTED.size:
            msg = "it answered with too few bytes"
            raise NoAnswerError(msg)
        if len(self._connections) >= _MOST_CONNECTIONS:
            self._connections = {place: kept for place, kept in self._connections.items() if kept[0] > now}
        self._connections[address] = now + _CONNECTION_SECONDS, _CONNECTED.unpack_from(answer)[2]

    async def _exchange(self, address: Address, connection: int, action: int, body: bytes) -> bytes:
        transaction = self._new_transaction()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._open[transaction] = address, action, answer
        packet = struct.pack(">qii", connection, action, transaction) + body
        pause = self._pause
        try:
            while True:
                if not self.send(packet, address):
                    msg = "the socket was closed"
                    raise NoAnswerError(msg)
                await asyncio.wait([answer], timeout=pause)
                if answer.done():
                    return answer.result()
                pause *= 2
        finally:
            del self._open[transaction]
            if not answer.cancel():
                answer.exception()  # so that nobody misses it when the time was over in the same moment

    def _new_transaction(self) -> int:
        while (transaction := secrets.randbelow(_MOST_ID)) in self._open:
            pass
        return transaction


def _read_scrape(data: bytes, count: int) -> list[Counted]:
    if len(data) != _HEAD.size + 12 * count:
        msg = "it answered with another number of bytes than for what was asked"
        raise NoAnswerError(msg)
    return [counted(seeders, leechers) for seeders, _, leechers in struct.iter_unpack(">iii", data[_HEAD.size :])]
