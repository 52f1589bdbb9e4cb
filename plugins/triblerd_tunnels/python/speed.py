"""How fast circuits are: requests and answers of chosen sizes, which the last hop sends back at once."""

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator
from typing import Final

from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.tunnel import CIRCUIT_STATE_READY, PEER_FLAG_SPEED_TEST, Circuit

from triblerd_tunnels.api import SpeedSample
from triblerd_tunnels.python.cells import Cells, Message

WINDOW: Final = 64
"""Requests on their way at once."""
LOST_SECONDS: Final = 1.0
SAMPLE_SECONDS: Final = 0.5
MOST_ANSWER: Final = 8192

_MIB = 1024 * 1024
_REQUEST: Final = struct.Struct("!BIH")  # the message's number, the request's, and how long the answer shall be
_RESPONSE: Final = struct.Struct("!BI")


class _Run:
    """A test that runs."""

    def __init__(self, request_size: int, response_size: int) -> None:
        self.request_size = request_size
        self.response_size = response_size
        self.under_way: dict[int, float] = {}
        self.number = 0
        self.sent = 0
        self.received = 0


class SpeedRuns:
    """Runs tests, and answers those of others.

    Args:
        community: Says whether others' tests are answered.
        cells: Sends into circuits.
    """

    def __init__(self, community: HiddenTunnelCommunity, cells: Cells) -> None:
        self._community = community
        self._cells = cells
        self._runs: dict[Circuit, _Run] = {}

    async def time(
        self, circuit: Circuit, *, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[SpeedSample]:
        """Send requests for some time, and yield the speed since the sample before; see ``Carrier``."""
        self._runs[circuit] = run = _Run(request_size, response_size)
        end = time.monotonic() + milliseconds / 1000
        try:
            while (before := time.monotonic()) < end and circuit.state == CIRCUIT_STATE_READY:
                sent, received = run.sent, run.received
                self._fill(circuit, run)
                await asyncio.sleep(min(SAMPLE_SECONDS, end - before))
                seconds = time.monotonic() - before
                yield SpeedSample(
                    up=(run.sent - sent) / seconds / _MIB, down=(run.received - received) / seconds / _MIB
                )
        finally:
            if self._runs.get(circuit) is run:
                del self._runs[circuit]

    def answered(self, circuit: Circuit, message: bytes) -> bool:
        """Take an answer, and send another request in its place."""
        run = self._runs.get(circuit)
        if run is not None and len(message) >= _RESPONSE.size:
            _, number = _RESPONSE.unpack_from(message)
            if run.under_way.pop(number, None) is not None:
                run.received += len(message) - _RESPONSE.size
                self._fill(circuit, run)
        return True

    def asked(self, end: TunnelExitSocket, message: bytes) -> bool:
        """Answer a request that came to the end of somebody's circuit."""
        if len(message) >= _REQUEST.size and PEER_FLAG_SPEED_TEST in self._community.settings.peer_flags:
            _, number, size = _REQUEST.unpack_from(message)
            if size <= MOST_ANSWER:
                self._cells.send(end, _RESPONSE.pack(Message.SPEED_RESPONSE, number) + os.urandom(size))
        return True

    def _fill(self, circuit: Circuit, run: _Run) -> None:
        now = time.monotonic()
        if len(run.under_way) >= WINDOW:
            run.under_way = {number: at for number, at in run.under_way.items() if now - at < LOST_SECONDS}
        while len(run.under_way) < WINDOW:
            run.number += 1
            head = _REQUEST.pack(Message.SPEED_REQUEST, run.number, run.response_size)
            if not self._cells.send(circuit, head + os.urandom(run.request_size)):
                return
            run.under_way[run.number] = now
            run.sent += run.request_size
