"""``/api/metadata/torrents``: popular ones, checks, tags."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import route
from triblerd_downloads.api import Downloads, UnknownDownloadError
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.api import (
    BadParametersError,
    Entry,
    Health,
    Lists,
    MetadataStore,
    RecentChecks,
    SortColumn,
    TorrentLabels,
    Window,
)
from triblerd_tribler8.metadata.parameters import TorrentQuery
from triblerd_tribler8.metadata.schemas import (
    CheckHistory,
    CheckRow,
    CheckRows,
    PopularPage,
    TagAdded,
    TagRemoved,
    TagsUpdated,
    torrent_entry,
)
from triblerd_tribler8.parts import Dialect

_MOST_POPULAR = 100
_Change = Callable[[Sequence[str]], Sequence[str]]


class TagQuery(msgspec.Struct):
    """A tag."""

    tag: Annotated[str, Meta(description="Without a comma")] = ""


class TagsQuery(msgspec.Struct):
    """All tags, the category among them."""

    tags: Annotated[str, Meta(description="Separated by commas")] = ""


class KnownTorrents(Dialect):
    """Torrents that are known."""

    prefix = "/api/metadata/torrents"

    @route("GET", "/popular", raises=(BadParametersError,))
    async def popular(self, query: TorrentQuery) -> PopularPage:
        """List the torrents that are most alive, by seeders, then leechers, each once.

        These are at most 100 that were checked in the last 24 hours and had a seeder or leecher. With `filter` it is a
        list of all torrents whose titles match instead, however alive.
        """
        lists, records = self.need(Lists), self.need(MetadataStore)
        window, order, selection = query.window(), query.order(SortColumn.HEALTH), query.selection()
        if query.filter:
            page = await lists.page(replace(selection, text=query.filter), order, window)
            entries = records.entries(page.rowids)
        else:
            page = await lists.page(replace(selection, popular=True), order, Window(1, _MOST_POPULAR))
            entries = _each_once(records.entries(page.rowids))[window.first - 1 : window.last]
        return PopularPage(
            results=[torrent_entry(entry, self._progress(entry)) for entry in entries],
            first=window.first,
            last=window.last,
        )

    @route("GET", "/health")
    async def checks(self) -> CheckHistory:
        """Show the last checks of torrents since the daemon started, our own and those that peers told."""
        checks = self.need(RecentChecks)
        return CheckHistory(health_history=CheckRows(local=_rows(checks.own()), remote=_rows(checks.told())))

    @route("PUT", "/{infohash}/tags", raises=(InvalidInputError,))
    async def add_tag(self, infohash: Infohash, query: TagQuery) -> TagAdded:
        """Give a torrent a tag, beside its category and the tags that it has."""
        tag = _tag(query.tag, "no tag given to add (missing '?tag=')")
        return TagAdded(await self._change(infohash, lambda labels: [*labels, tag]))

    @route("DELETE", "/{infohash}/tags", raises=(InvalidInputError,))
    async def remove_tag(self, infohash: Infohash, query: TagQuery) -> TagRemoved:
        """Take a tag from a torrent, if it has it."""
        tag = _tag(query.tag, "no tag given to remove (missing '?tag=')")
        return TagRemoved(await self._change(infohash, lambda labels: [label for label in labels if label != tag]))

    @route("PATCH", "/{infohash}/tags", raises=(InvalidInputError,))
    async def set_tags(self, infohash: Infohash, query: TagsQuery) -> TagsUpdated:
        """Put other tags in place of all that a torrent has, its category among them."""
        wanted = [_checked(tag.strip()) for tag in query.tags.split(",") if tag.strip()]
        if not wanted:
            msg = "no tags given to set (missing '?tags=')"
            raise InvalidInputError(msg)
        return TagsUpdated(await self._change(infohash, lambda _: wanted))

    async def _change(self, infohash: Infohash, change: _Change) -> bool:
        labels = self.need(TorrentLabels)
        return await labels.change(infohash.key, lambda present: dict.fromkeys(change(present)))

    def _progress(self, entry: Entry) -> float | UnsetType:
        downloads = self.context.services.find(Downloads)
        if downloads is None:
            return UNSET
        try:
            download = downloads.get(Infohash(entry.infohash.hex()))
        except UnknownDownloadError:
            return UNSET
        return download.status.progress if download.status else download.record.progress


def _each_once(entries: Iterable[Entry]) -> list[Entry]:
    """Return the first entry of each infohash."""
    found: dict[bytes, Entry] = {}
    for entry in entries:
        found.setdefault(entry.infohash, entry)
    return list(found.values())


def _rows(checks: Iterable[Health]) -> list[CheckRow]:
    return [
        CheckRow(
            infohash=check.infohash.hex(),
            seeders=check.seeders,
            leechers=check.leechers,
            last_check=check.checked,
            tracker=check.tracker,
        )
        for check in checks
    ]


def _tag(text: str, missing: str) -> str:
    tag = text.strip()
    if not tag:
        raise InvalidInputError(missing)
    if "," in tag:
        msg = "tag: a comma separates tags, and is in none"
        raise InvalidInputError(msg)
    return _checked(tag)


def _checked(tag: str) -> str:
    if not tag.isprintable():
        msg = "tag: expected characters that can be printed"
        raise InvalidInputError(msg)
    return tag
