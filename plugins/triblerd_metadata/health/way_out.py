"""Whom a check may ask, and from where: as the engine speaks to its peers, or not at all."""

import asyncio
import logging
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_downloads.api import DefaultHops
from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine
from triblerd_metadata.health.dht import Dht
from triblerd_metadata.health.outgoing import Address, Names, Outgoing, Refuses, outgoing_of
from triblerd_metadata.health.scrapes import Scrapes, Spawn
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.values import Counted, NoAnswerError

log = logging.getLogger(__name__)

_MOST_ROUTERS = 4


class Way(NamedTuple):
    """A way to those who can be asked.

    Attributes:
        outgoing: From where.
    """

    outgoing: Outgoing
    scrapes: Scrapes
    dht: Dht


class WayOut:
    """Opens the way that the settings allow at this moment.

    There is none with hops yet, and none through the user's own proxy: where the engine goes by either, nobody is asked
    rather than asked past it. Nor is there one without the engine, which knows what is wanted.

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

    async def open(self) -> Way | None:
        """Return the way, ``None`` when nobody may be asked now."""
        async with self._opening:
            outgoing = await self._allowed()
            if self._way is not None and self._way.outgoing == outgoing:
                return self._way
            await self._shut()
            if outgoing is not None:
                self._way = await self._opened(outgoing)
            return self._way

    async def scrape_dht(self, way: Way, infohash: bytes) -> Counted:
        """Return how many peers the DHT knows.

        Raises:
            NoAnswerError: the engine does not use it, or nobody answers.
        """
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

    async def _allowed(self) -> Outgoing | None:
        engine, diagnostics = self._services.find(TorrentEngine), self._services.find(SessionDiagnostics)
        if engine is None or diagnostics is None:
            return None
        if DefaultHops(services=self._services, plugins=self._plugins, engine=engine).now():
            return None
        settings = await diagnostics.session_settings(0)
        if settings.get("proxy_type") != 0:
            return None
        return outgoing_of(str(settings["listen_interfaces"]))

    async def _opened(self, outgoing: Outgoing) -> Way | None:
        dht = Dht(refuses=self._refuses)
        way = Way(outgoing, Scrapes(names=self._names, book=self._book, spawn=self._spawn), dht)
        try:
            await way.scrapes.open(outgoing)
            await way.dht.open(outgoing)
        except OSError as error:
            log.warning("Nobody can be asked from %s%s: %s", outgoing.address, outgoing.device, error)
            await way.scrapes.close()
            return None
        return way

    async def _shut(self) -> None:
        if self._way is not None:
            way, self._way = self._way, None
            way.dht.close()
            await way.scrapes.close()

    async def _addresses(self, nodes: Sequence[tuple[str, int]]) -> list[Address]:
        return [(host, port) for host, port in nodes if _is_address(host)] or [
            (address, port)
            for host, port in nodes[:_MOST_ROUTERS]
            if (address := await self._address(host)) is not None
        ]

    async def _address(self, host: str) -> str | None:
        try:
            return await self._names.address(host)
        except OSError:
            return None


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
