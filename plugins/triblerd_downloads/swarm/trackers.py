"""The trackers of a download: those of its torrent file or link, less what the user removed, and what was added."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.records import Records
from triblerd_downloads.swarm.public_trackers import PublicTrackers
from triblerd_downloads.swarm.schemas import TrackerDetails
from triblerd_downloads.swarm.shown import DHT, DISABLED, NOT_CONTACTED, PEX, PSEUDO_TIER, WORKING
from triblerd_libtorrent.api import (
    Announce,
    Infohash,
    Magnet,
    Metainfo,
    TorrentEngine,
    TorrentStore,
    TorrentSwarm,
    Tracker,
)

MOST_TRACKERS = 1000
"""Of one download, beside those of its torrent file."""


class Trackers:
    """Lists and changes them. Implements :class:`triblerd_downloads.api.DownloadTrackers`.

    A change holds also while the engine lacks the torrent.
    """

    def __init__(  # noqa: PLR0913 - what trackers concern, by keyword
        self,
        *,
        engine: TorrentEngine,
        swarm: TorrentSwarm,
        torrents: TorrentStore,
        downloads: DownloadSet,
        records: Records,
        public: PublicTrackers,
    ) -> None:
        self._engine = engine
        self._swarm = swarm
        self._torrents = torrents
        self._downloads = downloads
        self._records = records
        self._public = public

    async def details(self, infohash: Infohash) -> list[TrackerDetails]:
        """Return the trackers with all that is known of them, and the pseudo trackers."""
        download = self._downloads.get(infohash)
        if not self._engine.has(infohash):
            return [_details(_unasked(url)) for url in await self._stored(download)]
        announces = await self._swarm.announces(infohash)
        shown = [_details(tracker, announces.get(tracker.url)) for tracker in self._swarm.trackers(infohash)]
        peers = await self._swarm.peers(infohash)
        is_private = download.record.is_private
        uses_dht = self._engine.dht_is_running(download.record.hops) and not is_private
        return [
            *shown,
            _pseudo(DHT, sum("dht" in peer.source for peer in peers), is_enabled=uses_dht),
            _pseudo(PEX, sum("pex" in peer.source for peer in peers), is_enabled=not is_private),
        ]

    async def add(self, infohash: Infohash, url: str) -> None:
        """Add an announce URL and announce to it.

        Raises:
            InvalidInputError: there are too many.
        """
        download = self._downloads.get(infohash)
        if len(download.record.trackers) >= MOST_TRACKERS and url not in await self._present(download):
            msg = f"A download has at most {MOST_TRACKERS} trackers beside those of its torrent file"
            raise InvalidInputError(msg)
        await self.merge(download, [url])
        if self._engine.has(infohash):
            self._swarm.force_announce(infohash, url)

    async def of_new(self, source: Metainfo | Magnet, metainfo: Metainfo | None) -> tuple[str, ...]:
        """Return the announce URLs that a new download gets beside those of its torrent file.

        Args:
            source: What it is added by.
            metainfo: Its torrent file. While that is unknown it may be a private torrent, so that trackers for public
                ones have to wait.
        """
        if metainfo is None:
            return tuple(urls_of(source))
        public = () if metainfo.is_private else await self._public.urls()
        own = set(urls_of(metainfo))
        return tuple(url for url in dict.fromkeys((*urls_of(source), *public)) if url not in own)

    async def add_public(self, download: ActiveDownload) -> None:
        """Add the trackers for public torrents to a download whose metadata have come, unless they are private."""
        if not download.record.is_private:
            removed = download.record.swarm.removed_trackers
            await self.merge(download, [url for url in await self._public.urls() if url not in removed])

    async def merge(self, download: ActiveDownload, urls: Iterable[str]) -> None:
        """Add the announce URLs that a download does not have yet, as far as there is room for them."""
        infohash = download.infohash
        present = await self._present(download)
        room = max(MOST_TRACKERS - len(download.record.trackers), 0)
        new = [url for url in dict.fromkeys(urls) if url not in present][:room]
        if not new:
            return

        def added(record: DownloadRecord) -> dict[str, Any]:
            trackers = tuple(dict.fromkeys((*record.trackers, *new)))
            removed = tuple(url for url in record.swarm.removed_trackers if url not in new)
            swarm = msgspec.structs.replace(record.swarm, removed_trackers=removed)
            return {"trackers": trackers, "swarm": swarm}

        download.record = await self._records.edit(infohash, added)
        if self._engine.has(infohash):
            self._swarm.add_trackers(infohash, new)
        self._downloads.touch(infohash)

    async def remove(self, infohash: Infohash, url: str) -> None:
        """Remove an announce URL for good; an unknown one is ignored."""
        download = self._downloads.get(infohash)
        if url not in await self._present(download):
            return

        def left(record: DownloadRecord) -> dict[str, Any]:
            # Also one that was added here: the link of a magnet may name it, and resume data do.
            removed = tuple(dict.fromkeys((*record.swarm.removed_trackers, url)))[-MOST_TRACKERS:]
            swarm = msgspec.structs.replace(record.swarm, removed_trackers=removed)
            trackers = tuple(known for known in record.trackers if known != url)
            return {"trackers": trackers, "swarm": swarm}

        download.record = await self._records.edit(infohash, left)
        if self._engine.has(infohash):
            self._swarm.remove_trackers(infohash, [url])
        self._downloads.touch(infohash)

    def force_announce(self, infohash: Infohash, url: str) -> None:
        """Announce to a tracker now. Nothing happens when it is unknown, or the download is stopped."""
        self._downloads.get(infohash)
        if self._engine.has(infohash):
            self._swarm.force_announce(infohash, url)

    async def _present(self, download: ActiveDownload) -> set[str]:
        if self._engine.has(download.infohash):
            in_engine = {tracker.url for tracker in self._swarm.trackers(download.infohash)}
            # What was removed while the engine was given the torrent is there for a moment longer.
            return in_engine.union(download.record.trackers).difference(download.record.swarm.removed_trackers)
        return set(await self._stored(download))

    async def _stored(self, download: ActiveDownload) -> list[str]:
        """Return what the stores say while the engine does not have the torrent."""
        record = download.record
        raw = self._torrents.metainfo(download.infohash)
        first = () if raw is None else urls_of(await self._engine.parse_metainfo(raw))
        known = dict.fromkeys([*first, *record.trackers])
        return [url for url in known if url not in record.swarm.removed_trackers]


def urls_of(source: Metainfo | Magnet) -> Sequence[str]:
    """Return the announce URLs that a torrent file or a magnet link names."""
    if isinstance(source, Magnet):
        return source.trackers
    return [url for tier in source.trackers for url in tier]


def _unasked(url: str) -> Tracker:
    return Tracker(url=url, tier=0, peers=-1, seeds=-1, leeches=-1, last_announce=0, status=NOT_CONTACTED)


def _details(tracker: Tracker, announce: Announce | None = None) -> TrackerDetails:
    return TrackerDetails(
        url=tracker.url,
        tier=tracker.tier,
        peers=tracker.peers,
        # A scrape and an announce both tell; the engine keeps what came last of the latter only for itself.
        seeds=max(tracker.seeds, announce.seeds if announce else -1),
        leeches=max(tracker.leeches, announce.leeches if announce else -1),
        downloads=announce.downloads if announce else -1,
        status=tracker.status,
        message=announce.message if announce else "",
        fails=announce.fails if announce else 0,
        is_updating=announce.is_updating if announce else False,
        last_announce=tracker.last_announce,
        next_announce=announce.next_announce if announce else 0,
    )


def _pseudo(name: str, peers: int, *, is_enabled: bool) -> TrackerDetails:
    return TrackerDetails(
        url=name,
        tier=PSEUDO_TIER,
        peers=peers,
        seeds=-1,
        leeches=-1,
        downloads=-1,
        status=WORKING if is_enabled else DISABLED,
        message="",
        fails=0,
        is_updating=False,
        last_announce=0,
        next_announce=0,
    )
