"""Requests to web servers that an exit makes for owners of circuits: for what trackers answer, and for torrent files.

What comes back is handed on if it is bencoded, or sends on to somewhere else, so that nobody browses through this node.
"""

import asyncio
import struct
from collections import Counter
from typing import Final

from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity

from triblerd_tunnels.python.cells import IPV4, NAME, Cells, Message, address_end, unpack_address
from triblerd_tunnels.python.exits import ANY_HOST, Names, reaches
from triblerd_tunnels.python.requests import EXIT_HTTP, MOST_REQUEST

MOST_AT_ONCE: Final = 5
"""Requests of one circuit."""
LIMIT_SECONDS: Final = 5.0
MOST_ANSWER: Final = 1 << 20
PART_BYTES: Final = 1400
PARTS_AT_ONCE: Final = 16

_METHOD: Final = b"GET "
_HEAD_END: Final = b"\r\n\r\n"
_REDIRECTS: Final = (b"HTTP/1.1 307", b"HTTP/1.0 307")
_ID: Final = struct.Struct("!BI")
_PART: Final = struct.Struct("!BIHHH")


class WebRequests:
    """Makes them.

    Args:
        community: Says whether this node does so at all, and owns what is under way.
        cells: Sends the answers.
        names: Looks up hosts.
        host: See ``Exits``.
    """

    def __init__(self, community: HiddenTunnelCommunity, cells: Cells, names: Names, host: str) -> None:
        self._community = community
        self._cells = cells
        self._names = names
        self._host = host
        self._under_way: Counter[int] = Counter()

    def asked(self, end: TunnelExitSocket, message: bytes) -> bool:
        """Take a request; more than a circuit may have at once, and what is none, is dropped."""
        if EXIT_HTTP not in self._community.settings.peer_flags or self._under_way[end.circuit_id] >= MOST_AT_ONCE:
            return True
        try:
            middle = address_end(message, _ID.size)
        except ValueError:
            return True
        request = message[middle + 2 :]
        is_whole = len(request) == int.from_bytes(message[middle : middle + 2]) and len(request) <= MOST_REQUEST
        if is_whole and request.startswith(_METHOD):  # what is to be said to other servers than those of the Web is not
            _, number = _ID.unpack_from(message)
            self._under_way[end.circuit_id] += 1
            self._community.register_anonymous_task(
                "request", self._make, end, number, message[_ID.size : middle], request
            )
        return True

    async def _make(self, end: TunnelExitSocket, number: int, target: bytes, request: bytes) -> None:
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                answer = await self._answer(await self._resolved(target), request)
        except OSError:  # TimeoutError is one
            answer = b""
        finally:
            self._under_way[end.circuit_id] -= 1
            if not self._under_way[end.circuit_id]:
                del self._under_way[end.circuit_id]
        if _may_go_back(answer):
            await self._hand_on(end, number, answer)

    async def _resolved(self, target: bytes) -> bytes:
        if target[0] != NAME:
            return target
        found: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._names.find(target, lambda address: None if found.done() else found.set_result(address))
        return await found

    async def _answer(self, target: bytes, request: bytes) -> bytes:
        """Return what the server sends until it closes the connection.

        Raises:
            OSError: there is no way there, or none that may be gone, or the server breaks off.
        """
        if not reaches(target, self._host):
            return b""
        own = (self._host, 0) if self._host != ANY_HOST and target[0] == IPV4 else None
        reader, writer = await asyncio.open_connection(*unpack_address(target), local_addr=own)
        try:
            writer.write(request)
            answer = bytearray()
            while len(answer) <= MOST_ANSWER and (some := await reader.read(1 << 16)):
                answer += some
            return bytes(answer)
        finally:
            writer.transport.abort()

    async def _hand_on(self, end: TunnelExitSocket, number: int, answer: bytes) -> None:
        parts = [answer[at : at + PART_BYTES] for at in range(0, len(answer), PART_BYTES)]
        for place, part in enumerate(parts):
            head = _PART.pack(Message.HTTP_RESPONSE, number, place, len(parts), len(part))
            if not self._cells.send(end, head + part):
                return
            if place % PARTS_AT_ONCE == PARTS_AT_ONCE - 1:
                await asyncio.sleep(0.001)  # or the sockets on the way run over


def _may_go_back(answer: bytes) -> bool:
    head, _, body = answer.partition(_HEAD_END)
    if len(answer) > MOST_ANSWER or not head.startswith(b"HTTP/1."):
        return False
    return head.startswith(_REDIRECTS) or (body[:1] == b"d" and body[-1:] == b"e")
