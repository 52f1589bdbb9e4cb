"""Trackers that every public torrent gets, from a file and from a server; none unless the user wants them."""

import asyncio
import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec

from triblerd.fetching import read_at_most
from triblerd.plugin import hookimpl
from triblerd.services import FileRoots
from triblerd.store import Table
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.swarm.tracker_list import MOST_BYTES, parse_list

log = logging.getLogger(__name__)

RETRY_SECONDS = 300.0
"""Until a server is asked again that did not send a list, if the interval is not shorter."""

_KEY = b"url"
_OK = 200
_LONGEST_SLEEP_SECONDS = 3600.0  # the clock may be set meanwhile


class FetchedList(msgspec.Struct, frozen=True, array_like=True):
    """The last good list of a server.

    Attributes:
        url: Where it came from.
        fetched: Unix time.
        trackers: Its announce URLs.
    """

    url: str
    fetched: int
    trackers: tuple[str, ...]


@dataclass(frozen=True)
class _FileList:
    path: str
    stamp: tuple[int, int] | None  # when it was changed, and its size; None when it cannot be read
    trackers: tuple[str, ...]


class BadListError(Exception):
    """What a server sent is no list of trackers."""


class PublicTrackers:
    """Knows the trackers for public torrents.

    Args:
        settings: Which file and which server.
        roots: Where the file may be.
        table: Keeps the last list that a server sent.
    """

    def __init__(self, *, settings: DownloadSettings, roots: FileRoots, table: Table[FetchedList]) -> None:
        self._settings = settings
        self._roots = roots
        self._table = table
        self._file = _FileList("", None, ())
        self._changed = asyncio.Event()
        self._failed = ("", 0.0)  # which server did not send a list, and when

    async def urls(self) -> tuple[str, ...]:
        """Return the announce URLs as they are now: those of the file and then those of the server."""
        path = self._settings.defaults.trackers_file
        if path:
            self._file = await asyncio.to_thread(self._read, path)
        fetched = self._fetched()
        return tuple(dict.fromkeys([*(self._file.trackers if path else ()), *(fetched.trackers if fetched else ())]))

    async def follow(self) -> None:
        """Fetch the list of the server whenever it is due, for ever."""
        while True:
            self._changed.clear()
            wait_seconds = self._due_in()
            if wait_seconds <= 0:
                url = self._settings.config.trackers_url
                is_good = await self._fetch(url)
                self._failed = ("", 0.0) if is_good else (url, time.monotonic())
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait_seconds, _LONGEST_SLEEP_SECONDS)):
                    await self._changed.wait()

    @hookimpl
    def triblerd_reconfigure(self) -> None:
        """Look at once whether another list is wanted."""
        self._changed.set()

    def _fetched(self) -> FetchedList | None:
        url = self._settings.config.trackers_url
        found = self._table.get(_KEY) if url else None
        return found if found is not None and found.url == url else None

    def _due_in(self) -> float:
        """Return the seconds until a list is to be fetched; endless without a server."""
        url, interval = self._settings.config.trackers_url, self._settings.config.trackers_url_interval
        if not url:
            return math.inf
        failed_url, failed_at = self._failed
        if failed_url == url:
            return failed_at + min(RETRY_SECONDS, interval) - time.monotonic()
        found = self._fetched()
        return found.fetched + interval - time.time() if found is not None else 0.0

    async def _fetch(self, url: str) -> bool:
        """Fetch and keep a list; return whether there was a good one."""
        seconds = self._settings.config.trackers_url_timeout
        try:
            async with asyncio.timeout(seconds), aiohttp.ClientSession(headers={"User-Agent": "triblerd"}) as session:
                raw = await _body(session, url)
        except TimeoutError:
            log.warning("The list of trackers at %s did not come within %g s", url, seconds)
            return False
        except (BadListError, aiohttp.ClientError, ValueError, OSError) as error:
            log.warning("The list of trackers at %s was not fetched: %s", url, str(error) or type(error).__name__)
            return False
        trackers = parse_list(raw, url)
        if not trackers:  # a page that says sorry, for one
            log.warning("The list of trackers at %s names none; the one before stays", url)
            return False
        await self._table.put(_KEY, FetchedList(url, int(time.time()), trackers))
        log.info("The list of trackers at %s names %d", url, len(trackers))
        return True

    def _read(self, text: str) -> _FileList:
        """Return the list in a file, which is read again only when it was changed. Asks the disk."""
        path = Path(text).expanduser()
        try:
            if not path.is_absolute() or not self._roots.allow(path) or not path.is_file():
                return self._unreadable(text, "it must be a regular file in an allowed directory, by its absolute path")
            about = path.stat()
            stamp = about.st_mtime_ns, about.st_size
            if (self._file.path, self._file.stamp) == (text, stamp):
                return self._file
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            return self._unreadable(text, str(error))
        if len(raw) > MOST_BYTES:
            return self._unreadable(text, f"it is larger than {MOST_BYTES} bytes")
        return _FileList(text, stamp, parse_list(raw, text))

    def _unreadable(self, text: str, reason: str) -> _FileList:
        if (self._file.path, self._file.stamp) != (text, None):  # told already
            log.warning("The list of trackers %s cannot be used: %s", text, reason)
        return _FileList(text, None, ())


async def _body(session: aiohttp.ClientSession, url: str) -> bytes:
    """Return what a server sends; redirects lead to other servers of HTTP alone.

    Raises:
        BadListError: it sends no list, or too much.
        aiohttp.ClientError: it cannot be reached.
    """
    async with session.get(url, max_redirects=10) as response:
        if response.status != _OK:
            msg = f"HTTP status code {response.status}"
            raise BadListError(msg)
        body = await read_at_most(response, MOST_BYTES)
        if body is None:
            msg = f"it is larger than {MOST_BYTES} bytes"
            raise BadListError(msg)
        return body
