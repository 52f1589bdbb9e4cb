"""Asking peers for the metadata of magnet links (BEP 9), for whoever only wants to know: nothing is listed or written.

A look-up is a torrent in a session that nobody else sees. It fetches no piece, its directory is no directory, and it is
taken out as soon as its metadata are there or nobody waits for them any more. A session takes a torrent only once, so
that a download always comes first: where there is one, the look-up has none of its own and waits for the download's
metadata; where one is added, the look-up gives way.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import libtorrent as lt

from triblerd.errors import TriblerdError, UnavailableError
from triblerd_libtorrent.adding import SessionsByHops
from triblerd_libtorrent.alerts import is_conflict
from triblerd_libtorrent.api import EngineError, Infohash, Magnet, MetadataReceived, Metainfo, MetainfoError
from triblerd_libtorrent.magnet import load_magnet
from triblerd_libtorrent.metainfo import rewrap_info, wrap_info
from triblerd_libtorrent.pump import Handler
from triblerd_libtorrent.received import Spawn
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.resume import StoredTorrents
from triblerd_libtorrent.torrents import Torrents

log = logging.getLogger(__name__)

MOST_LOOKUPS = 500
"""At a time; several hundred are what a page of search results may ask for."""
_CONNECTIONS = 200  # of all look-ups together, as long as each can have its least
_MOST_CONNECTIONS = 16
_LEAST_CONNECTIONS = 2  # the engine takes no less for unlimited
_ANSWER_SECONDS = 10.0

_FLAGS = (
    lt.torrent_flags.apply_ip_filter
    | lt.torrent_flags.paused  # until it is in: peers are met at once when a torrent is resumed
    | lt.torrent_flags.upload_mode
    | lt.torrent_flags.default_dont_download
)


class TooManyLookupsError(UnavailableError):
    """More look-ups run than the session can serve."""


class _Lookup:
    """One torrent whose metadata are wanted.

    Attributes:
        names: Its infohashes as 40 digits: v1, and the beginning of v2.
        askers: How many wait for it.
        found: The metadata, as soon as they are there.
        handle: The torrent in the session, while it has one of its own.
        is_entering: It was handed to the session, which has not answered yet.
        entered: Set whenever it is not.
        is_read: Its metadata have come, and are being parsed.
    """

    __slots__ = ("askers", "entered", "found", "handle", "hops", "is_entering", "is_read", "link", "names", "urls")

    def __init__(self, magnet: Magnet, hops: int) -> None:
        self.names: Final = names_of(magnet)
        self.hops: Final = hops
        self.link: Final = magnet.uri
        self.urls = dict.fromkeys(magnet.trackers)
        self.askers = 0
        self.found: asyncio.Future[Metainfo] = asyncio.get_running_loop().create_future()
        self.handle: lt.torrent_handle | None = None
        self.is_entering = False
        self.entered = asyncio.Event()
        self.is_read = False

    def also(self, magnet: Magnet) -> None:
        """Ask the trackers and peers of another link to the same torrent, too."""
        new = [url for url in magnet.trackers if url not in self.urls]
        self.urls.update(dict.fromkeys(new))
        if self.handle is not None:
            for url in new:
                self.handle.add_tracker({"url": url, "tier": 0})
            for peer in magnet.peers:
                self.handle.connect_peer(peer)

    def fail(self, error: TriblerdError) -> None:
        """Tell everybody who waits that it came to nothing."""
        if self.askers and not self.found.done():
            self.found.set_exception(error)


class Lookups:
    """Implements ``triblerd_libtorrent.api.MetadataLookups``.

    Args:
        session_of: Finds a session.
        entered: Waits for the session of a number of hops.
        torrents: The downloads that the engine has.
        is_adding: Whether it is about to have one of this name.
        stored: The metainfo of downloads.
        parse: Parses a torrent file.
        spawn: Starts background work.
        recent: Where results are kept.
    """

    def __init__(  # noqa: PLR0913 - what it needs of the engine, by keyword
        self,
        *,
        session_of: SessionsByHops,
        entered: Callable[[int], Awaitable[None]],
        torrents: Torrents,
        is_adding: Callable[[Infohash], bool],
        stored: StoredTorrents,
        parse: Callable[[bytes], Awaitable[Metainfo]],
        spawn: Spawn,
        recent: RecentMetainfo,
    ) -> None:
        self._session_of = session_of
        self._entered = entered
        self._torrents = torrents
        self._is_adding = is_adding
        self._stored = stored
        self._parse = parse
        self._spawn = spawn
        self._recent = recent
        self._running: set[_Lookup] = set()
        self._by_name: dict[tuple[int, Infohash], _Lookup] = {}

    @property
    def count(self) -> int:
        """The number of look-ups that run."""
        return len(self._running)

    # --- asking -------------------------------------------------------------------------------------------------

    async def look_up(self, magnet: Magnet, *, hops: int = 0) -> Metainfo:
        """Return the metainfo that a link leads to, from memory, from a download or from peers."""
        known = self.known(magnet) or await self._of_download(magnet)
        if known is not None:
            return known
        if hops:
            await self._entered(hops)
        lookup = self._find(hops, names_of(magnet))
        if lookup is None:
            lookup = self._begin(magnet, hops)
        else:
            lookup.also(magnet)
        lookup.askers += 1
        try:
            found = await asyncio.shield(lookup.found)
        finally:
            lookup.askers -= 1
            if not lookup.askers:
                self._end(lookup)
        return self.known(magnet) or found  # what a download has is complete, with trackers of its own

    def known(self, magnet: Magnet) -> Metainfo | None:
        """Return what was found in the last five minutes, with the link's trackers and web seeds."""
        for name in names_of(magnet):
            if (found := self._recent.get(name)) is not None:
                return rewrap_info(found, magnet.trackers, magnet.web_seeds)
        return None

    def stop(self, hops: int | None = None) -> None:
        """End the look-ups of one session, or all of them: it closes."""
        for lookup in list(self._running):
            if hops is None or lookup.hops == hops:
                lookup.handle = None  # it ends with the session
                self._left(lookup)
                self._forget(lookup)
                lookup.fail(EngineError("The session of the look-up has ended"))

    # --- downloads come first -----------------------------------------------------------------------------------

    async def give_way(self, infohash: Infohash, hops: int, hashes: lt.info_hash_t) -> None:
        """Take a look-up out of the session, before a download of the same torrent is handed over.

        Those who wait for it get what the download finds, or has.
        """
        for lookup in {found for name in _names(hashes) if (found := self._by_name.get((hops, name)))}:
            if lookup.is_entering:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await lookup.entered.wait()
            self._withdraw(lookup)
            if self._stored.metainfo(infohash) is not None:
                self._spawn("look-up", self._take_stored(lookup, infohash))

    def download_refused(self, hops: int, hashes: lt.info_hash_t) -> None:
        """Look again: the download that a look-up gave way to did not come to be."""
        for name in _names(hashes):
            self._go_on(self._by_name.get((hops, name)))

    def heard(self, event: MetadataReceived) -> None:
        """Take the metadata of a download."""
        self._deliver(event.metainfo)

    # --- what the session says ----------------------------------------------------------------------------------

    def in_front_of(self, hops: int, handlers: Mapping[type, Handler]) -> dict[type, Handler]:
        """Return the handlers of a session's alerts, kept from what concerns look-ups alone."""
        takers: Mapping[type, Callable[[int, Any], bool]] = {
            lt.add_torrent_alert: self._added,
            lt.metadata_received_alert: self._metadata_came,
            lt.torrent_conflict_alert: self._conflicted,
            lt.torrent_error_alert: self._failed,
            lt.torrent_removed_alert: self._removed,
        }
        own = {kind: _first(partial(take, hops), handlers.get(kind, _pass_on)) for kind, take in takers.items()}
        return {**handlers, **own}

    def _added(self, hops: int, alert: lt.add_torrent_alert) -> bool:
        """Take the answer to a torrent that was handed over; return whether it was a look-up's."""
        if alert.params.save_path != os.devnull:  # a download's, which may have the same hash and another one
            return False
        lookup = self._entering(hops, alert.params.info_hashes)
        if lookup is None:
            return True
        if alert.error.value():
            self._left(lookup)
            self._forget(lookup)
            lookup.fail(EngineError(alert.error.message()))
            return True
        self._enter(lookup, alert.handle)
        return True

    def _metadata_came(self, hops: int, alert: lt.metadata_received_alert) -> bool:
        """Take metadata; return whether they were a look-up's."""
        lookup = self._of(hops, alert.handle)
        if lookup is None:
            return False
        self._take(lookup)
        return True

    def _failed(self, hops: int, alert: lt.torrent_error_alert) -> bool:
        """Take that the metadata, whose hash is right, are none of a torrent: no peer has others."""
        lookup = self._of(hops, alert.handle)
        if lookup is None or is_conflict(alert.error):
            return False
        log.info("Peers sent metadata of %s that cannot be used: %s", lookup.names[0], alert.error.message())
        self._withdraw(lookup)
        self._forget(lookup)
        lookup.fail(MetainfoError(alert.error.message()))
        return True

    def _removed(self, hops: int, alert: lt.torrent_removed_alert) -> bool:
        """Look ourselves for what a download was expected to find that is gone now."""
        for name in _names(alert.info_hashes):
            self._go_on(self._by_name.get((hops, name)))
        return False

    def _conflicted(self, hops: int, alert: lt.torrent_conflict_alert) -> bool:
        """Take metadata by which two torrents turn out to be one hybrid; return whether a look-up was one of them.

        The engine stops both. A download among them goes on as it was.
        """
        handles = alert.handle, alert.conflicting_torrent
        found = [lookup for handle in handles if (lookup := self._of(hops, handle)) is not None]
        if not found:
            return False
        for lookup in found:
            self._withdraw(lookup)
            lookup.is_read = True
        self._spawn("look-up", self._read(found[0], wrap_info(alert.metadata.info_section(), ())))
        for handle in handles:
            if (download := self._torrents.of(handle)) is not None:
                handle.clear_error()
                if download.row is None or not download.row.is_paused:  # which is how it was before
                    self._session_of(hops).prefer_tcp()
                    download.start()
        return True

    def look_again(self, hops: int, handles: Iterable[lt.torrent_handle]) -> list[lt.torrent_handle]:
        """Find out what lost alerts would have said; return those of a session's torrents that are no look-ups."""
        others = []
        for handle in handles:
            hashes = handle.info_hashes()
            lookup = self._of(hops, handle) or self._entering(hops, hashes)
            if lookup is None:
                others.append(handle)
                continue
            if lookup.is_entering:
                self._enter(lookup, handle)
            if lookup.handle is not None and lookup.handle.torrent_file() is not None:
                self._take(lookup)
        return others

    # --- inside -------------------------------------------------------------------------------------------------

    def _find(self, hops: int, names: Iterable[Infohash]) -> _Lookup | None:
        return next((found for name in names if (found := self._by_name.get((hops, name)))), None)

    def _entering(self, hops: int, hashes: lt.info_hash_t) -> _Lookup | None:
        lookup = self._find(hops, _names(hashes))
        return lookup if lookup is not None and lookup.is_entering and {*_names(hashes)} == {*lookup.names} else None

    def _of(self, hops: int, handle: lt.torrent_handle) -> _Lookup | None:
        lookup = self._find(hops, _names(handle.info_hashes()))
        return lookup if lookup is not None and lookup.handle == handle else None

    def _begin(self, magnet: Magnet, hops: int) -> _Lookup:
        if len(self._running) >= MOST_LOOKUPS:
            msg = f"{MOST_LOOKUPS} torrents are being looked up already"
            raise TooManyLookupsError(msg)
        lookup = _Lookup(magnet, hops)
        if not self._is_of_download(lookup):
            self._hand_over(lookup)
        self._running.add(lookup)
        for name in lookup.names:
            self._by_name[hops, name] = lookup
        return lookup

    def _hand_over(self, lookup: _Lookup) -> None:
        session = self._session_of(lookup.hops)
        params = load_magnet(lookup.link)
        params.trackers = list(lookup.urls)
        params.save_path = os.devnull  # below which nothing can be, be made or be found
        params.flags = _FLAGS
        params.max_connections = max(
            min(_CONNECTIONS // (len(self._running) + 1), _MOST_CONNECTIONS), _LEAST_CONNECTIONS
        )
        session.prefer_tcp()
        lookup.is_entering = True
        lookup.entered.clear()
        session.raw.async_add_torrent(params)

    def _enter(self, lookup: _Lookup, handle: lt.torrent_handle) -> None:
        self._left(lookup)
        if (download := self._torrents.of(handle)) is not None:  # which has it under the other one of its hashes
            self._spawn("look-up", self._take_stored(lookup, download.infohash))
            return
        lookup.handle = handle
        if lookup.askers:
            handle.resume()
        else:
            self._end(lookup)

    def _left(self, lookup: _Lookup) -> None:
        lookup.is_entering = False
        lookup.entered.set()

    def _take(self, lookup: _Lookup) -> None:
        info = lookup.handle.torrent_file() if lookup.handle is not None else None
        self._withdraw(lookup)
        if info is not None:
            lookup.is_read = True
            self._spawn("look-up", self._read(lookup, wrap_info(info.info_section(), ())))

    async def _read(self, lookup: _Lookup, raw: bytes) -> None:
        try:
            metainfo = await self._parse(raw)
        except TriblerdError as error:
            log.info("Peers sent metadata of %s that cannot be used: %s", lookup.names[0], error)
            self._forget(lookup)
            lookup.fail(error)
            return
        for name in _both(metainfo):
            self._recent.put(name, metainfo)
        self._deliver(metainfo)

    async def _take_stored(self, lookup: _Lookup, infohash: Infohash) -> None:
        raw = self._stored.metainfo(infohash)
        if raw is not None and not lookup.found.done():
            self._deliver(await self._parse(raw))

    async def _of_download(self, magnet: Magnet) -> Metainfo | None:
        raw = next((raw for name in names_of(magnet) if (raw := self._stored.metainfo(name)) is not None), None)
        return None if raw is None else await self._parse(raw)

    def _deliver(self, metainfo: Metainfo) -> None:
        for lookup in list(self._running):
            if not {*lookup.names}.isdisjoint(_both(metainfo)):
                self._withdraw(lookup)
                self._forget(lookup)
                if not lookup.found.done():
                    lookup.found.set_result(metainfo)

    def _go_on(self, lookup: _Lookup | None) -> None:
        if lookup is None or lookup.is_read or lookup.handle is not None or lookup.is_entering:
            return
        if self._is_of_download(lookup):
            return
        try:
            self._hand_over(lookup)
        except EngineError as error:
            self._forget(lookup)
            lookup.fail(error)

    def _end(self, lookup: _Lookup) -> None:
        """Give up: nobody waits any more. One that is on its way into the session is taken out when it is in."""
        if not lookup.is_entering:
            self._withdraw(lookup)
            self._forget(lookup)

    def _withdraw(self, lookup: _Lookup) -> None:
        handle, lookup.handle = lookup.handle, None
        if handle is not None:
            self._session_of(lookup.hops).raw.remove_torrent(handle)

    def _forget(self, lookup: _Lookup) -> None:
        self._running.discard(lookup)
        for name in lookup.names:
            if self._by_name.get((lookup.hops, name)) is lookup:
                del self._by_name[lookup.hops, name]

    def _is_of_download(self, lookup: _Lookup) -> bool:
        return any(name in self._torrents or self._is_adding(name) for name in lookup.names)


def _pass_on(_alert: Any) -> None:
    """Leave an alert to those who hear it next."""


def _first(take: Callable[[Any], bool], otherwise: Handler) -> Handler:
    def handle(alert: Any) -> None:
        if not take(alert):
            otherwise(alert)

    return handle


def names_of(magnet: Magnet) -> tuple[Infohash, ...]:
    """Return the names that a torrent may go by: the v1 hash, and the beginning of the v2 hash."""
    return tuple(Infohash(text[:40]) for text in (magnet.infohash_v1, magnet.infohash_v2) if text)


def _both(metainfo: Metainfo) -> tuple[Infohash, ...]:
    return tuple(Infohash(text[:40]) for text in (metainfo.infohash_v1, metainfo.infohash_v2) if text)


def _names(hashes: lt.info_hash_t) -> tuple[Infohash, ...]:
    v1 = (str(hashes.v1),) if hashes.has_v1() else ()
    v2 = (str(hashes.v2)[:40],) if hashes.has_v2() else ()
    return tuple(map(Infohash, v1 + v2))
