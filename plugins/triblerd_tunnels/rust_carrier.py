"""Leaves the data of circuits to the endpoint in Rust, where they never reach Python."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8.messaging.anonymization.tunnel import (
    CIRCUIT_STATE_READY,
    CIRCUIT_TYPE_RP_DOWNLOADER,
    CIRCUIT_TYPE_RP_SEEDER,
    Circuit,
    RelayRoute,
    RoutingObject,
)

from triblerd_tunnels.api import SpeedSample
from triblerd_tunnels.carrier import SOCKS_HOST, Address, SocksServer

_CELL = 0
_LINKED = frozenset({CIRCUIT_TYPE_RP_DOWNLOADER, CIRCUIT_TYPE_RP_SEEDER})
_POLL_SECONDS = 0.05
_ROUND_TRIP_MS = 100
_SLICE_MS = 2000
_SAMPLE_MS = 500
_MIB = 1024 * 1024
_GRACE_SECONDS = 10.0


class RustCarrier:
    """Implements ``Carrier``.

    Args:
        community: Has the circuits. Those that are put into its tables are known in Rust, too.
        socket: ``ipv8_rust_tunnels.endpoint.Endpoint``, which can be renewed.
    """

    def __init__(self, community: HiddenTunnelCommunity, socket: Any) -> None:
        self._socket = socket
        self._prefix = community.get_prefix()
        # Or later changes of the flags do not reach it, since it is behind a dispatcher.
        community.settings.endpoint = socket

    async def serve(self, hops: int, port: int = 0) -> int:
        """Open the server, which lives as long as the socket of the overlay."""
        for server in self.servers():  # the one of a session that could not be opened
            if server.hops == hops:
                return server.port
        while True:
            _require_free(port)
            try:
                return int(await asyncio.to_thread(self._socket.create_socks5_server, port, hops))  # blocks until bound
            except RuntimeError as error:
                if "borrowed" not in str(error):  # the endpoint is at work for another thread at this very moment
                    raise
                await asyncio.sleep(_POLL_SECONDS)

    def servers(self) -> Sequence[SocksServer]:
        """Return the servers; associations that have ended go on to be counted."""
        found = self._socket.get_socks5_statistics()
        return [SocksServer(server["port"], server["hops"], server["associates"]) for server in found]

    def expect(self, hops: int, client: Address) -> None:
        """Say where the client is, which holds for the associations of this moment alone."""
        self._socket.set_udp_associate_default_remote(client, hops)

    def peers_over(self, circuit_id: int) -> set[Address]:
        """Return the addresses that are sent to over a circuit."""
        return set(self._socket.get_peers_for_circuit(circuit_id))

    def refresh(self, tunnel: RoutingObject) -> None:
        """Copy the counters, which is done once a second besides."""
        rust = self._socket.rust_ep
        if isinstance(tunnel, Circuit):
            rust.update_circuit_stats(tunnel.circuit_id, tunnel)
        elif isinstance(tunnel, RelayRoute):
            rust.update_relay_stats(tunnel.circuit_id, tunnel)
        else:
            rust.update_exit_stats(tunnel.circuit_id, tunnel)

    def received(self) -> int:
        """Return the bytes of all cells: what is passed on at a rendezvous is in no other counter."""
        cells = self._socket.get_statistics(self._prefix).get(_CELL)
        return cells.bytes_down if cells else 0

    def sent(self, circuit: Circuit, counted: int) -> int:
        """Return half of it where hardly anything but SOCKS5 sends, which is counted twice."""
        return counted // 2 if circuit.ctype in _LINKED else counted

    def exit_leaves(self, circuit_id: int) -> None:
        """Do nothing: the table tells Rust."""

    async def time(
        self, circuit: Circuit, *, request_size: int, response_size: int, milliseconds: int
    ) -> AsyncIterator[SpeedSample]:
        """Send requests over a circuit for some time, which exits in Rust answer."""
        # In slices: the endpoint hands over every request since the beginning with each sample, some 20,000 a second.
        while milliseconds > 0 and circuit.state == CIRCUIT_STATE_READY:
            queue: asyncio.Queue[tuple[int, int, bool]] = asyncio.Queue()
            part = min(milliseconds, _SLICE_MS)
            milliseconds -= part
            self._socket.run_speedtest(
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

    async def close(self) -> None:
        """Open the socket anew if there are servers: nothing else ends them."""
        if self.servers():
            await self._socket.renew()


def _require_free(port: int) -> None:
    """Raise ``OSError`` for a port that another program has: the library would panic over it."""
    socket.create_server((SOCKS_HOST, port)).close()


def _into(queue: asyncio.Queue[tuple[int, int, bool]]) -> Callable[[Mapping[int, Sequence[int]], bool], None]:
    """Return what takes a sample: for each request when it was sent, its bytes, when it was answered, those bytes."""

    def take(requests: Mapping[int, Sequence[int]], is_done: bool) -> None:
        sent, received = 0, 0
        for _, up, _, down in requests.values():
            sent += up
            received += down
        queue.put_nowait((sent, received, is_done))

    return take
