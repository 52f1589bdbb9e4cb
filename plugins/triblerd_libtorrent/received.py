"""Metadata that came from peers: checked, stored, and only then told (BEP 9)."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

import libtorrent as lt

from triblerd.store import StoreView
from triblerd_libtorrent.api import (
    EngineError,
    EngineEvent,
    Infohash,
    MetadataReceived,
    Metainfo,
    MetainfoError,
    TorrentFailed,
)
from triblerd_libtorrent.links import refuse_links_out
from triblerd_libtorrent.metainfo import has_piece_layers, wrap_info
from triblerd_libtorrent.parsing import TorrentParser
from triblerd_libtorrent.priorities import FilePriorities
from triblerd_libtorrent.resume import StoredTorrents
from triblerd_libtorrent.torrents import Torrent, Torrents

log = logging.getLogger(__name__)

Spawn = Callable[[str, Coroutine[object, object, None]], object]
"""Runs work in the background, under a name, until it ends or the plugin stops."""


class MetadataKeeper:
    """Keeps the metadata of magnets, and has nothing of their files written before they were looked at.

    The engine would begin to write as soon as it has the metadata. So it is told that nothing of such a torrent is
    wanted, and learns what is when the files are accepted. It calls the torrent finished in between, which nobody else
    shall hear of.
    """

    def __init__(  # noqa: PLR0913 - all that metadata concern, by keyword
        self,
        *,
        torrents: Torrents,
        stored: StoredTorrents,
        store: StoreView,
        parser: TorrentParser,
        priorities: FilePriorities,
        tell: Callable[[EngineEvent], None],
        spawn: Spawn,
    ) -> None:
        self._torrents = torrents
        self._stored = stored
        self._store = store
        self._parser = parser
        self._priorities = priorities
        self._tell = tell
        self._spawn = spawn
        self._looking: set[Infohash] = set()

    def came(self, alert: lt.metadata_received_alert) -> None:
        """Take the metadata of a torrent."""
        hashes = alert.handle.info_hashes()
        # A hybrid torrent that was added by its v2 hash alone has got another identity just now.
        torrent = self._torrents.of(alert.handle) or self._torrents.find(Infohash(str(hashes.get_best())))
        if torrent is not None:
            self._take(torrent)

    def missed(self, torrent: Torrent) -> None:
        """Take the metadata of a torrent, if they have come and nobody heard of it."""
        is_waiting = torrent.wanted_later is not None and not torrent.refusal
        if is_waiting and torrent.infohash not in self._looking and torrent.handle.torrent_file() is not None:
            self._take(torrent)

    def _take(self, torrent: Torrent) -> None:
        self._torrents.also_known_as(torrent.infohash, torrent.handle.info_hashes())
        self.look_again(torrent, lambda: None)

    def look_again(self, torrent: Torrent, then: Callable[[], None]) -> None:
        """Look anew at metadata that were refused, and call ``then`` if they can be used now."""

        async def look() -> None:
            self._looking.add(torrent.infohash)
            try:
                is_kept = await self._keep(torrent)
            finally:
                self._looking.discard(torrent.infohash)
            if is_kept:
                then()

        self._spawn("metadata", look())

    async def complete(self, torrent: Torrent) -> None:
        """Add the hashes of the pieces to the stored torrent file, if they are missing there and known (BEP 52).

        Peers send them apart from the metadata. Without them the torrent file is of no use to other programs.
        """
        if not torrent.handle.is_valid():  # it was removed meanwhile
            return
        info = torrent.handle.torrent_file()
        if info is None or not info.info_hashes().has_v2():
            return
        raw, resume_data = self._stored.metainfo(torrent.infohash), self._stored.resume_data(torrent.infohash)
        if raw is None or resume_data is None or has_piece_layers(raw, info.info_section()):
            return
        try:
            whole = await self._parser.add_piece_layers(raw, resume_data)
        except (MetainfoError, EngineError) as error:
            log.debug("The torrent file of %s stays without the hashes of its pieces: %s", torrent.infohash, error)
            return
        await self._store.write(
            lambda transaction: self._stored.complete_metainfo(transaction, torrent.infohash, whole)
        )

    async def _keep(self, torrent: Torrent) -> bool:
        """Return whether metadata could be used, and were kept."""
        info = torrent.handle.torrent_file()
        if info is None:
            return False
        trackers = [url for url, _ in torrent.trackers.entries()] if torrent.trackers else []
        raw = wrap_info(info.info_section(), trackers)
        try:
            parsed = await self._parser.parse(raw)
            await asyncio.to_thread(_look_for_links, torrent, parsed)
        except RuntimeError:  # it was removed meanwhile
            return False
        except (MetainfoError, EngineError) as error:
            is_unusable = isinstance(error, MetainfoError)
            what = "Peers sent metadata of %s that cannot be used: %s" if is_unusable else "%s is not begun: %s"
            log.warning(what, torrent.infohash, error)
            torrent.refusal = str(error)
            torrent.stays_paused()
            torrent.handle.unset_flags(lt.torrent_flags.auto_managed)
            torrent.handle.pause()
            self._tell(TorrentFailed(torrent.infohash, str(error)))
            return False
        torrent.refusal = ""
        if self._torrents.find(torrent.infohash) is torrent:
            self._priorities.accept(torrent, len(parsed.files))
        await self._store.write(lambda transaction: self._stored.keep_metainfo(transaction, torrent.infohash, raw))
        if self._torrents.find(torrent.infohash) is torrent:
            self._tell(MetadataReceived(torrent.infohash, parsed))
            await self.complete(torrent)  # whichever comes last, the metadata or the resume data, finds the other
        return True


def _look_for_links(torrent: Torrent, metainfo: Metainfo) -> None:
    refuse_links_out(torrent.ask_save_path(), (file.path for file in metainfo.files if not file.is_pad))
