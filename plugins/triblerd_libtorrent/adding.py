"""Handing torrents over to a session, without waiting for it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import libtorrent as lt

from triblerd_libtorrent.api import (
    EngineError,
    EngineState,
    Infohash,
    NoSessionError,
    TorrentStatus,
    TorrentWish,
)
from triblerd_libtorrent.parameters import LargeTorrent, Parameters, ParametersBuilder, hand_over
from triblerd_libtorrent.session import EngineSession
from triblerd_libtorrent.torrents import Torrent, Torrents
from triblerd_libtorrent.trackers import TrackerList

BATCH = 100  # more at once, and every other call waits for seconds
_ANSWER_SECONDS = 60.0


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
    session: EngineSession | None = None


class Adder:
    """Adds torrents, one by one or by the thousand."""

    def __init__(
        self, *, torrents: Torrents, builder: ParametersBuilder, session_of: SessionsByHops, rivals: Rivals
    ) -> None:
        self._torrents = torrents
        self._rivals = rivals
        self._builder = builder
        self._session_of = session_of
        self._pending: dict[Infohash, _Pending] = {}

    def expects(self, infohash: Infohash) -> bool:
        """Return whether a torrent of this name is being added."""
        return infohash in self._pending

    async def add(self, wish: TorrentWish) -> TorrentStatus:
        """Hand over one torrent; return its first status.

        Raises:
            EngineError: it was refused.
        """
        self._session_of(wish.hops)
        future = self._expect(wish)
        try:
            build = self._builder.build
            built = build(wish) if self._builder.is_small(wish) else await asyncio.to_thread(build, wish)
            if not wish.is_paused:
                self._session_of(wish.hops).prefer_tcp()  # it may have ended meanwhile
            await self._hand_over(wish, built)
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

    def stop(self, hops: int) -> None:
        """Refuse what was handed to a session that ends; what is still to be handed over is not."""
        for pending in self._pending.values():
            if pending.wish.hops == hops and pending.session is not None and not pending.done.done():
                pending.done.set_exception(NoSessionError(f"The session of {hops} hops ends"))

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

    def may_need_check(self, alert: lt.state_changed_alert) -> None:
        """Start a torrent whose files exist: they are hashed once it runs."""
        if alert.state == lt.torrent_status.checking_files:
            self.may_start(alert)

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
            all_built = await asyncio.to_thread(lambda: [self._build_or_refuse(wish) for wish in expected])
            for wish, built in zip(expected, all_built, strict=True):
                try:
                    if isinstance(built, EngineError):
                        raise built
                    await self._hand_over(wish, built)
                except EngineError as error:
                    futures[wish.infohash].set_exception(error)
            if futures:
                await asyncio.wait(futures.values(), timeout=_ANSWER_SECONDS)
        finally:
            for infohash in futures:
                self._settle(infohash)
        return refused | _refusals(futures)

    def _build_or_refuse(self, wish: TorrentWish) -> Parameters | LargeTorrent | EngineError:
        try:
            return self._builder.build(wish)
        except EngineError as error:
            return error

    def _expect(self, wish: TorrentWish) -> "asyncio.Future[TorrentStatus]":
        if wish.infohash in self._torrents or wish.infohash in self._pending:
            msg = "The engine has this torrent already"
            raise EngineError(msg)
        future: asyncio.Future[TorrentStatus] = asyncio.get_running_loop().create_future()
        self._pending[wish.infohash] = _Pending(wish, future)
        return future

    async def _hand_over(self, wish: TorrentWish, built: Parameters | LargeTorrent) -> None:
        """Give the engine a torrent: at once, unless it is large.

        Raises:
            EngineError: it cannot be used.
        """
        if isinstance(built, LargeTorrent):
            built = await self._builder.take_apart(built)
        params = built.params
        pending = self._pending[wish.infohash]
        pending.hashes = params.info_hashes
        await self._rivals.give_way(wish.infohash, wish.hops, params.info_hashes)
        pending.has_files = built.has_files
        urls, tiers = params.trackers, params.tracker_tiers
        if urls:
            tiers += [0] * (len(urls) - len(tiers))
            pending.trackers = TrackerList(zip(urls, tiers, strict=False))
        self._torrents.also_known_as(wish.infohash, params.info_hashes)
        pending.session = session = self._session_of(wish.hops)
        if not built.has_files and not wish.is_paused:
            session.keep_seeds(wish.infohash)
        await hand_over(session.raw, built)

    def _settle(self, infohash: Infohash) -> None:
        pending = self._pending.pop(infohash, None)
        if pending is not None and pending.hashes is not None and infohash not in self._torrents:
            self._rivals.download_refused(pending.wish.hops, pending.hashes)
            if pending.session is not None:
                pending.session.may_leave_seeds(infohash)

    def _adopt(self, pending: _Pending, handle: lt.torrent_handle) -> None:
        wish = pending.wish
        torrent = Torrent(wish.infohash, handle, hops=wish.hops, trackers=pending.trackers)
        torrent.is_held = wish.is_paused
        if not pending.has_files:
            torrent.is_unknown(wish.priorities)
        self._torrents.put(torrent)
        if not wish.is_paused and not wish.is_auto_managed:
            if pending.has_files:
                torrent.starts_when_checked = True
            else:  # there is nothing to look at
                torrent.start()


def _refusals(futures: "dict[Infohash, asyncio.Future[TorrentStatus]]") -> dict[Infohash, EngineError]:
    refused: dict[Infohash, EngineError] = {}
    for infohash, future in futures.items():
        if not future.done():
            refused[infohash] = EngineError("The engine did not answer in time")
        elif isinstance(error := future.exception(), EngineError):
            refused[infohash] = error
    return refused
