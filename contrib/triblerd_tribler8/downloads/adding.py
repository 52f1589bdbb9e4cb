"""``PUT /api/downloads``."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from aiohttp import web

from triblerd.config import FALSE_WORDS
from triblerd.errors import FailedError, InvalidInputError, OperationError
from triblerd.http.endpoint import Deferred, route
from triblerd_downloads.api import AddWishes, Downloads, NoHopsError
from triblerd_libtorrent.api import (
    MOST_HOPS,
    Magnet,
    MagnetError,
    Metainfo,
    MetainfoError,
    NotOfferedError,
    TorrentEngine,
)
from triblerd_tribler8.downloads.asking import AskAddDownload
from triblerd_tribler8.downloads.schemas import AddBody, AddQuery, Started
from triblerd_tribler8.downloads.uploads import has_selection, indices_of, split
from triblerd_tribler8.parts import Dialect

TORRENT_TYPES = frozenset({"application/x-bittorrent", "applications/x-bittorrent"})


class CorruptTorrentError(FailedError):
    """What was uploaded is no torrent file."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"corrupt torrent file ({reason})")


class AddedDownloads(Dialect):
    """Downloads to come."""

    prefix = "/api/downloads"

    @route("PUT", "", raises=(InvalidInputError, FailedError, OperationError))
    async def add_download(self, query: AddQuery, body: Deferred[AddBody], request: web.Request) -> Started:
        """Add a download by URI, or by an uploaded torrent file.

        To upload, send the bytes of the torrent file, at most 16 MiB, with the `Content-Type`
        `applications/x-bittorrent`, and the options in the query. A selection of files is a list of integers in the
        torrent file itself, under the key `selected_files`. A download that is there already stays as it is; new
        trackers are added to it.

        With `cli`, while `tribler8.ask_download_settings` is on, nothing is added: web interfaces are told
        `ask_add_download`.

        Without `anon_hops` a download has `download_defaults.number_hops` if `anonymity_enabled` is on there. 400 says
        that nobody builds such tunnels: the plugin `tunnels` is off, or cannot run. It is not added in the clear then.
        """
        downloads = self.need(Downloads)
        defaults = downloads.default_wishes()
        if request.content_type in TORRENT_TYPES:
            wishes = upload_wishes(query, defaults)
            metainfo, selection = await self._uploaded(body.raw)
            with _hops_of(_number("anon_hops", query.anon_hops)):
                return await _added(downloads, metainfo, msgspec.structs.replace(wishes, selection=selection))
        options = body.value()
        if not options.uri:
            msg = "uri parameter missing"
            raise InvalidInputError(msg)
        wishes = body_wishes(options, defaults)
        if options.cli and self.context.config.ask_download_settings:
            self.context.events.publish(AskAddDownload(uri=options.uri))
            return Started(started=False, infohash="")
        with _hops_of(options.anon_hops):
            try:
                source = await downloads.resolve(options.uri, hops=wishes.hops)
            except MagnetError as error:
                raise FailedError(error.reason or str(error)) from error
            return await _added(downloads, source, wishes)

    async def _uploaded(self, raw: bytes) -> tuple[Metainfo, tuple[int, ...] | None]:
        selection = None
        try:
            if has_selection(raw):
                raw, selection = await asyncio.to_thread(split, raw)
            return await self.need(TorrentEngine).parse_metainfo(raw), selection
        except (MetainfoError, ValueError) as error:
            raise CorruptTorrentError(str(error)) from error


def body_wishes(body: AddBody, defaults: AddWishes) -> AddWishes:
    """Return how the download of a JSON body shall be added.

    Raises:
        InvalidInputError: it cannot be.
    """
    wishes = _wishes(
        defaults,
        hops=body.anon_hops,
        safe_seeding=body.safe_seeding,
        auto_managed=body.auto_managed,
        only_metadata=body.only_metadata,
        destination=body.destination,
        completed_dir=body.completed_dir,
    )
    if body.selected_files is None:
        return wishes
    return msgspec.structs.replace(wishes, selection=indices_of(body.selected_files))


def upload_wishes(query: AddQuery, defaults: AddWishes) -> AddWishes:
    """Return how an uploaded torrent file shall be added.

    Raises:
        InvalidInputError: it cannot be.
    """
    return _wishes(
        defaults,
        hops=_number("anon_hops", query.anon_hops),
        safe_seeding=_flag(query.safe_seeding),
        auto_managed=_flag(query.auto_managed),
        only_metadata=_flag(query.only_metadata),
        destination=query.destination,
        completed_dir=query.completed_dir,
    )


def checked_hops(hops: int) -> int:
    """Return a number of hops that a client wants.

    Raises:
        InvalidInputError: there are never so many.
    """
    if not 0 <= hops <= MOST_HOPS:
        msg = f"anon_hops must be in the range 0..{MOST_HOPS}"
        raise InvalidInputError(msg)
    return hops


def _wishes(defaults: AddWishes, *, hops: int | None, **wanted: Any) -> AddWishes:
    flags = ("safe_seeding", "auto_managed", "only_metadata")
    changes = {
        name: bool(value) if name in flags else value
        for name, value in wanted.items()
        if value is not None and (value != "" or name == "completed_dir")
    }
    if hops is not None and hops >= 0:
        changes["hops"] = checked_hops(hops)
    wishes = msgspec.structs.replace(defaults, **changes)
    if wishes.hops and not wishes.safe_seeding:
        msg = "Cannot set anonymous download without safe seeding enabled"
        raise InvalidInputError(msg)
    return wishes


@contextmanager
def _hops_of(asked: int | None) -> Iterator[None]:
    """Tell a client that the hops it asked for, or those of the defaults, cannot be had, and what to do about it."""
    try:
        yield
    except NotOfferedError as error:
        raise NoHopsError(str(error), is_default=asked is None or asked < 0) from error


def _flag(text: str | None) -> bool | None:
    return None if text is None else text.lower() not in FALSE_WORDS


def _number(name: str, text: str | None) -> int | None:
    if not text:
        return None
    try:
        return msgspec.convert(text, int, strict=False)
    except msgspec.ValidationError as error:
        msg = f"{name}: expected int, got {text[:100]!r}"
        raise InvalidInputError(msg) from error


async def _added(downloads: Downloads, source: Metainfo | Magnet, wishes: AddWishes) -> Started:
    download = await downloads.add(source, wishes)
    return Started(infohash=str(download.infohash))
