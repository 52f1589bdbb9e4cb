"""Tests how fast a circuit is, with one of two messages: one that every last hop answers, one for those in Rust."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from ipv8.messaging.anonymization.tunnel import (
    CIRCUIT_STATE_READY,
    CIRCUIT_TYPE_DATA,
    PEER_FLAG_SPEED_TEST,
    Circuit,
)
from ipv8.messaging.anonymization.utils import run_speed_test

from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd_tunnels.api import SpeedFigures, SpeedSample
from triblerd_tunnels.community import TunnelsCommunity

KIND = "SPEED_TEST"
"""The type of a circuit that is built for a test alone."""
_NO_CIRCUIT = "failed to create circuit"
_ROUND_TRIP_MS = 100
_SLICE_MS = 2000
_SAMPLE_MS = 500
_MIB = 1024 * 1024
_GRACE_SECONDS = 10.0


class SpeedTests:
    """Runs tests, of circuits that there are or that are built for it.

    Args:
        community: Whose circuits they are.
    """

    def __init__(self, community: TunnelsCommunity) -> None:
        self._community = community

    async def requests(
        self, circuit_id: int | None, *, goal_hops: int, request_size: int, response_size: int, num_requests: int
    ) -> SpeedFigures:
        """Send some requests, at most 50 at a time, and wait for the answers."""
        async with self._circuit(circuit_id, goal_hops) as circuit:
            found = await run_speed_test(self._community, circuit, request_size, response_size, num_requests)
        return SpeedFigures(
            speed_up=float(found["speed_up"]),
            speed_down=float(found["speed_down"]),
            messages_sent=int(found["messages_sent"]),
            messages_received=int(found["messages_received"]),
            rtt_mean=float(found["rtt_mean"]),
            rtt_median=float(found["rtt_median"]),
        )

    @asynccontextmanager
    async def time(
        self, circuit_id: int | None, *, goal_hops: int, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[AsyncIterator[SpeedSample]]:
        """Send requests for some time; what is entered yields the speed since the sample before."""
        async with self._circuit(circuit_id, goal_hops) as circuit:
            yield self._samples(circuit, request_size, response_size, milliseconds)

    async def _samples(
        self, circuit: Circuit, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[SpeedSample]:
        # In slices: the endpoint hands over every request since the beginning with each sample, some 20,000 a second.
        while milliseconds > 0 and circuit.state == CIRCUIT_STATE_READY:
            queue: asyncio.Queue[tuple[int, int, bool]] = asyncio.Queue()
            part = min(milliseconds, _SLICE_MS)
            milliseconds -= part
            self._community.rust.run_speedtest(
                circuit.circuit_id, part, request_size, response_size, _ROUND_TRIP_MS, _into(queue), _SAMPLE_MS
            )
            sent, received, before, is_done = 0, 0, time.monotonic(), False
            while not is_done:
                async with asyncio.timeout(_GRACE_SECONDS):
                    sent_now, received_now, is_done = await queue.get()
                seconds = max(time.monotonic() - before, 0.001)
                yield SpeedSample(
                    up=(sent_now - sent) / seconds / _MIB, down=(received_now - received) / seconds / _MIB
                )
                sent, received, before = sent_now, received_now, time.monotonic()

    @asynccontextmanager
    async def _circuit(self, circuit_id: int | None, goal_hops: int) -> AsyncIterator[Circuit]:
        if circuit_id is not None:
            yield self._found(circuit_id)
            return
        circuit = self._community.create_circuit(goal_hops, KIND, exit_flags=(PEER_FLAG_SPEED_TEST,))
        if circuit is None:
            raise FailedError(_NO_CIRCUIT)
        try:
            if not await circuit.ready:
                raise FailedError(_NO_CIRCUIT)
            yield circuit
        finally:
            self._community.drop(circuit, "speed test finished")

    def _found(self, circuit_id: int) -> Circuit:
        circuit = self._community.circuits.get(circuit_id)
        if circuit is None:
            msg = "could not find requested circuit"
            raise NotFoundError(msg)
        if circuit.state != CIRCUIT_STATE_READY:
            msg = "the requested circuit is not ready to transfer data"
            raise InvalidInputError(msg)
        if circuit.ctype == CIRCUIT_TYPE_DATA and PEER_FLAG_SPEED_TEST not in circuit.exit_flags:
            msg = "the requested circuit does not support speed testing"
            raise InvalidInputError(msg)
        return circuit


def _into(queue: asyncio.Queue[tuple[int, int, bool]]) -> Callable[[Mapping[int, Sequence[int]], bool], None]:
    """Return what takes a sample: for each request when it was sent, its bytes, when it was answered, those bytes."""

    def take(requests: Mapping[int, Sequence[int]], is_done: bool) -> None:
        sent, received = 0, 0
        for _, up, _, down in requests.values():
            sent += up
            received += down
        queue.put_nowait((sent, received, is_done))

    return take
