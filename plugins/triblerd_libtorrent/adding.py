"""Handing torrents over to a session, without waiting for it."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import libtorrent as lt

from triblerd_libtorrent.api import (
    EngineError,
    EngineState,
    Infohash,
    Magnet,
    Metainfo,
    MetainfoError,
    TorrentStatus,
    TorrentWish,
)
from triblerd_libtorrent.magnet import load_magnet
from triblerd_libtorrent.metainfo import LARGE_BYTES, load_metainfo
from triblerd_libtorrent.resume import StoredTorrents
from triblerd_libtorrent.session import EngineSession
from triblerd_libtorrent.torrents import Torrent, Torrents
from triblerd_libtorrent.trackers import TrackerList

log = logging.getLogger(__name__)

BATCH = 100  # more at once, and every other call waits for seconds
_ANSWER_SECONDS = 60.0

_NEEDS_RESUME_DATA = 1 << 13  # libtorrent's need_save_resume, which the binding does not name
_ALWAYS = lt.torrent_flags.update_subscribe | lt.torrent_flags.apply_ip_filter | lt.torrent_flags.duplicate_is_error


class Rivals(Protocol):
    """What may be in a session already under the name of a new torrent, and gives way to it."""

    async def give_way(self, infohash: Infohash, hops: int, hashes: lt.info_hash_t) -> None:
        """Leave the session; return when the new torrent can be handed over."""

    def download_refused(self, hops: int, hashes: lt.info_hash_t) -> None:
        """Come back, since the new torrent does not."""


class SessionsByHops(Protocol):
    """Finds a session."""

    def __call__(self, hops: int) -> EngineSession:
        """Return the session of that many hops, or raise ``EngineError``."""


@dataclass(slots=True)
class _Pending:
    wish: TorrentWish
    done: "asyncio.Future[TorrentStatus]"
    trackers: TrackerList | None = None
    has_files: bool = False
    hashes: lt.info_hash_t | None = None


class Adder:
    """Adds torrents, one by one or by the thousand.

    Args:
        connections: How many peers a torrent may be connected to; may be changed.
    """

    def __init__(
        self,
        *,
        torrents: Torrents,
        stored: StoredTorrents,
        session_of: SessionsByHops,
        rivals: Rivals,
        connections: int,
    ) -> None:
        self._torrents = torrents
        self._rivals = rivals
        self._stored = stored
        self._session_of = session_of
        self.connections = connections
        self._pending: dict[Infohash, _Pending] = {}

    def expects(self, infohash: Infohash) -> bool:
        """Return whether a torrent of this name is being added."""
        return infohash in self._pending

    async def add(self, wish: TorrentWish) -> TorrentStatus:
        """Hand over one torrent; return its first status.

        Raises:
            EngineError: it was refused.
        """
        session = self._session_of(wish.hops)
        future = self._expect(wish)
        try:
            if self._is_large(wish):
                params = await asyncio.to_thread(self._params, wish)
            else:
                params = self._params(wish)
            if not wish.is_paused:
                session.prefer_tcp()
            await self._hand_over(session, wish, params)
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await future
        except TimeoutError as error:
            msg = "The engine did not answer in time"
            raise EngineError(msg) from error
        finally:
            self._settle(wish.infohash)

    async def add_many(self, wishes: Iterable[TorrentWish]) -> dict[Infohash, EngineError]:
        """Hand over thousands in batches; return those that were refused."""
        refused: dict[Infohash, EngineError] = {}
        remaining = iter(wishes)
        while batch := list(islice(remaining, BATCH)):
            refused.update(await self._add_batch(batch))
        return refused

    def added(self, alert: lt.add_torrent_alert) -> None:
        """Take the engine's answer."""
        pending = self._pending.get(self._torrents.name_of(alert.params.info_hashes))
        if pending is None:
            return
        if alert.error.value():
            if not pending.done.done():
                pending.done.set_exception(EngineError(alert.error.message()))
            return
        self._adopt(pending, alert.handle)

    def has_row(self, rows: Sequence[TorrentStatus]) -> None:
        """Answer those who wait for the first row of a torrent."""
        if not self._pending:
            return
        for row in rows:
            pending = self._pending.get(row.infohash)
            if pending is not None and not pending.done.done():
                pending.done.set_result(row)
                if row.state is not EngineState.CHECKING_RESUME:  # it was checked before it was reported as added
                    self.start(self._torrents.find(row.infohash))

    def may_start(self, alert: lt.torrent_alert) -> None:
        """Start a torrent whose files were looked at, or shall be now.

        It was handed over paused, since the engine meets peers at once only when a torrent that is ready is resumed;
        otherwise the first peer waits for the next full second.
        """
        self.start(self._torrents.of(alert.handle))

    def adopt(self, handle: lt.torrent_handle) -> None:
        """Take a torrent that the engine has, when its answer was lost."""
        pending = self._pending.get(self._torrents.name_of(handle.info_hashes()))
        if pending is not None and pending.wish.infohash not in self._torrents:
            self._adopt(pending, handle)

    def start(self, torrent: Torrent | None) -> None:
        """Start a torrent that waits for it."""
        if torrent is not None and torrent.starts_when_checked:
            torrent.start()

    async def _add_batch(self, batch: list[TorrentWish]) -> dict[Infohash, EngineError]:
        futures: dict[Infohash, asyncio.Future[TorrentStatus]] = {}
        refused: dict[Infohash, EngineError] = {}
        for wish in batch:
            try:
                self._session_of(wish.hops)
                futures[wish.infohash] = self._expect(wish)
            except EngineError as error:
                refused[wish.infohash] = error
        expected = [wish for wish in batch if wish.infohash in futures]
        try:
            built = await asyncio.to_thread(self._all_params, expected)
            for wish, params in zip(expected, built, strict=True):
                if isinstance(params, EngineError):
                    futures[wish.infohash].set_exception(params)
                else:
                    await self._hand_over(self._session_of(wish.hops), wish, params)
            if futures:
                await asyncio.wait(futures.values(), timeout=_ANSWER_SECONDS)
        finally:
            for infohash in futures:
                self._settle(infohash)
        return refused | _refusals(futures)

    def _is_large(self, wish: TorrentWish) -> bool:
        if isinstance(wish.source, Magnet):  # its metadata may be known all the same
            return len(self._stored.metainfo(wish.infohash) or b"") > LARGE_BYTES
        return wish.source is None or len(wish.source.raw) > LARGE_BYTES

    def _all_params(self, wishes: list[TorrentWish]) -> list[lt.add_torrent_params | EngineError]:
        built: list[lt.add_torrent_params | EngineError] = []
        for wish in wishes:
            try:
                built.append(self._params(wish))
            except EngineError as error:
                built.append(error)
        return built

    def _expect(self, wish: TorrentWish) -> "asyncio.Future[TorrentStatus]":
        if wish.infohash in self._torrents or wish.infohash in self._pending:
            msg = "The engine has this torrent already"
            raise EngineError(msg)
        future: asyncio.Future[TorrentStatus] = asyncio.get_running_loop().create_future()
        self._pending[wish.infohash] = _Pending(wish, future)
        return future

    async def _hand_over(self, session: EngineSession, wish: TorrentWish, params: lt.add_torrent_params) -> None:
        pending = self._pending[wish.infohash]
        pending.hashes = params.info_hashes
        await self._rivals.give_way(wish.infohash, wish.hops, params.info_hashes)
        pending.has_files = params.ti is not None
        urls, tiers = params.trackers, params.tracker_tiers
        if urls:
            tiers += [0] * (len(urls) - len(tiers))
            pending.trackers = TrackerList(zip(urls, tiers, strict=False))
        self._torrents.also_known_as(wish.infohash, params.info_hashes)
        session.raw.async_add_torrent(params)

    def _settle(self, infohash: Infohash) -> None:
        pending = self._pending.pop(infohash, None)
        if pending is not None and pending.hashes is not None and infohash not in self._torrents:
            self._rivals.download_refused(pending.wish.hops, pending.hashes)

    def _adopt(self, pending: _Pending, handle: lt.torrent_handle) -> None:
        wish = pending.wish
        torrent = Torrent(wish.infohash, handle, hops=wish.hops, trackers=pending.trackers)
        self._torrents.put(torrent)
        if not wish.is_paused and not wish.is_auto_managed:
            if pending.has_files:
                torrent.starts_when_checked = True
            else:  # there is nothing to look at
                torrent.start()

    def _params(self, wish: TorrentWish) -> lt.add_torrent_params:
        """Return what the engine needs to know. CPU-bound; may run in any thread.

        Raises:
            EngineError: nothing is known about the torrent, or what is known cannot be used.
        """
        metainfo = wish.source.raw if isinstance(wish.source, Metainfo) else self._stored.metainfo(wish.infohash)
        params = self._resumed(wish.infohash, metainfo) or _fresh(wish, metainfo)
        params.save_path = wish.save_path
        params.flags = _ALWAYS | _flags(wish, params)
        params.upload_limit = wish.upload_limit
        params.download_limit = wish.download_limit
        params.max_connections = self.connections
        # Both, or what a stream wanted when the process was killed would last.
        params.file_priorities = list(wish.priorities)
        params.piece_priorities = []
        _add_trackers(params, wish.trackers)
        _remove_trackers(params, wish.removed_trackers)
        _choose_web_seeds(params, wish)
        if wish.peers:
            params.peers = [*params.peers, *wish.peers]
        return params

    def _resumed(self, infohash: Infohash, metainfo: bytes | None) -> lt.add_torrent_params | None:
        data = self._stored.resume_data(infohash)
        if data is None:
            return None
        try:
            params = lt.read_resume_data(data)
            if metainfo is not None:
                params.ti = load_metainfo(metainfo).ti
        except (RuntimeError, MetainfoError) as error:
            log.warning("The resume data of %s cannot be used; its files are checked anew: %s", infohash, error)
            return None
        params.flags &= ~_NEEDS_RESUME_DATA  # what is stored says all of it
        return params


def _fresh(wish: TorrentWish, metainfo: bytes | None) -> lt.add_torrent_params:
    if isinstance(wish.source, Magnet):  # it may name peers and web seeds, also when its metadata are known by now
        params = load_magnet(wish.source.uri)
        if metainfo is not None:
            params.ti = _loaded(metainfo).ti
    elif metainfo is not None:
        params = _loaded(metainfo)
    else:
        msg = "Neither torrent file nor resume data are stored"
        raise EngineError(msg)
    params.flags |= _NEEDS_RESUME_DATA
    return params


def _loaded(metainfo: bytes) -> lt.add_torrent_params:
    try:
        return load_metainfo(metainfo)
    except MetainfoError as error:
        raise EngineError(str(error)) from error


def _flags(wish: TorrentWish, params: lt.add_torrent_params) -> int:
    flags = params.flags & _NEEDS_RESUME_DATA
    if wish.is_verified:
        flags |= lt.torrent_flags.seed_mode
    if wish.priorities and params.ti is None:
        flags |= lt.torrent_flags.default_dont_download
    if wish.is_auto_managed:
        flags |= lt.torrent_flags.auto_managed
    if wish.is_paused or not wish.is_auto_managed:
        flags |= lt.torrent_flags.paused
    return flags


def _add_trackers(params: lt.add_torrent_params, urls: Sequence[str]) -> None:
    known = params.trackers
    new = [url for url in dict.fromkeys(urls) if url not in known]
    if new:
        tiers = params.tracker_tiers
        tiers += [0] * (len(known) - len(tiers))
        params.trackers = known + new
        params.tracker_tiers = tiers + [max(tiers, default=-1) + 1] * len(new)


def _remove_trackers(params: lt.add_torrent_params, urls: Sequence[str]) -> None:
    known = params.trackers
    if not set(known).isdisjoint(urls):
        tiers = params.tracker_tiers
        tiers += [0] * (len(known) - len(tiers))
        left = [(url, tier) for url, tier in zip(known, tiers, strict=False) if url not in urls]
        params.trackers = [url for url, _ in left]
        params.tracker_tiers = [tier for _, tier in left]


def _choose_web_seeds(params: lt.add_torrent_params, wish: TorrentWish) -> None:
    if wish.web_seeds or wish.removed_web_seeds:
        wanted = dict.fromkeys([*params.url_seeds, *wish.web_seeds])
        params.url_seeds = [url for url in wanted if url not in wish.removed_web_seeds]


def _refusals(futures: "dict[Infohash, asyncio.Future[TorrentStatus]]") -> dict[Infohash, EngineError]:
    refused: dict[Infohash, EngineError] = {}
    for infohash, future in futures.items():
        if not future.done():
            refused[infohash] = EngineError("The engine did not answer in time")
        elif isinstance(error := future.exception(), EngineError):
            refused[infohash] = error
    return refused
