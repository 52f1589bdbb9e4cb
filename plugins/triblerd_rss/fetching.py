"""Asks the server of a feed for it."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from triblerd.errors import FailedError
from triblerd.fetching import read_at_most

MOST_BYTES = 8 * 1024 * 1024
MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED = 200, 304
_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
_LONGEST_VALIDATOR = 1000
_LONGEST_WAIT = 86400.0


class FeedFetchError(FailedError):
    """A server does not send a feed.

    Attributes:
        retry_after: Seconds that it wants us to wait, at most a day; ``None`` when it does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What a server sent.

    Attributes:
        body: ``None`` when it is what it was (304).
        url: Where it was in the end.
        charset: What the server says of the encoding, or empty.
        etag: For the next request, with ``modified``; empty when the server gives none.
    """

    body: bytes | None
    url: str = ""
    charset: str = ""
    etag: str = ""
    modified: str = ""


class FeedFetcher:
    """A client of the servers of feeds. It keeps no cookies, and nobody's keys but those in an address."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None

    async def fetch(self, url: str, *, etag: str, modified: str, seconds: float) -> Fetched:
        """Return what the server has, or that it has nothing new.

        Args:
            url: ``http:`` or ``https:``.
            etag: What it gave us last; may be empty.
            modified: Likewise.
            seconds: All that it may take, redirects included.

        Raises:
            FeedFetchError: it does not send it; the text says why.
        """
        headers = {"If-None-Match": etag} if etag else {}
        if modified:
            headers["If-Modified-Since"] = modified
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(url, headers)
        except TimeoutError as error:
            msg = f"The server did not send the feed within {seconds:g} s"
            raise FeedFetchError(msg) from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            msg = f"The feed cannot be fetched: {str(error) or type(error).__name__}"
            raise FeedFetchError(msg) from error

    async def close(self) -> None:
        """Close connections to servers."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _follow(self, url: str, headers: dict[str, str]) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._ask(url, headers)
            if isinstance(found, Fetched):
                return found
            url = urljoin(url, found)
            scheme = urlsplit(url).scheme
            if scheme not in {"http", "https"}:
                msg = f"The server redirects to a {scheme}: address, which is not followed"
                raise FeedFetchError(msg)
        msg = f"The server redirects more than {MOST_REDIRECTS} times"
        raise FeedFetchError(msg)

    async def _ask(self, url: str, headers: dict[str, str]) -> Fetched | str:
        """Return what there is, or where it is."""
        async with self._session().get(url, headers=headers, allow_redirects=False) as response:
            if response.status in _REDIRECTS:
                if not (place := response.headers.get("Location", "")):
                    msg = "The server redirects without saying where to"
                    raise FeedFetchError(msg)
                return place
            if response.status == _NOT_MODIFIED and headers:
                return Fetched(body=None)
            if response.status != _OK:
                msg = f"The server answered with HTTP status code {response.status}"
                raise FeedFetchError(msg, _seconds_of(response.headers.get("Retry-After", "")))
            if (body := await read_at_most(response, MOST_BYTES)) is None:
                msg = f"The feed has more than {MOST_BYTES} bytes"
                raise FeedFetchError(msg)
            return Fetched(
                body=body,
                url=url,
                charset=response.charset or "",
                etag=_validator(response.headers.get("ETag", "")),
                modified=_validator(response.headers.get("Last-Modified", "")),
            )

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers={"User-Agent": "triblerd", "Accept": _ACCEPT}, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._http


def _validator(value: str) -> str:
    return value if len(value) <= _LONGEST_VALIDATOR and value.isprintable() else ""


def _seconds_of(value: str) -> float | None:
    """Return how long ``Retry-After`` says: a number of seconds, or a date (RFC 9110, 10.2.3)."""
    try:
        seconds = float(value) if value.strip().isdecimal() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
