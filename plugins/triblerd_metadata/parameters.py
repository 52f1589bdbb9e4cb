"""The parameters that lists of entries take in a query string."""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError
from triblerd_identity.api import PUBLIC_KEY_SIZE
from triblerd_metadata.selections import SORT_COLUMNS, Order, Selection, SortColumn, Window
from triblerd_metadata.values import UNSIGNED, EntryType

MOST_ROWS = 1000
"""Rows of a page; a longer one is cut."""
FIRST, LAST = 1, 50

_TYPES_OF_NAME = {
    "": (EntryType.TORRENT, EntryType.CHANNEL, EntryType.FOLDER),
    "channel": (EntryType.CHANNEL, EntryType.FOLDER),
    "torrent": (EntryType.TORRENT,),
    "300": (EntryType.TORRENT,),
    "400": (EntryType.CHANNEL,),
    "220": (EntryType.FOLDER,),
}
_TRUE_WORDS = frozenset({"true", "yes", "on"})
_FALSE_WORDS = frozenset({"false", "no", "off", ""})
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)


class BadParametersError(InvalidInputError):
    """A list was asked for with a parameter that means nothing. What it was, the contract does not tell."""

    def __init__(self) -> None:
        super().__init__("Error processing request parameters")


def _text(kind: str, description: str) -> Any:
    """Describe a parameter that is converted here, so that each mistake is answered alike."""
    return Meta(description=description, extra_json_schema={"type": kind})


_Flag = "`1`, `true`, `yes`, `on`, or `0`, `false`, `no`, `off`"


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are listed, in which order, and which part of the list is wanted."""

    first: Annotated[str | None, _text("integer", f"Number of the first row, from 1 (0 is 1); by default {FIRST}")] = (
        None
    )
    last: Annotated[
        str | None,
        _text("integer", f"Number of the last row, at most {MOST_ROWS} rows in all; by default {LAST}"),
    ] = None
    sort_by: Annotated[
        str | None,
        _text("string", f"{', '.join(f'`{name}`' for name in SORT_COLUMNS)}; anything else is as if not given"),
    ] = None
    sort_desc: Annotated[
        str | None, _text("string", f"Greatest or newest first, the default, or last: {_Flag}, or an integer (> 0)")
    ] = None
    txt_filter: Annotated[
        str | None,
        _text("string", 'Words of the title: `"big" "buck"`, `"bu"*`, `AND`, `OR`, `NOT`, parentheses'),
    ] = None
    hide_xxx: Annotated[
        str | None, _text("string", f"Nothing that the family filter marked: {_Flag}, or an integer (> 0)")
    ] = None
    category: Annotated[str | None, _text("string", "Exactly this category")] = None
    exclude_deleted: Annotated[
        str | None, _text("string", f"Nothing that waits to be deleted: {_Flag}, or an integer (> 0)")
    ] = None
    tags: Annotated[
        tuple[str, ...], Meta(description="Torrents that carry all these tags, whatever their case; may be repeated")
    ] = ()
    metadata_type: Annotated[
        tuple[str, ...],
        Meta(
            description="`torrent`, `channel`, `300`, `400`, `220`, or empty for these three; may be repeated, for more"
        ),
    ] = ()
    channel_pk: Annotated[
        str | None, _text("string", "Signed with this key, in hex digits; `00`: signed by nobody")
    ] = None
    origin_id: Annotated[str | None, _text("integer", "In this folder; 0: in none")] = None
    max_rowid: Annotated[
        str | None,
        _text(
            "integer", "Only rows up to this one, such as a search's first page told, so that further pages fit to it"
        ),
    ] = None

    def window(self) -> Window:
        """Return the part of the list that is wanted.

        Raises:
            BadParametersError: a number is none, or negative.
        """
        first = FIRST if self.first is None else as_integer(self.first)
        last = LAST if self.last is None else as_integer(self.last)
        if first < 0 or last < 0:
            raise BadParametersError
        first = max(first, 1)
        return Window(first, min(last, first + MOST_ROWS - 1))

    def order(self, default: SortColumn | None = None) -> Order:
        """Return the order of the list.

        Args:
            default: What is sorted by when the query does not say.

        Raises:
            BadParametersError: the direction is no flag.
        """
        return Order(SORT_COLUMNS.get(self.sort_by or "", default), self.sort_desc is None or as_flag(self.sort_desc))

    def selection(self) -> Selection:
        """Return what is listed.

        Raises:
            BadParametersError: a flag, number or key is none, or a type is unknown.
        """
        return Selection(
            types=self._types(),
            category=self.category or "",
            hide_adult=as_flag(self.hide_xxx or ""),
            exclude_deleted=as_flag(self.exclude_deleted or ""),
            tags=tuple(tag for tag in self.tags if tag),
            text=self.txt_filter or "",
            channel_pk=_public_key(self.channel_pk) if self.channel_pk else None,
            origin_id=None if self.origin_id is None else as_integer(self.origin_id),
            max_rowid=None if self.max_rowid is None else as_integer(self.max_rowid),
        )

    def _types(self) -> frozenset[int] | None:
        if not self.metadata_type:
            return None
        try:
            return frozenset(kind for name in self.metadata_type for kind in _TYPES_OF_NAME[name])
        except KeyError:
            raise BadParametersError from None


class SearchQuery(ListQuery, frozen=True, kw_only=True):
    """What is searched for."""

    include_total: Annotated[
        str | None, _text("string", "Any text: answer also with `total`, the number of matches, and `max_rowid`")
    ] = None
    remote: Annotated[str | None, _text("integer", "Refused here")] = None

    def selection(self) -> Selection:
        """Return what is listed.

        Raises:
            BadParametersError: a parameter means nothing, or ``remote`` was given.
        """
        if self.remote is not None:
            raise BadParametersError
        return super().selection()


def as_integer(text: str) -> int:
    """Return the integer that a text stands for.

    Raises:
        BadParametersError: it stands for none.
    """
    if not _INTEGER.fullmatch(text.strip()):
        raise BadParametersError
    return int(text)


def as_flag(text: str) -> bool:
    """Return the flag that a text stands for.

    Raises:
        BadParametersError: it stands for none.
    """
    word = text.strip().lower()
    if word in _TRUE_WORDS:
        return True
    return word not in _FALSE_WORDS and as_integer(word) > 0


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise BadParametersError from None
    return UNSIGNED if key == b"\0" else key.ljust(PUBLIC_KEY_SIZE, b"\0")
