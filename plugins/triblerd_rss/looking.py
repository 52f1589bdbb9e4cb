"""Looks at the torrent files that entries lead to, and tells the metadata store of their torrents."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from functools import partial
from itertools import islice

import msgspec

from triblerd.errors import TriblerdError
from triblerd.plugin import Services
from triblerd_libtorrent.api import strangers_links
from triblerd_metadata.api import UNKNOWN, MetadataStore, NewEntry, id_of_infohash, normalise_trackers
from triblerd_rss.addresses import host_of
from triblerd_rss.entries import Entries, EntryTables, is_to_remember
from triblerd_rss.records import Entry, LookUp
from triblerd_rss.settings import RssSettings
from triblerd_torrentinfo.api import LookedUp, TorrentInfo

log = logging.getLogger(__name__)

_MOST_TRACKERS = 50
_AT_ONCE = 500
_AT_A_TIME = 4


class Looker:
    """Works on what is not known yet of entries, and on what the metadata store does not know.

    Each poll of a feed lets some of its torrent files be fetched, the newest first, each once.

    Args:
        torrents: Fetches them.
        services: Finds the metadata store, if there is one.
    """

    def __init__(
        self, *, entries: EntryTables, torrents: TorrentInfo, settings: RssSettings, services: Services
    ) -> None:
        self._entries = entries
        self._torrents = torrents
        self._settings = settings
        self._services = services
        self._unremembered: set[int] = set()
        self._unknown: defaultdict[bytes, deque[int]] = defaultdict(deque)
        self._allowed: dict[bytes, int] = {}
        self._wake = asyncio.Event()
        self.found = 0
        self.failed = 0

    @property
    def waiting(self) -> int:
        """How many torrent files are to be fetched."""
        return sum(len(numbers) for numbers in self._unknown.values())

    def add(self, entries: Entries) -> None:
        """Work on these entries, soon; the newest is the last of them."""
        for number, entry in entries:
            if entry.look_up is LookUp.WAITING:
                self._unknown[entry.feed].appendleft(number)
            if is_to_remember(entry):
                self._unremembered.add(number)
        self._wake.set()

    def polled(self, feed: bytes) -> None:
        """Let some torrent files of a feed be fetched."""
        self._allowed[feed] = self._settings.config.lookups
        self._wake.set()

    def forget(self, feed: bytes) -> None:
        """Fetch nothing more for a feed."""
        self._unknown.pop(feed, None)
        self._allowed.pop(feed, None)

    async def work(self) -> None:
        """Look and tell, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._remember()
            while numbers := [number for _ in range(_AT_A_TIME) if (number := self._next()) is not None]:
                await asyncio.gather(*(self._look(number) for number in numbers))
                await self._remember()

    async def look_up(self, number: int, entry: Entry, uri: str, *, hops: int) -> Entry:
        """Find out what an entry leads to, write it down, and return the entry as it is then.

        Raises:
            TriblerdError: it cannot be found out.
        """
        try:
            with strangers_links(host_of(self._entries.url_of(entry.feed))):
                found = await self._torrents.look_up(uri, hops=hops)
        except TriblerdError as error:
            self.failed += 1
            change = partial(_failed, error=str(error))
            await self._entries.change(number, change)
            raise
        self.found += 1
        changed = await self._entries.change(number, partial(_with_found, found=found))
        if changed is not None and is_to_remember(changed):
            self._unremembered.add(number)
            self._wake.set()
        return changed or _with_found(entry, found)

    def _next(self) -> int | None:
        """Return the entry whose torrent file may be fetched next, of the feed that was looked at least."""
        waiting = [feed for feed, allowed in self._allowed.items() if allowed > 0 and self._unknown.get(feed)]
        if not waiting:
            return None
        feed = max(waiting, key=self._allowed.__getitem__)
        self._allowed[feed] -= 1
        return self._unknown[feed].popleft()

    async def _look(self, number: int) -> None:
        entry = self._entries.get(number)
        if entry is None or entry.look_up is not LookUp.WAITING:
            return
        try:
            await self.look_up(number, entry, entry.torrent, hops=self._settings.config.hops)
        except TriblerdError as error:
            log.info("It cannot be found out what %r is: %s", entry.title, error)

    async def _remember(self) -> None:
        """Tell the metadata store of what it was not told yet, if there is one."""
        store = self._services.find(MetadataStore)
        if store is None or not self._settings.config.remember:
            return
        while numbers := list(islice(self._unremembered, _AT_ONCE)):
            known = [(number, self._entries.get(number)) for number in numbers]
            new = [_new_entry(entry) for _, entry in known if entry is not None and is_to_remember(entry)]
            try:
                await store.add(new)
                await self._entries.change_many(numbers, partial(msgspec.structs.replace, is_remembered=True))
            except TriblerdError as error:  # a full disk
                log.warning("Torrents of feeds cannot be remembered: %s", error)
                return
            self._unremembered.difference_update(numbers)


def limited_trackers(urls: Iterable[str]) -> tuple[str, ...]:
    """Return as many announce URLs as are kept of an entry."""
    return tuple(islice(urls, _MOST_TRACKERS))


def _new_entry(entry: Entry) -> NewEntry:
    infohash = bytes.fromhex(entry.infohash)
    return NewEntry(
        id=id_of_infohash(infohash),
        # Whoever hears of look-ups remembers them, too: both are to give the same name.
        title=entry.torrent_name or entry.title,
        category=UNKNOWN,
        infohash=infohash,
        size=entry.size,
        torrent_date=entry.published,
        timestamp=int(time.time() * 1000),
        trackers=normalise_trackers(entry.trackers),
        is_own=True,  # which feeds somebody follows is for nobody else
    )


def _with_found(entry: Entry, found: LookedUp) -> Entry:
    metainfo = found.metainfo
    return msgspec.structs.replace(
        entry,
        title=entry.title or metainfo.name,
        infohash=str(metainfo.infohash),
        torrent_name=metainfo.name,
        size=metainfo.size,
        trackers=limited_trackers(url for tier in metainfo.trackers for url in tier),
        is_private=metainfo.is_private,
        look_up=LookUp.DONE,
        error="",
    )


def _failed(entry: Entry, *, error: str) -> Entry:
    return msgspec.structs.replace(entry, look_up=LookUp.FAILED, error=error)
