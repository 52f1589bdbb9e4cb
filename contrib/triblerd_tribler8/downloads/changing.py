"""``DELETE`` and ``PATCH /api/downloads/{infohash}``, and its trackers."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec

from triblerd.config import FALSE_WORDS, TRUE_WORDS
from triblerd.errors import FailedError, InvalidInputError, NotFoundError, OperationError
from triblerd.http.endpoint import Deferred, route
from triblerd_downloads.api import Change, Downloads, DownloadTrackers, checked_rate
from triblerd_libtorrent.api import QueueMove
from triblerd_tribler8.downloads.adding import checked_hops
from triblerd_tribler8.downloads.schemas import (
    Added,
    ChangeBody,
    Changed,
    Forced,
    RemoveBody,
    Removed,
    RemovedOne,
    UrlBody,
)
from triblerd_tribler8.infohash import LongInfohash
from triblerd_tribler8.parts import Dialect

_CHANGING = (InvalidInputError, NotFoundError, OperationError)
_LONGEST_URL = 2048


class ChangedDownloads(Dialect):
    """Downloads that are there."""

    prefix = "/api/downloads"

    @route("DELETE", "/{infohash}", raises=_CHANGING)
    async def remove_download(self, infohash: LongInfohash, body: RemoveBody) -> Removed:
        """Remove a download. Answers when it has left the engine, and its files the disk if that is wanted."""
        try:
            await self.need(Downloads).remove(infohash, remove_data=bool(body.remove_data))
        except FailedError as error:
            msg = f"{error.code}: {error}"
            raise FailedError(msg) from error
        return Removed(infohash=str(infohash))

    @route("PATCH", "/{infohash}", raises=_CHANGING)
    async def change_download(self, infohash: LongInfohash, body: Deferred[ChangeBody]) -> Changed:
        """Start, stop, recheck or move a download, select its files, limit it, move it in the queue.

        `anon_hops` comes alone. Of several others each is applied before the next one is looked at, in the order of
        the schema.
        """
        downloads = self.need(Downloads)
        downloads.get(infohash)
        wanted = body.value()
        if wanted.anon_hops is not None:
            if len(msgspec.json.decode(body.raw, type=dict[str, msgspec.Raw])) > 1:
                msg = "anon_hops must be the only parameter in this request"
                raise InvalidInputError(msg)
            await downloads.change_hops(infohash, checked_hops(wanted.anon_hops))
            return Changed(infohash=str(infohash))
        if wanted.selected_files is not None:
            await downloads.check_selection(infohash, wanted.selected_files)
        for change in _changes(wanted):
            await downloads.change(infohash, change)
        if wanted.state == "recheck":
            await downloads.recheck(infohash)
        elif wanted.state:
            await downloads.change(infohash, await _state(wanted))
        return Changed(infohash=str(infohash))

    @route("PUT", "/{infohash}/trackers", raises=_CHANGING)
    async def add_tracker(self, infohash: LongInfohash, body: Deferred[UrlBody]) -> Added:
        """Add a tracker and announce to it now."""
        self.need(Downloads).get(infohash)
        await self.need(DownloadTrackers).add(infohash, _url(body.value()))
        return Added()

    @route("DELETE", "/{infohash}/trackers", raises=_CHANGING)
    async def remove_tracker(self, infohash: LongInfohash, body: Deferred[UrlBody]) -> RemovedOne:
        """Remove a tracker for good."""
        self.need(Downloads).get(infohash)
        await self.need(DownloadTrackers).remove(infohash, _url(body.value()))
        return RemovedOne()

    @route("PUT", "/{infohash}/tracker_force_announce", raises=_CHANGING)
    async def force_announce(self, infohash: LongInfohash, body: Deferred[UrlBody]) -> Forced:
        """Announce to a tracker now. A stopped download announces nothing."""
        self.need(Downloads).get(infohash)
        self.need(DownloadTrackers).force_announce(infohash, _url(body.value()))
        return Forced()


def _changes(wanted: ChangeBody) -> Iterator[Change]:
    """Yield what shall be done one after the other, looking at each wish only when it is its turn."""
    if wanted.selected_files is not None:
        yield Change(selection=tuple(wanted.selected_files))
    if wanted.upload_limit:  # 0 and null change nothing
        yield Change(upload_limit=checked_rate("upload_limit", wanted.upload_limit))
    if wanted.download_limit:
        yield Change(download_limit=checked_rate("download_limit", wanted.download_limit))
    if wanted.seeding_ratio is not None:
        if wanted.seeding_ratio < 0:
            msg = "seeding_ratio must not be negative"
            raise InvalidInputError(msg)
        yield Change(seeding_ratio=wanted.seeding_ratio)
    if wanted.seeding_ratio_default:
        yield Change(seeding_ratio=None)
    if wanted.queue_position is not None:
        yield Change(queue_move=_queue_move(wanted.queue_position))
    if wanted.auto_managed is not None:
        yield Change(auto_managed=_auto_managed(wanted.auto_managed))


async def _state(wanted: ChangeBody) -> Change:
    if wanted.state in ("resume", "stop"):
        return Change(running=wanted.state == "resume")
    if wanted.state != "move_storage":
        msg = "unknown state parameter"
        raise InvalidInputError(msg)
    if not wanted.dest_dir:
        msg = "dest_dir parameter missing"
        raise InvalidInputError(msg)
    if not wanted.completed_dir:
        return Change(destination=wanted.dest_dir)
    if not await asyncio.to_thread(_is_folder, wanted.completed_dir):
        msg = f"Target directory ({wanted.dest_dir}) does not exist"
        raise InvalidInputError(msg)
    return Change(destination=wanted.dest_dir, completed_dir=wanted.completed_dir)


def _is_folder(folder: str) -> bool:
    try:
        return Path(folder).is_dir()
    except (OSError, ValueError):  # a name that is too long, for one
        return False


def _queue_move(value: object) -> QueueMove:
    try:
        return QueueMove(str(value))
    except ValueError as error:
        msg = "invalid value for queue_position"
        raise InvalidInputError(msg) from error


def _auto_managed(value: object) -> bool:
    word = str(value).lower()
    if isinstance(value, (bool, int, str)) and word in TRUE_WORDS | FALSE_WORDS:
        return word in TRUE_WORDS
    msg = "invalid value for auto_managed"
    raise InvalidInputError(msg)


def _url(body: UrlBody) -> str:
    """Return the announce URL of a body: any text, which the engine may make nothing of.

    Raises:
        InvalidInputError: it is missing, or no line of text.
    """
    if not body.url:
        msg = "url parameter missing"
        raise InvalidInputError(msg)
    if len(body.url) > _LONGEST_URL or not body.url.isprintable():
        msg = f"url must have at most {_LONGEST_URL} printable characters"
        raise InvalidInputError(msg)
    return body.url
