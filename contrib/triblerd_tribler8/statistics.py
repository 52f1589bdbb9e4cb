"""``GET /api/statistics/tribler``."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.http.endpoint import route
from triblerd.services import Lifecycle
from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine
from triblerd_tribler8.parts import Dialect
from triblerd_tunnels.api import TunnelView


class SessionBytes(msgspec.Struct, frozen=True, kw_only=True):
    """What a session of the engine sent and received, in bytes."""

    hops: Annotated[int, Meta(description="Which session")]
    recv_bytes: int
    sent_bytes: int
    dht_recv_bytes: int
    dht_sent_bytes: int
    tracker_recv_bytes: int
    tracker_sent_bytes: int
    payload_recv_bytes: int
    payload_sent_bytes: int


class EngineBytes(msgspec.Struct, frozen=True, kw_only=True):
    """What all sessions did."""

    sessions: list[SessionBytes]
    total_recv_bytes: int
    total_sent_bytes: int


class SocksServer(msgspec.Struct, frozen=True, kw_only=True):
    """A SOCKS5 server of this machine, by which a session reaches its peers."""

    port: int
    hops: int
    associates: Annotated[list[int] | None, Meta(description="UDP associations, as one number")]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of what runs; of what does not there are none."""

    peers: Annotated[int | UnsetType, Meta(description="Peers in the overlay of searches")] = UNSET
    db_size: Annotated[int | UnsetType, Meta(description="Bytes of the metadata store")] = UNSET
    num_torrents: Annotated[int | UnsetType, Meta(description="Known torrents")] = UNSET
    libtorrent: EngineBytes | UnsetType = UNSET
    socks5_sessions: list[SocksServer] | UnsetType = UNSET
    endpoint_version: Annotated[str | None, Meta(description="The daemon's version")]


class TriblerFigures(msgspec.Struct, frozen=True):
    """General figures."""

    tribler_statistics: Figures


_COUNTERS: Mapping[str, str] = {
    "recv_bytes": "net.recv_bytes",
    "sent_bytes": "net.sent_bytes",
    "dht_recv_bytes": "dht.dht_bytes_in",
    "dht_sent_bytes": "dht.dht_bytes_out",
    "tracker_recv_bytes": "net.recv_tracker_bytes",
    "tracker_sent_bytes": "net.sent_tracker_bytes",
    "payload_recv_bytes": "net.recv_payload_bytes",
    "payload_sent_bytes": "net.sent_payload_bytes",
}
"""The engine's own names."""


class StatisticsPart(Dialect):
    """What the daemon has done."""

    prefix = "/api/statistics"

    @route("GET", "/tribler")
    async def tribler(self) -> TriblerFigures:
        """Return general figures: of the metadata store, the engine, and the overlay."""
        told = self._told()
        tunnels = self.context.services.find(TunnelView)
        return TriblerFigures(
            Figures(
                peers=told.get("discovery", {}).get("peers", UNSET),
                db_size=told.get("tribler", {}).get("db_size", UNSET),
                num_torrents=told.get("tribler", {}).get("num_torrents", UNSET),
                libtorrent=await self._engine(),
                socks5_sessions=UNSET
                if tunnels is None
                else [
                    SocksServer(port=server.port, hops=server.hops, associates=[server.associations])
                    for server in tunnels.socks_servers()
                ],
                endpoint_version=self.context.service(Lifecycle).version,
            )
        )

    def _told(self) -> dict[str, dict[str, Any]]:
        sections: dict[str, dict[str, Any]] = {}
        for _, answer in self.context.hooks.call_each("triblerd_statistics"):
            for section, figures in answer.items() if isinstance(answer, Mapping) else ():
                sections.setdefault(section, {}).update(figures)
        return sections

    async def _engine(self) -> EngineBytes | UnsetType:
        engine, diagnostics = self.context.services.find(TorrentEngine), self.context.services.find(SessionDiagnostics)
        if engine is None or diagnostics is None:
            return UNSET
        hops = list(engine.sessions())
        counted = await asyncio.gather(*(_counters(diagnostics, number) for number in hops))
        sessions = [
            SessionBytes(hops=number, **{name: counters.get(counter, 0) for name, counter in _COUNTERS.items()})
            for number, counters in zip(hops, counted, strict=True)
        ]
        return EngineBytes(
            sessions=sessions,
            total_recv_bytes=sum(session.recv_bytes for session in sessions),
            total_sent_bytes=sum(session.sent_bytes for session in sessions),
        )


async def _counters(diagnostics: SessionDiagnostics, hops: int) -> Mapping[str, int]:
    try:
        return await diagnostics.session_counters(hops)
    except TimeoutError:  # it is busy; the next poll comes soon
        return {}
