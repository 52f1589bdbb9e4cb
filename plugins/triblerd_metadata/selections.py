"""Which entries a list shows, and in which order."""

from enum import StrEnum

import msgspec

POPULAR_SECONDS = 24 * 3600
"""How long a check makes a torrent popular."""


class SortColumn(StrEnum):
    """What lists are sorted by, under the names that answers carry."""

    CATEGORY = "tags"
    NAME = "title"
    """Ignoring ASCII case."""
    SIZE = "size"
    """Channels and folders are above torrents, by the number of torrents in them."""
    INFOHASH = "infohash"
    DATE = "torrent_date"
    STATUS = "status"
    TORRENTS = "num_entries"
    """What has no such number is below what has one; so with votes and the subscription."""
    VOTES = "votes"
    SUBSCRIBED = "subscribed"
    HEALTH = "HEALTH"
    """Seeders, then leechers."""


SORT_COLUMNS = {
    "category": SortColumn.CATEGORY,
    "name": SortColumn.NAME,
    "size": SortColumn.SIZE,
    "infohash": SortColumn.INFOHASH,
    "date": SortColumn.DATE,
    "created": SortColumn.DATE,
    "status": SortColumn.STATUS,
    "torrents": SortColumn.TORRENTS,
    "votes": SortColumn.VOTES,
    "subscribed": SortColumn.SUBSCRIBED,
    "health": SortColumn.HEALTH,
}
"""The column of each name that clients and peers use."""


class Order(msgspec.Struct, frozen=True):
    """How a list is sorted.

    Attributes:
        column: ``None`` sorts by the row alone.
        descending: The greatest first, and of equals the newest; else all the other way round.
    """

    column: SortColumn | None = None
    descending: bool = True


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry must be to be listed: all of this.

    Attributes:
        types: Numbers of the types; ``None`` for all.
        category: Exactly this one; empty for any.
        hide_adult: None that the family filter marked.
        tag_texts: Its category ends with each of these, or has each of them before a comma. So version 8.4 of Tribler
            reads ``category`` and ``tags`` of what peers ask.
        labels: Its category, read as a list with commas, has each of these items.
        exclude_deleted: None that waits to be deleted.
        exclude_own: None that came of what this daemon's user did, and so is not for others.
        tags: A torrent that carries all of these, whatever their case.
        text: Its title matches this ``txt_filter``; empty for any.
        popular: One of the 100 most popular torrents.
        infohash: 20 bytes; empty for any.
        channel_pk: Signed with this key, 64 bytes, or by nobody; ``None`` for any.
        origin_id: In this folder, or with 0 in none; ``None`` for any.
        max_rowid: In a row up to this one; ``None`` for any.
        checked_after: Its health was checked at this Unix time or later; 0 for any.
        self_checked: Its health was checked by this daemon itself.
        subscribed: A channel that is subscribed, or is not; ``None`` for any entry.
    """

    types: frozenset[int] | None = None
    category: str = ""
    tag_texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    hide_adult: bool = False
    exclude_deleted: bool = False
    exclude_own: bool = False
    tags: tuple[str, ...] = ()
    text: str = ""
    popular: bool = False
    infohash: bytes = b""
    channel_pk: bytes | None = None
    origin_id: int | None = None
    max_rowid: int | None = None
    checked_after: int = 0
    self_checked: bool = False
    subscribed: bool | None = None


class Page(msgspec.Struct, frozen=True):
    """A part of a list.

    Attributes:
        rowids: In the order of the list.
        total: How many the whole list has; ``None`` when nobody asked.
    """

    rowids: list[int]
    total: int | None = None


class Window(msgspec.Struct, frozen=True):
    """The rows of a list that are wanted, counted from 1, both included; none when ``last`` is below ``first``."""

    first: int = 1
    last: int = 50

    @property
    def count(self) -> int:
        """How many rows that are."""
        return max(self.last - self.first + 1, 0)
