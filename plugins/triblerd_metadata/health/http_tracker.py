"""Scrapes of trackers over HTTP and HTTPS (BEP 48)."""

import asyncio
import socket
from collections.abc import Sequence
from urllib.parse import quote_from_bytes, urljoin, urlsplit

import aiohttp
from yarl import URL

from triblerd.errors import TriblerdError
from triblerd.fetching import read_at_most
from triblerd_libtorrent.api import CircuitFetcher, bdecode
from triblerd_metadata.health.outgoing import Names, Outgoing, leads_inside
from triblerd_metadata.health.values import Counted, NoAnswerError, counted, refusal

MOST_INFOHASHES = 40
"""In one question; some servers take no longer addresses."""

_MOST_BYTES = 64 * 1024
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_CONNECTIONS = 100
_CONNECTIONS_PER_HOST = 4
_HEADERS = {"User-Agent": "triblerd", "Accept-Encoding": "identity"}
_LONGEST_SHOWN = 200


class HttpTrackers:
    """Asks any number of trackers at a time. Nothing that one of them says is remembered for the next question.

    Args:
        names: Finds their addresses.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._client: aiohttp.ClientSession | None = None
        self._fetcher: CircuitFetcher | None = None
        self._hops = 0

    def detour(self, fetcher: CircuitFetcher, hops: int) -> None:
        """Make ready to speak through tunnels. Nobody here looks for addresses then, the exit does."""
        self._fetcher, self._hops = fetcher, hops

    def open(self, outgoing: Outgoing) -> None:
        """Make ready to speak from somewhere."""
        connector = aiohttp.TCPConnector(
            resolver=self._names,
            family=socket.AF_INET,
            limit=_CONNECTIONS,
            limit_per_host=_CONNECTIONS_PER_HOST,
            force_close=True,
            use_dns_cache=False,
            socket_factory=lambda _: outgoing.socket(socket.SOCK_STREAM),
        )
        self._client = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=_HEADERS, auto_decompress=False
        )

    async def close(self) -> None:
        """Close all connections; whoever waits is told that nobody answers."""
        self._fetcher = None
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def scrape(self, announce_url: str, infohashes: Sequence[bytes], *, limit_seconds: float) -> list[Counted]:
        """Return how many peers a tracker knows, one for each infohash, in order; 0 of a torrent that it does not know.

        Args:
            announce_url: In its one spelling (see ``tracker_urls``).
            infohashes: At most ``MOST_INFOHASHES`` of 20 bytes.
            limit_seconds: For everything.

        Raises:
            NoAnswerError: it does not say.
        """
        url = scrape_url(announce_url)
        try:
            async with asyncio.timeout(limit_seconds):
                if self._fetcher is None:
                    await self._names.address(urlsplit(url).hostname or "")  # aiohttp asks for no address of an address
                found = await self._ask(url, infohashes)
                # Some trackers read one infohash of a question, and are silent about the others.
                if len(infohashes) > 1 >= len(found):
                    for infohash in infohashes:
                        if infohash not in found:
                            found |= await self._ask(url, [infohash])
        except TimeoutError as error:
            msg = f"no answer within {limit_seconds:g} s"
            raise NoAnswerError(msg) from error
        except (aiohttp.ClientError, TriblerdError, ValueError, OSError) as error:
            raise NoAnswerError(str(error) or type(error).__name__) from error
        return [found.get(infohash, Counted(0, 0)) for infohash in infohashes]

    async def _ask(self, url: str, infohashes: Sequence[bytes]) -> dict[bytes, Counted]:
        query = "&".join(f"info_hash={quote_from_bytes(infohash, safe='')}" for infohash in infohashes)
        return _read_scrape(await self._get(f"{url}?{query}"), infohashes)

    async def _get(self, url: str) -> bytes:
        for _ in range(_MOST_REDIRECTS + 1):
            if self._fetcher is not None:
                answer = await self._fetcher.get(url, hops=self._hops, most_bytes=_MOST_BYTES)
                if answer.status not in _REDIRECTS:
                    return _checked_body(answer.status, answer.body)
                url = urljoin(url, answer.location)
                continue
            if self._client is None:
                msg = "the connection was closed"
                raise NoAnswerError(msg)
            async with self._client.get(URL(url, encoded=True), allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await _body(response)
                place = urljoin(url, response.headers.get("Location", ""))
            await self._check_redirect(url, place)
            url = place
        msg = f"it redirects more than {_MOST_REDIRECTS} times"
        raise NoAnswerError(msg)

    async def _check_redirect(self, url: str, place: str) -> None:
        target = urlsplit(place)
        if target.scheme not in {"http", "https"} or not target.hostname:
            msg = f"it redirects to {place[:_LONGEST_SHOWN]!r}, which is not followed"
            raise NoAnswerError(msg)
        asked = await self._names.address(urlsplit(url).hostname or "")
        if leads_inside(asked, await self._names.address(target.hostname)):
            msg = "it redirects into this network, which is not followed"
            raise NoAnswerError(msg)


def scrape_url(announce_url: str) -> str:
    """Return where a tracker is scraped.

    Raises:
        NoAnswerError: it cannot be, by BEP 48.
    """
    head, slash, tail = announce_url.rpartition("/")
    if not tail.startswith("announce"):
        msg = "its address has no counterpart for scrapes"
        raise NoAnswerError(msg)
    return f"{head}{slash}scrape{tail.removeprefix('announce')}"


async def _body(response: aiohttp.ClientResponse) -> bytes:
    return _checked_body(response.status, await read_at_most(response, _MOST_BYTES) if response.status == _OK else None)


def _checked_body(status: int, body: bytes | None) -> bytes:
    if status != _OK:
        msg = f"HTTP status {status}"
        raise NoAnswerError(msg)
    if body is None:
        msg = f"it sends more than {_MOST_BYTES} bytes"
        raise NoAnswerError(msg)
    return body


def _read_scrape(body: bytes, infohashes: Sequence[bytes]) -> dict[bytes, Counted]:
    try:
        answer = bdecode(body)
    except ValueError as error:
        msg = "its answer is not bencoded"
        raise NoAnswerError(msg) from error
    files = answer.get(b"files") if isinstance(answer, dict) else None
    if not isinstance(files, dict):
        raise NoAnswerError(_refusal(answer))
    return {infohash: _numbers(files[infohash]) for infohash in infohashes if infohash in files}


def _numbers(file: object) -> Counted:
    if not isinstance(file, dict):
        file = {b"complete": None}
    return counted(file.get(b"complete", 0), file.get(b"incomplete", 0))


def _refusal(answer: object) -> str:
    reason = answer.get(b"failure reason") if isinstance(answer, dict) else None
    return refusal(reason) if isinstance(reason, bytes) else "its answer has no numbers"
