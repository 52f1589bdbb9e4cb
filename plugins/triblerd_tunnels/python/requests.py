"""HTTP through circuits: one request, which an exit makes, and its answer in numbered parts."""

import asyncio
import random
import secrets
import struct
from typing import Final

from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.tunnel import Circuit

from triblerd_tunnels.python.cells import Cells, Message

MOST_REQUEST: Final = 8192
"""Bytes of a request."""
MOST_PARTS: Final = 12_000
"""Parts of an answer, 1400 bytes each: 16 MiB."""
MOST_WAITING: Final = 16
LIMIT_SECONDS: Final = 10.0
EXIT_HTTP: Final = 32768
"""The flag of exits that make requests."""

_HEAD: Final = struct.Struct("!BIHHH")  # the message's number, the request's, a part's, of how many, its bytes


class _Waiting:
    """An answer that has not come as a whole."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.parts: dict[int, bytes] = {}
        self.total = 0
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()


class CircuitRequests:
    """Sends requests, and puts answers together.

    Args:
        community: Has the circuits.
        cells: Sends into them.
    """

    def __init__(self, community: HiddenTunnelCommunity, cells: Cells) -> None:
        self._community = community
        self._cells = cells
        self._waiting: dict[int, _Waiting] = {}

    async def ask(self, hops: int, target: bytes, request: bytes) -> bytes:
        """Send a request over a circuit; return the answer, empty when there is no circuit for it, or no answer.

        Args:
            hops: The length of the circuit.
            target: The packed address of the server.
            request: As the server shall have it.
        """
        circuits = [one for one in self._community.find_circuits(hops=hops) if EXIT_HTTP in one.exit_flags]
        if not circuits or len(request) > MOST_REQUEST or len(self._waiting) >= MOST_WAITING:
            return b""
        number = secrets.randbits(32)
        self._waiting[number] = waiting = _Waiting(random.choice(circuits))  # noqa: S311 - anyone will do
        head = struct.pack("!BI", Message.HTTP_REQUEST, number) + target + struct.pack("!H", len(request))
        try:
            self._cells.send(waiting.circuit, head + request)
            async with asyncio.timeout(LIMIT_SECONDS):
                return await waiting.answer
        except TimeoutError:
            return b""
        finally:
            del self._waiting[number]

    def received(self, circuit: Circuit, message: bytes) -> bool:
        """Take a part of an answer; what nobody asked for is dropped."""
        if len(message) < _HEAD.size:
            return True
        _, number, part, total, length = _HEAD.unpack_from(message)
        waiting = self._waiting.get(number)
        if waiting is None or waiting.circuit is not circuit or waiting.answer.done():
            return True
        if part < total <= MOST_PARTS and waiting.total in (0, total):
            waiting.total = total
            waiting.parts[part] = message[_HEAD.size : _HEAD.size + length]
            if len(waiting.parts) == total:
                waiting.answer.set_result(b"".join(waiting.parts[number] for number in range(total)))
        return True
