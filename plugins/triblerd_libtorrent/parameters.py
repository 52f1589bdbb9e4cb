"""What the engine is told of a torrent that is handed over to it."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import libtorrent as lt

from triblerd_libtorrent.api import EngineError, Infohash, Magnet, Metainfo, MetainfoError, TorrentWish
from triblerd_libtorrent.links import refuse_links_out
from triblerd_libtorrent.magnet import load_magnet
from triblerd_libtorrent.metainfo import ParsingCost, load_metainfo, parse_metainfo, parsing_cost
from triblerd_libtorrent.parsing import TorrentParser
from triblerd_libtorrent.resume import StoredTorrents
from triblerd_libtorrent.torrents import CIRCUIT_PORT

log = logging.getLogger(__name__)

_NEEDS_RESUME_DATA = 1 << 13  # libtorrent's need_save_resume, which the binding does not name
_ALWAYS = lt.torrent_flags.update_subscribe | lt.torrent_flags.apply_ip_filter | lt.torrent_flags.duplicate_is_error
_TOLERABLE_SECONDS = 0.08
"""How long a torrent with piece layers may hold the interpreter's lock."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A torrent in the engine's form.

    Attributes:
        params: Everything, but for what ``info`` says.
        info: The info dictionary, bencoded, when the engine is to parse it by itself; else the parameters have it.
    """

    params: lt.add_torrent_params
    info: bytes | None = None

    @property
    def has_files(self) -> bool:
        """Whether the files are known."""
        return self.info is not None or self.params.ti is not None


@dataclass(frozen=True, slots=True)
class LargeTorrent:
    """A torrent that must not be parsed in this process.

    Attributes:
        raw: Its file.
    """

    wish: TorrentWish
    raw: bytes


class ParametersBuilder:
    """Puts together what a wish says, and what the stores know.

    Args:
        connections: How many peers a torrent may be connected to; may be changed.
    """

    def __init__(self, *, stored: StoredTorrents, parser: TorrentParser, connections: int) -> None:
        self._stored = stored
        self._parser = parser
        self.connections = connections

    def is_small(self, wish: TorrentWish) -> bool:
        """Return whether ``build`` takes no longer than other steps of the event loop, and asks no disk."""
        if not isinstance(wish.source, Magnet):  # which has no files that the disk would be asked for
            return False
        return parsing_cost(self._stored.metainfo(wish.infohash) or b"") is ParsingCost.SMALL

    def build(self, wish: TorrentWish) -> Parameters | LargeTorrent:
        """Return a torrent in the engine's form, unless it is large. CPU-bound; may run in any thread.

        Raises:
            EngineError: nothing is known about the torrent, or what is known cannot be used, or its files would be
                written through a link to somewhere else.
        """
        metainfo = wish.source.raw if isinstance(wish.source, Metainfo) else self._stored.metainfo(wish.infohash)
        if metainfo is not None and parsing_cost(metainfo) is ParsingCost.LARGE:
            return LargeTorrent(wish, metainfo)
        return Parameters(self._here(wish, metainfo))

    async def take_apart(self, large: LargeTorrent) -> Parameters:
        """Return a large torrent in the engine's form.

        Raises:
            EngineError: it cannot be used.
        """
        try:
            return await self._taken_apart(large)
        except MetainfoError as error:
            raise EngineError(str(error)) from error

    async def _taken_apart(self, large: LargeTorrent) -> Parameters:
        wish, raw = large.wish, large.raw
        parts = await self._parser.unwrap(raw, self._stored.resume_data(wish.infohash))
        if parts.has_layers and parts.cpu_seconds < _TOLERABLE_SECONDS:  # which the engine takes in no other way
            return Parameters(await asyncio.to_thread(self._here, wish, raw))
        params = lt.read_resume_data(parts.resume_data)
        if parts.is_fresh and isinstance(wish.source, Magnet):
            params = load_magnet(wish.source.uri)
        if parts.is_fresh:
            params.flags |= _NEEDS_RESUME_DATA
            known = wish.source if isinstance(wish.source, Metainfo) else await self._parser.parse(raw)
            await asyncio.to_thread(_look_for_links, wish, known)
        else:
            params.flags &= ~_NEEDS_RESUME_DATA
            _forget_circuits(params)
        start, end = parts.info_at
        self._dress(params, wish, has_files=True)
        return Parameters(params, raw[start:end])

    def _here(self, wish: TorrentWish, metainfo: bytes | None) -> lt.add_torrent_params:
        params = self._resumed(wish.infohash, metainfo)
        if params is None:
            params = _fresh(wish, metainfo)
            if metainfo is not None:
                _look_for_links(wish, wish.source if isinstance(wish.source, Metainfo) else _parsed(metainfo))
        self._dress(params, wish, has_files=params.ti is not None)
        return params

    def _dress(self, params: lt.add_torrent_params, wish: TorrentWish, *, has_files: bool) -> None:
        params.save_path = wish.save_path
        params.flags = _ALWAYS | _flags(wish, params, has_files=has_files)
        params.upload_limit = wish.upload_limit
        params.download_limit = wish.download_limit
        params.max_connections = self.connections
        # Both, or what a stream wanted when the process was killed would last.
        params.file_priorities = list(wish.priorities) if has_files else []
        params.piece_priorities = []
        if wish.is_doubtful:
            params.have_pieces, params.unfinished_pieces = [], {}
        _add_trackers(params, wish.trackers)
        _remove_trackers(params, wish.removed_trackers)
        _choose_web_seeds(params, wish)
        if wish.peers:
            params.peers = [*params.peers, *wish.peers]

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
        _forget_circuits(params)
        return params


async def hand_over(session: lt.session, parameters: Parameters) -> None:
    """Have the engine add a torrent; the answer is an alert."""
    if parameters.info is None:
        session.async_add_torrent(parameters.params)
    else:
        await asyncio.to_thread(_hand_over_unparsed, session, parameters.params, parameters.info)


def _hand_over_unparsed(session: lt.session, params: lt.add_torrent_params, info: bytes) -> None:
    # The one way into the engine on which it parses without the interpreter's lock: as resume data, which may hold the
    # info dictionary, in the older form of the call. It takes flags from both; see docs/decisions.
    known = lt.write_resume_data_buf(params)
    session.async_add_torrent(  # type: ignore[call-overload]  # the stubs take the bytes for a list
        {
            "resume_data": known[:-1] + b"4:info" + info + b"e",
            "save_path": params.save_path,
            "flags": int(params.flags),
        }
    )


def _forget_circuits(params: lt.add_torrent_params) -> None:
    """Drop peers whose addresses are circuits of another time: in the plain session they would be somebody else's."""
    if any(port == CIRCUIT_PORT for _, port in params.peers):
        params.peers = [(host, port) for host, port in params.peers if port != CIRCUIT_PORT]


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


def _look_for_links(wish: TorrentWish, metainfo: Metainfo) -> None:
    if not wish.is_verified:  # of which nothing is written
        refuse_links_out(wish.save_path, (file.path for file in metainfo.files if not file.is_pad))


def _parsed(metainfo: bytes) -> Metainfo:
    try:
        return parse_metainfo(metainfo)
    except MetainfoError as error:
        raise EngineError(str(error)) from error


def _loaded(metainfo: bytes) -> lt.add_torrent_params:
    try:
        return load_metainfo(metainfo)
    except MetainfoError as error:
        raise EngineError(str(error)) from error


def _flags(wish: TorrentWish, params: lt.add_torrent_params, *, has_files: bool) -> int:
    flags = params.flags & (_NEEDS_RESUME_DATA | lt.torrent_flags.sequential_download)
    if wish.is_verified:
        flags |= lt.torrent_flags.seed_mode
    if not has_files:  # until they were looked at: see MetadataKeeper
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
