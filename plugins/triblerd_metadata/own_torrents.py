"""Takes over what this daemon's user downloads, looks up and creates."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from triblerd.errors import TriblerdError
from triblerd.events import Event, EventBus
from triblerd.plugin import Services
from triblerd_createtorrent.api import TorrentCreated
from triblerd_downloads.api import Downloads, TorrentStatusChanged, UnknownDownloadError
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.adding import add
from triblerd_metadata.batch import Batch
from triblerd_metadata.bulk.torrents import entry_of_metainfo
from triblerd_metadata.classification import UNKNOWN
from triblerd_metadata.config import MetadataConfig
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.store import Metadata
from triblerd_metadata.tracker_urls import normalise_trackers
from triblerd_metadata.values import UNSIGNED, Entry, NewEntry, id_of_infohash
from triblerd_torrentinfo.api import TorrentLookedUp

log = logging.getLogger(__name__)

_MOST_WAITING = 10_000


class _Found(NamedTuple):
    entry: NewEntry
    is_discreet: bool


class OwnTorrents:
    """Puts own torrents into the store, marked as such, so that others learn of them only if the user agrees.

    A record that somebody else made of a torrent stays as it is. Private torrents (BEP 27) are left out.

    Args:
        metadata: Where they go.
        config: Says whether anything is remembered.
        services: Finds the downloads.
        events: Tells of downloads, look-ups and created torrents.
        discretion: Told of those that came through tunnels.
    """

    def __init__(
        self,
        *,
        metadata: Metadata,
        config: MetadataConfig,
        services: Services,
        events: EventBus,
        discretion: Discretion,
    ) -> None:
        self._metadata = metadata
        self._discretion = discretion
        self._config = config
        self._services = services
        self._events = events
        # What does not fit is lost until its download changes its state again, or until the next start.
        self._waiting: asyncio.Queue[Infohash | _Found] = asyncio.Queue(_MOST_WAITING)
        self._done: set[Infohash] = set()

    def listen(self) -> Callable[[], None]:
        """Begin to notice torrents; the returned function ends it."""
        if not self._config.remember_own:
            return lambda: None
        return self._events.listen(self._heard, TorrentStatusChanged, TorrentLookedUp, TorrentCreated)

    async def work(self) -> None:
        """Take over one after the other, for ever; downloads that are there already come first."""
        downloads = self._services.find(Downloads)
        for download in list(downloads.all()) if downloads and self._config.remember_own else ():
            await self._take_over(download.infohash)
        while True:
            await self._take_over(await self._waiting.get())

    async def _take_over(self, noticed: Infohash | _Found) -> None:
        try:
            found = await self._found(noticed) if isinstance(noticed, Infohash) else noticed
            if found is not None:
                if found.is_discreet:  # before anybody can look for it
                    await self._discretion.note(found.entry.infohash)
                await self._metadata.run(_taking_over(found.entry))
        except TriblerdError as error:  # a full disk, or a torrent file that cannot be read any more
            log.warning("A torrent is not remembered: %s", error)
        await asyncio.sleep(0)  # of thousands of downloads most are known, and to see that takes no wait

    def _heard(self, event: Event) -> None:
        match event:
            case TorrentStatusChanged():
                self._notice(Infohash(event.infohash))
            case TorrentLookedUp() | TorrentCreated() if event.for_store:
                entry = _entry(event.infohash, event.name, event.size, event.trackers)
                self._offer(_Found(entry, is_discreet=isinstance(event, TorrentLookedUp) and event.hops > 0))

    def _notice(self, infohash: Infohash) -> None:
        if infohash not in self._done:
            self._offer(infohash)

    def _offer(self, noticed: Infohash | _Found) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(noticed)

    async def _found(self, infohash: Infohash) -> _Found | None:
        """Return what a download is of, ``None`` while its files are unknown, or when it is private."""
        downloads = self._services.find(Downloads)
        if downloads is None or infohash in self._done:
            return None
        try:
            record = downloads.get(infohash).record
            if not record.file_count or record.is_private:
                return None
            if not _is_poor(self._metadata.by_infohash(infohash.key)):
                self._done.add(infohash)
                return None
            metainfo = await downloads.metainfo(infohash)
        except UnknownDownloadError:  # removed meanwhile
            return None
        if metainfo is None or metainfo.is_private:
            return None
        self._done.add(infohash)
        entry = msgspec.structs.replace(entry_of_metainfo(metainfo), is_own=True)
        return _Found(entry, is_discreet=record.hops > 0)


def _taking_over(entry: NewEntry) -> Callable[[Batch], None]:
    def take_over(batch: Batch) -> None:
        known = batch.by_infohash(entry.infohash)
        if not known:
            add(batch, [entry], int(time.time()))
        elif _is_poor(known) and entry.category != UNKNOWN:
            better = msgspec.structs.replace(
                known[0],
                category=entry.category,
                torrent_date=entry.torrent_date,
                trackers=normalise_trackers((*known[0].trackers, *entry.trackers)),
            )
            batch.replace(known[0], better)

    return take_over


def _is_poor(known: list[Entry]) -> bool:
    """Return whether nothing is known of a torrent but what a look-up brought."""
    if not known:
        return True
    first = known[0]
    return len(known) == 1 and first.is_own and first.public_key == UNSIGNED and first.category == UNKNOWN


def _entry(infohash: str, name: str, size: int, trackers: Iterable[str]) -> NewEntry:
    key = bytes.fromhex(infohash)[:20]
    return NewEntry(
        id=id_of_infohash(key),
        title=name,
        category=UNKNOWN,
        infohash=key,
        size=size,
        timestamp=int(time.time() * 1000),
        trackers=normalise_trackers(trackers),
        is_own=True,
    )
