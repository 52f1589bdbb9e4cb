"""Takes over what this daemon's user downloads, looks up and creates."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from triblerd.errors import TriblerdError
from triblerd.events import Event, EventBus
from triblerd.plugin import Services
from triblerd_createtorrent.api import TorrentCreated
from triblerd_downloads.api import Downloads, TorrentStatusChanged, UnknownDownloadError
from triblerd_libtorrent.api import Infohash, Metainfo
from triblerd_metadata.adding import add
from triblerd_metadata.batch import Batch
from triblerd_metadata.bulk.torrents import entry_of_metainfo
from triblerd_metadata.config import MetadataConfig
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.store import Metadata
from triblerd_metadata.values import NewEntry
from triblerd_torrentinfo.api import TorrentLookedUp

log = logging.getLogger(__name__)

_MOST_WAITING = 10_000


class _Found(NamedTuple):
    metainfo: Metainfo
    hops: int


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
                entry = await asyncio.to_thread(_own_entry, found.metainfo)  # half a second for 100,000 files
                if found.hops:  # before anybody can look for it
                    await self._discretion.note(entry.infohash)
                await self._metadata.run(_taking_over(entry))
        except TriblerdError as error:  # a full disk, or a torrent file that cannot be read any more
            log.warning("A torrent is not remembered: %s", error)
        await asyncio.sleep(0)  # of thousands of downloads most are known, and to see that takes no wait

    def _heard(self, event: Event) -> None:
        match event:
            case TorrentStatusChanged():
                self._notice(Infohash(event.infohash))
            case TorrentLookedUp() | TorrentCreated() if event.for_store:
                hops = event.hops if isinstance(event, TorrentLookedUp) else 0
                self._offer(_Found(event.metainfo, hops))

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
            if self._metadata.by_infohash(infohash.key):
                self._done.add(infohash)
                return None
            metainfo = await downloads.metainfo(infohash)
        except UnknownDownloadError:  # removed meanwhile
            return None
        if metainfo is None or metainfo.is_private:
            return None
        self._done.add(infohash)
        return _Found(metainfo, record.hops)


def _own_entry(metainfo: Metainfo) -> NewEntry:
    return msgspec.structs.replace(entry_of_metainfo(metainfo), is_own=True)


def _taking_over(entry: NewEntry) -> Callable[[Batch], None]:
    def take_over(batch: Batch) -> None:
        if not batch.by_infohash(entry.infohash):
            add(batch, [entry], int(time.time()))

    return take_over
