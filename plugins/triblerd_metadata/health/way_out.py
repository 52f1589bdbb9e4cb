"""Whom a check may ask, and from where: as the engine speaks to its peers, or not at all."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_downloads.api import DefaultHops
from triblerd_libtorrent.api import CircuitFetcher, Endpoint, SessionDiagnostics, TorrentEngine, TunnelAccess
from triblerd_metadata.health.dht import Dht
from triblerd_metadata.health.outgoing import Address, Detour, Names, Outgoing, Refuses, is_address, outgoing_of
from triblerd_metadata.health.scrapes import Scrapes, Spawn
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.values import Counted, NoAnswerError

log = logging.getLogger(__name__)

_MOST_ROUTERS = 4
_LOOK_SECONDS = 0.1


class Way(NamedTuple):
    """A way to those who can be asked.

    Attributes:
        outgoing: From where.
        dht: ``None`` where it is not asked.
    """

    outgoing: Outgoing | Detour
    scrapes: Scrapes
    dht: Dht | None

    @property
    def hops(self) -> int:
        """How many hops are between us and who is asked."""
        return self.outgoing.hops if isinstance(self.outgoing, Detour) else 0


class WayOut:
    """Opens the way that the settings allow at this moment.

    Where downloads have hops by default, it leads through tunnels of as many. There is none through the user's own
    proxy: nobody is asked past it. Nor is there one without the engine, which knows what is wanted.

    Args:
        book: Where it is noted when trackers are asked.
        names: Finds the addresses of hosts, but for those that are refused.
        refuses: Which addresses are not spoken to.
        spawn: Starts background work.
    """

    def __init__(  # noqa: PLR0913 - its surroundings, by keyword
        self,
        *,
        services: Services,
        plugins: PluginDirectory,
        book: TrackerBook,
        names: Names,
        refuses: Refuses,
        spawn: Spawn,
    ) -> None:
        self._refuses = refuses
        self._services = services
        self._plugins = plugins
        self._book = book
        self._names = names
        self._spawn = spawn
        self._way: Way | None = None
        self._opening = asyncio.Lock()

    async def open(self, *, patience_seconds: float = 0.0) -> Way | None:
        """Return the way, ``None`` when nobody may be asked now.

        Args:
            patience_seconds: Have tunnels built, if it leads there, and wait for so long; with 0 take what is there.
        """
        if patience_seconds:
            await self._wait(patience_seconds)  # not within the lock, or many would wait one after another
        async with self._opening:
            outgoing = await self._allowed()
            if self._way is not None and self._way.outgoing == outgoing and self._way.scrapes.is_open:
                return self._way
            await self._shut()
            if outgoing is not None:
                self._way = await self._opened(outgoing)
            return self._way

    async def is_anonymous(self) -> bool:
        """Return whether it leads through tunnels, which are up."""
        return isinstance(await self._allowed(), Detour)

    async def scrape_dht(self, way: Way, infohash: bytes) -> Counted:
        """Return how many peers the DHT knows.

        Raises:
            NoAnswerError: the engine does not use it, or nobody answers.
        """
        if way.dht is None:
            msg = "the DHT is not asked through tunnels"
            raise NoAnswerError(msg)
        diagnostics = self._services.find(SessionDiagnostics)
        nodes = await diagnostics.dht_nodes(0) if diagnostics is not None else ()
        starts = await self._addresses(nodes)
        if not starts:
            msg = "the DHT is off, or nobody is known there"
            raise NoAnswerError(msg)
        return await way.dht.scrape(infohash, starts)

    async def close(self) -> None:
        """Close all connections."""
        await self._shut()
        await self._names.close()

    async def _wait(self, seconds: float) -> None:
        engine = self._services.find(TorrentEngine)
        if engine is None or not (hops := self._default_hops(engine)):
            return
        tunnels = TunnelAccess(services=self._services, sessions=engine.sessions)
        tunnels.want(hops)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while tunnels.is_offered(hops) and tunnels.obstacle(hops):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(_LOOK_SECONDS)

    def _default_hops(self, engine: TorrentEngine) -> int:
        return DefaultHops(services=self._services, plugins=self._plugins, engine=engine).now()

    async def _allowed(self) -> Outgoing | Detour | None:
        engine, diagnostics = self._services.find(TorrentEngine), self._services.find(SessionDiagnostics)
        if engine is None or diagnostics is None:
            return None
        if hops := self._default_hops(engine):
            tunnels = TunnelAccess(services=self._services, sessions=engine.sessions)
            server = None if tunnels.obstacle(hops) else diagnostics.socks_server(hops)
            return None if server is None else Detour(hops, Endpoint(*server))
        settings = await diagnostics.session_settings(0)
        if settings.get("proxy_type") != 0:
            return None
        return outgoing_of(str(settings["listen_interfaces"]))

    async def _opened(self, outgoing: Outgoing | Detour) -> Way | None:
        dht = Dht(refuses=self._refuses) if isinstance(outgoing, Outgoing) else None
        way = Way(outgoing, Scrapes(names=self._names, book=self._book, spawn=self._spawn), dht)
        try:
            await way.scrapes.open(outgoing, self._services.find(CircuitFetcher))
            if dht is not None:
                await dht.open(outgoing)
        except BaseException as error:  # cancelled as well: nobody else knows of these connections
            await way.scrapes.close()
            if not isinstance(error, OSError):
                raise
            log.warning("Nobody can be asked from %s: %s", outgoing, error)
            return None
        return way

    async def _shut(self) -> None:
        if self._way is not None:
            way, self._way = self._way, None
            if way.dht is not None:
                way.dht.close()
            await way.scrapes.close()

    async def _addresses(self, nodes: Sequence[tuple[str, int]]) -> list[Address]:
        return [(host, port) for host, port in nodes if is_address(host)] or [
            (address, port)
            for host, port in nodes[:_MOST_ROUTERS]
            if (address := await self._address(host)) is not None
        ]

    async def _address(self, host: str) -> str | None:
        try:
            return await self._names.address(host)
        except OSError:
            return None
