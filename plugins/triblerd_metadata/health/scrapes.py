"""Questions to trackers: those that come at about the same time to the same tracker go as one."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from urllib.parse import urlsplit

from triblerd_libtorrent.api import CircuitFetcher
from triblerd_metadata.health import http_tracker, udp_tracker
from triblerd_metadata.health.http_tracker import HttpTrackers
from triblerd_metadata.health.outgoing import Detour, Names, Outgoing
from triblerd_metadata.health.tracker_book import TrackerBook
from triblerd_metadata.health.udp_tracker import UdpTrackers
from triblerd_metadata.health.values import Counted, NoAnswerError

log = logging.getLogger(__name__)

_GATHER_SECONDS = 0.05

Outcome = Counted | NoAnswerError
Spawn = Callable[[str, Coroutine[object, object, None]], object]


class _Batch:
    """What one tracker will be asked at once.

    Attributes:
        wanted: Whoever waits for the numbers of an infohash.
        limit_seconds: The longest time that one of them waits.
    """

    def __init__(self) -> None:
        self.wanted: dict[bytes, asyncio.Future[Outcome]] = {}
        self.limit_seconds = 0.0


class Scrapes:
    """Asks trackers of any kind.

    Args:
        names: Finds their addresses.
        book: Where it is noted.
        spawn: Starts background work.
    """

    def __init__(self, *, names: Names, book: TrackerBook, spawn: Spawn) -> None:
        self._names = names
        self._book = book
        self._spawn = spawn
        self._udp = UdpTrackers()
        self._http = HttpTrackers(names)
        self._forming: dict[str, _Batch] = {}
        self._finds_names = True

    @property
    def is_open(self) -> bool:
        """Whether anybody can be asked."""
        return self._udp.is_open

    async def open(self, outgoing: Outgoing | Detour, fetcher: CircuitFetcher | None = None) -> None:
        """Make ready to speak from somewhere.

        Args:
            outgoing: From where.
            fetcher: Asks by HTTP when it is a detour.

        Raises:
            OSError: there is no such place.
        """
        self._finds_names = isinstance(outgoing, Outgoing)
        await self._udp.open(outgoing)
        if isinstance(outgoing, Outgoing):
            self._http.open(outgoing)
        elif fetcher is not None:
            self._http.detour(fetcher, outgoing.hops)

    async def close(self) -> None:
        """Close all connections; whoever waits is told that nobody answers."""
        self._udp.close()
        await self._http.close()

    async def ask(self, url: str, infohash: bytes, *, limit_seconds: float) -> Counted:
        """Return how many peers a tracker knows of a torrent.

        Raises:
            NoAnswerError: it does not say.
        """
        batch = self._forming.get(url)
        if batch is None:
            batch = self._forming[url] = _Batch()
            self._spawn("scrape", self._send_soon(url, batch))
        batch.limit_seconds = max(batch.limit_seconds, limit_seconds)
        wanted = batch.wanted.setdefault(infohash, asyncio.get_running_loop().create_future())
        if len(batch.wanted) == _most(url):
            del self._forming[url]
        try:
            async with asyncio.timeout(limit_seconds + _GATHER_SECONDS):
                outcome = await asyncio.shield(wanted)
        except TimeoutError as error:
            msg = f"no answer within {limit_seconds:g} s"
            raise NoAnswerError(msg) from error
        if isinstance(outcome, NoAnswerError):
            raise outcome
        return outcome

    async def _send_soon(self, url: str, batch: _Batch) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        if self._forming.get(url) is batch:
            del self._forming[url]
        found: Sequence[Outcome] = ()
        self._book.used(url)
        try:
            found = await self._scrape(url, list(batch.wanted), batch.limit_seconds)
            self._book.answered(url)
        except NoAnswerError as error:
            log.debug("%s: %s", url, error)
            self._book.failed(url)
            found = [error] * len(batch.wanted)
        finally:
            outcomes = found or [NoAnswerError("the question was given up")] * len(batch.wanted)
            for wanted, outcome in zip(batch.wanted.values(), outcomes, strict=True):
                if not wanted.done():
                    wanted.set_result(outcome)

    async def _scrape(self, url: str, infohashes: Sequence[bytes], limit_seconds: float) -> Sequence[Counted]:
        parts = urlsplit(url)
        if parts.scheme != "udp":
            return await self._http.scrape(url, infohashes, limit_seconds=limit_seconds)
        host = parts.hostname or ""
        try:
            async with asyncio.timeout(limit_seconds):
                host = host if not self._finds_names else await self._names.address(host)
        except (TimeoutError, OSError) as error:
            raise NoAnswerError(str(error) or "its address cannot be found in time") from error
        return await self._udp.scrape((host, parts.port or 0), infohashes, limit_seconds=limit_seconds)


def _most(url: str) -> int:
    return udp_tracker.MOST_INFOHASHES if url.startswith("udp:") else http_tracker.MOST_INFOHASHES
