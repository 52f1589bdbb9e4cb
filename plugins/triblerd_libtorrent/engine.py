"""The engine as other plugins see it: all sessions together, by infohash, with handles kept inside."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import libtorrent as lt

from triblerd.plugin import Services
from triblerd.store import StoreView
from triblerd_libtorrent import magnet
from triblerd_libtorrent.adding import Adder
from triblerd_libtorrent.alerts import AlertTranslator
from triblerd_libtorrent.anonymous import AnonymousSessions
from triblerd_libtorrent.api import (
    EngineError,
    EngineEvent,
    Infohash,
    Magnet,
    MetadataReceived,
    Metainfo,
    NoSessionError,
    PeerBanned,
    PieceFinished,
    QueueMove,
    StatusesUpdated,
    TorrentStatus,
    TorrentWish,
    TunnelAccess,
)
from triblerd_libtorrent.bans import Bans
from triblerd_libtorrent.config import LibtorrentConfig
from triblerd_libtorrent.day_limits import session_limits
from triblerd_libtorrent.dht import DhtMemory, DhtState
from triblerd_libtorrent.listeners import Listeners
from triblerd_libtorrent.lookups import Lookups
from triblerd_libtorrent.parameters import ParametersBuilder
from triblerd_libtorrent.parsing import TorrentParser
from triblerd_libtorrent.pieces import PieceAccess
from triblerd_libtorrent.priorities import FilePriorities
from triblerd_libtorrent.pump import Handler
from triblerd_libtorrent.received import MetadataKeeper, Spawn
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.recovery import Recovery
from triblerd_libtorrent.removal import Remover
from triblerd_libtorrent.resume import Checkpoints, StoredTorrents
from triblerd_libtorrent.running import RunningTorrents
from triblerd_libtorrent.session import EngineSession, open_session
from triblerd_libtorrent.settings_pack import (
    BASE_ALERTS,
    anonymous_settings,
    connections_per_torrent,
    plain_settings,
)
from triblerd_libtorrent.sites import Site, Sites
from triblerd_libtorrent.status import STATUS_FLAGS, StatusBoard
from triblerd_libtorrent.torrents import QUEUE_MOVES, Priorities, Torrent, Torrents
from triblerd_libtorrent.wanted import WantedFiles

log = logging.getLogger(__name__)

_SAVE_AT_STOP_SECONDS = 3.0
_ANNOUNCE_AT_STOP_SECONDS = 1.0
_POLL_SECONDS = 0.02


class Engine:
    """Implements ``TorrentEngine`` (see ``triblerd_libtorrent.api``).

    Args:
        spawn: Starts background work.
        bans: Held in the plain session.
        services: Where the tunnels are found.
        recent: Where the results of look-ups are kept.

    Attributes:
        torrents: Those that it has, for what else acts upon them.
        lookups: Look-ups of metadata, which share the sessions.
        piece_access: Single pieces of them.
        sites: The sessions that take torrents.
        anonymous: Opens and closes those with hops.
        tunnels: What those are carried by.
    """

    def __init__(  # noqa: PLR0913 - what it cannot make, by keyword
        self,
        *,
        config: LibtorrentConfig,
        store: StoreView,
        stored: StoredTorrents,
        spawn: Spawn,
        bans: Bans,
        recent: RecentMetainfo,
        services: Services,
    ) -> None:
        self._config = config
        self._spawn = spawn
        self._bans = bans
        self.torrents = self._torrents = Torrents()
        self._parser = TorrentParser()
        self.sites = self._sites = Sites()
        self._listeners = Listeners(self._choose_alerts)
        self.tunnels = TunnelAccess(services=services, sessions=self.sessions)
        self.anonymous = AnonymousSessions(
            sites=self._sites,
            make=self._made,
            repoint=self._apply,
            empty=self._empty,
            tell=self._tell,
            tunnels=self.tunnels,
        )
        self._checkpoints = Checkpoints(torrents=self._torrents, stored=stored, store=store)
        self._dht = DhtMemory(store)
        self.lookups = Lookups(
            session_of=self._session,
            entered=self.anonymous.entered,
            torrents=self._torrents,
            is_adding=lambda infohash: self._adder.expects(infohash),  # noqa: PLW0108 - there is no adder yet
            stored=stored,
            parse=self.parse_metainfo,
            spawn=spawn,
            recent=recent,
        )
        self._listeners.listen(MetadataReceived, self.lookups.heard)
        self._builder = ParametersBuilder(
            stored=stored, parser=self._parser, connections=connections_per_torrent(config)
        )
        self._adder = Adder(
            torrents=self._torrents, builder=self._builder, session_of=self._session, rivals=self.lookups
        )
        self._remover = Remover(self._torrents, self._parser, stored)
        wanted = WantedFiles(self._torrents, self._session, lambda: self._builder.connections, self._tell)
        self._listeners.listen(StatusesUpdated, wanted.rows_came)
        self._priorities = FilePriorities(self._torrents, wanted.in_force)
        self.piece_access = PieceAccess(self._torrents, self._priorities)
        self._metadata = MetadataKeeper(
            torrents=self._torrents,
            stored=stored,
            store=store,
            parser=self._parser,
            priorities=self._priorities,
            tell=self._tell,
            spawn=spawn,
        )
        self._running = RunningTorrents(
            torrents=self._torrents, sites=self._sites, session_of=self._session, metadata=self._metadata
        )
        self._stopping = False

    # --- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the plain session."""
        self._sites[0] = await self._made(0, None, await self._dht.recall())

    async def stop(self) -> None:
        """Tell peers and trackers, save what changed, and end all sessions, within some five seconds."""
        self._stopping = True
        self.lookups.stop()
        sites = list(self._sites.values())
        for site in sites:
            site.board.stop()
            site.session.raw.pause()
        running = [torrent for torrent in self._torrents if torrent.is_unsaved or not _is_idle(torrent.row)]
        try:
            async with asyncio.timeout(_SAVE_AT_STOP_SECONDS):
                await self._checkpoints.save(running)
                await self.keep_dht()
        except TimeoutError:
            log.warning("Not everything could be saved in time; some pieces may be checked again")
        await _wait_until(lambda: not any(site.translator.announcing for site in sites), _ANNOUNCE_AT_STOP_SECONDS)
        for hops in list(self._sites):
            await self._sites.pop(hops).session.close()
        await self._parser.close()

    async def keep_dht(self) -> None:
        """Keep what the plain session knows of the DHT."""
        if 0 in self._sites:
            await self._dht.keep(self._sites[0].session.raw)

    async def keep_limits(self) -> None:
        """Apply the rate limits of the time of day."""
        for site in self._sites.values():
            self._apply(site)

    def reconfigure(self, config: LibtorrentConfig) -> None:
        """Take changed settings live."""
        before = connections_per_torrent(self._config)
        self._config = config
        for site in self._sites.values():
            self._apply(site)
        self._builder.connections = connections = connections_per_torrent(config)
        if connections != before:
            for torrent in self._torrents:
                torrent.handle.set_max_connections(connections)

    # --- asking -------------------------------------------------------------------------------------------------

    async def parse_metainfo(self, raw: bytes) -> Metainfo:
        """Return what a torrent file says. A large one is parsed off the event loop, and outside of this process."""
        return await self._parser.parse(raw)

    def parse_magnet(self, uri: str) -> Magnet:
        """Return what a magnet link says."""
        return magnet.parse_magnet(uri)

    def listen(self, kind: type[Any], listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call ``listener`` with every event of this type; the returned function ends that."""
        return self._listeners.listen(kind, listener)

    def has(self, infohash: Infohash) -> bool:
        """Return whether the torrent was added."""
        return infohash in self._torrents

    def torrents_of(self, hops: int) -> Mapping[Infohash, TorrentStatus | None]:
        """Return the torrents of one session with their last pushed status."""
        return {torrent.infohash: torrent.row for torrent in self._torrents if torrent.hops == hops}

    def status(self, infohash: Infohash) -> TorrentStatus | None:
        """Return the last pushed status."""
        torrent = self._torrents.find(infohash)
        return torrent.row if torrent else None

    def dht_is_running(self, hops: int = 0) -> bool:
        """Return whether the session uses the DHT."""
        return self._sites.uses_dht(hops)

    def sessions(self) -> Sequence[int]:
        """Return the numbers of hops that there are sessions for."""
        return sorted(hops for hops, site in self._sites.items() if not site.is_closing)

    def session_rate_limits(self) -> tuple[int, int]:
        """Return the session-wide limits as (upload, download)."""
        return session_limits(self._config, 0)

    # --- changing -----------------------------------------------------------------------------------------------

    async def add(self, wish: TorrentWish) -> TorrentStatus:
        """Hand one torrent to its session."""
        if not wish.is_paused and wish.hops in self._sites:
            self._sites[wish.hops].board.watch_closely()
        return await self._adder.add(wish)

    async def add_many(self, wishes: Iterable[TorrentWish]) -> Mapping[Infohash, EngineError]:
        """Hand over thousands in batches."""
        return await self._adder.add_many(wishes)

    async def remove(self, infohash: Infohash, *, remove_data: bool = False) -> None:
        """Take a torrent out of the engine, and its files from the disk if wanted."""
        torrent = self._torrents.get(infohash)
        await self._remover.remove(torrent, self._session(torrent.hops), self._forget, remove_data=remove_data)

    async def delete_files(self, infohash: Infohash, save_path: str) -> None:
        """Delete the files of a torrent that was not added."""
        await self._remover.delete_files(infohash, save_path)

    def pause(self, infohash: Infohash) -> None:
        """Stop it, and leave the queue."""
        self._running.pause(self._torrents.get(infohash))

    def resume(self, infohash: Infohash, *, auto_managed: bool = False) -> None:
        """Clear its error and start it, by itself or through the queue."""
        self._running.resume(self._torrents.get(infohash), auto_managed=auto_managed)

    async def recheck(self, infohash: Infohash) -> None:
        """Verify all data again; a paused torrent is paused again afterwards."""
        self._running.recheck(self._torrents.get(infohash))

    async def move_storage(self, infohash: Infohash, save_path: str) -> None:
        """Begin to move the files; the end is an event. Files of others at the new place are never replaced."""
        self._torrents.get(infohash).handle.move_storage(save_path, lt.move_flags_t.fail_if_exist)

    def set_priorities(self, infohash: Infohash, priorities: Priorities) -> None:
        """Set one priority per file, or those of a few files."""
        torrent = self._torrents.get(infohash)
        self._session(torrent.hops).prefer_tcp()  # when all that was wanted is there, every seeder was left
        self._priorities.set(torrent, priorities)

    def set_limits(self, infohash: Infohash, *, upload: int | None = None, download: int | None = None) -> None:
        """Set rate limits in bytes per second."""
        handle = self._torrents.get(infohash).handle
        if upload is not None:
            handle.set_upload_limit(upload)
        if download is not None:
            handle.set_download_limit(download)

    def set_queue_position(self, infohash: Infohash, move: QueueMove) -> None:
        """Move a torrent in the queue."""
        torrent = self._torrents.get(infohash)
        QUEUE_MOVES[move](torrent.handle)
        self._sites[torrent.hops].board.ask_soon()  # no alert tells of it, and those that wait do nothing else

    async def checkpoint(self, infohash: Infohash | None = None) -> None:
        """Save the resume data of one torrent, or of all that need it."""
        if infohash is None:
            await self._checkpoints.save_changed()
        else:
            await self._checkpoints.save([self._torrents.get(infohash)])

    # --- inside -------------------------------------------------------------------------------------------------

    async def _made(self, hops: int, socks: tuple[str, int] | None, dht_state: DhtState | None = None) -> Site:
        session = await open_session(hops, self._settings(hops, socks), dht_state)
        self._bans.hold_in(session)
        board = StatusBoard(self._torrents, lambda: session.raw.post_torrent_updates(STATUS_FLAGS), self._rows_came)
        translator = AlertTranslator(self._torrents, self._tell, board.ask_soon)
        site = Site(session, translator, board, socks=socks)
        session.listen(self._handlers(site))
        return site

    async def _empty(self, site: Site) -> None:
        """Tell trackers, save and forget all torrents of a session, and refuse those that are on their way there."""
        hops = site.session.hops
        self.lookups.stop(hops)
        self._adder.stop(hops)
        site.session.raw.pause()
        try:
            async with asyncio.timeout(_SAVE_AT_STOP_SECONDS):
                await self._checkpoints.save([torrent for torrent in self._torrents if torrent.hops == hops])
        except TimeoutError:
            log.warning("Not everything of the session of %d hops could be saved in time", hops)
        await _wait_until(
            lambda: not (site.translator.announcing or self._remover.is_busy(hops)), _ANNOUNCE_AT_STOP_SECONDS
        )
        site.board.stop()
        for torrent in self._torrents:
            if torrent.hops == hops:
                self._forget(torrent)

    def _apply(self, site: Site) -> None:
        site.session.apply(self._settings(site.session.hops, site.socks))

    def _handlers(self, site: Site) -> dict[type, tuple[Handler, ...]]:
        def added(alert: lt.add_torrent_alert) -> None:
            self._adder.added(alert)
            site.board.ask_now()

        recovery = Recovery(
            session=site.session,
            board=site.board,
            torrents=self._torrents,
            adder=self._adder,
            remover=self._remover,
            lookups=self.lookups,
            checkpoints=self._checkpoints,
            metadata=self._metadata,
            spawn=self._spawn,
        )
        own: dict[type, Handler] = {
            lt.state_update_alert: site.board.pushed,
            lt.session_stats_alert: site.session.counted,
            lt.listen_succeeded_alert: site.session.listening,
            lt.listen_failed_alert: site.session.not_listening,
            lt.add_torrent_alert: added,
            lt.torrent_checked_alert: self._adder.may_start,
            lt.state_changed_alert: self._adder.may_need_check,
            lt.save_resume_data_alert: self._checkpoints.saved,
            lt.save_resume_data_failed_alert: self._checkpoints.not_saved,
            lt.torrent_removed_alert: self._remover.removed,
            lt.torrent_conflict_alert: site.translator.conflicted,
            lt.torrent_deleted_alert: self._remover.deleted,
            lt.torrent_delete_failed_alert: self._remover.deleted,
            lt.metadata_received_alert: self._metadata.came,
            lt.read_piece_alert: self.piece_access.was_read,
            lt.cache_flushed_alert: self.piece_access.was_flushed,
            lt.file_prio_alert: self.piece_access.was_ordered,
            lt.torrent_paused_alert: self._worth_saving,
            lt.torrent_finished_alert: self._worth_saving,
            lt.alerts_dropped_alert: recovery.lost,
        }
        own = self.lookups.in_front_of(site.session.hops, own)
        translated = site.translator.handlers()
        # Our own books come first: whoever hears an event finds them up to date.
        return {kind: tuple(table[kind] for table in (own, translated) if kind in table) for kind in own | translated}

    def _settings(self, hops: int, socks: tuple[str, int] | None) -> "lt.settings_pack":
        settings = anonymous_settings(self._config, hops, *socks) if socks else plain_settings(self._config)
        settings["alert_mask"] = self._alert_mask(has_hops=socks is not None)
        return settings

    def _session(self, hops: int) -> EngineSession:
        site = self._sites.get(hops)
        if hops and (site is None or site.is_closing):
            msg = f"Anonymous downloads need the tunnels plugin; there is no session of {hops} hops"
            raise NoSessionError(msg)
        if site is None or self._stopping:
            msg = "The engine is stopping"
            raise EngineError(msg)
        return site.session

    def _alert_mask(self, *, has_hops: bool) -> int:
        pieces = lt.alert_category.piece_progress if self._listeners.wants(PieceFinished) else 0
        peers = lt.alert_category.peer if has_hops and self._listeners.wants(PeerBanned) else 0
        return BASE_ALERTS | pieces | peers

    def _choose_alerts(self) -> None:
        for hops, site in self._sites.items():
            site.session.want_alerts(self._alert_mask(has_hops=hops > 0))

    def _tell(self, event: EngineEvent) -> None:
        self._listeners.tell(event)

    def _rows_came(self, rows: tuple[TorrentStatus, ...]) -> None:
        self._adder.has_row(rows)
        self._tell(StatusesUpdated(rows))

    def _worth_saving(self, alert: lt.torrent_alert) -> None:
        torrent = self._torrents.of(alert.handle)
        if torrent is not None and not self._stopping:
            self._spawn("checkpoint", self._save(torrent))

    async def _save(self, torrent: Torrent) -> None:
        await self._checkpoints.save([torrent])
        await self._metadata.complete(torrent)

    def _forget(self, torrent: Torrent) -> None:
        self._torrents.drop(torrent.infohash)
        self._checkpoints.forget(torrent.infohash)
        self._priorities.forget(torrent.infohash)
        self._sites[torrent.hops].board.forget(torrent.infohash)
        self._sites[torrent.hops].session.may_leave_seeds(torrent.infohash)


def _is_idle(row: TorrentStatus | None) -> bool:
    return row is not None and row.is_paused


async def _wait_until(condition: Callable[[], bool], limit_seconds: float) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110 - once in a life, for a second at most
        await asyncio.sleep(_POLL_SECONDS)
