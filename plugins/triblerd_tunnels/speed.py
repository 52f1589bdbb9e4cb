"""Tests how fast a circuit is, with one of two messages: one for every last hop, one for fast ones."""

from collections.abc import AsyncIterator
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
            yield self._community.carrier.time(
                circuit, request_size=request_size, response_size=response_size, milliseconds=milliseconds
            )

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
