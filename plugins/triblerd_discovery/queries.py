"""What is asked by a select: the JSON that peers send, and the one that they are sent.

A few things of what version 8.4 takes are taken; the rest is as if it were not there. It never becomes part of another
language.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from triblerd_discovery.messages import INFOHASH_SIZE, MalformedError
from triblerd_metadata.api import (
    UNSIGNED,
    AllOf,
    AnyOf,
    EntryType,
    Expression,
    FilterError,
    Nothing,
    Order,
    Part,
    Phrase,
    Selection,
    SortColumn,
    Window,
    Without,
    Word,
    parse,
)

MOST_ROWS = 100
"""Of an answer."""
MOST_WORDS = 30
"""Of a text that is looked for."""

_DEEPEST_ROW = 10_000
_LARGEST_NUMBER = 1 << 63
_PUBLIC_KEY_SIZE = 64
_SORTABLE = frozenset(
    {
        SortColumn.NAME,
        SortColumn.SIZE,
        SortColumn.INFOHASH,
        SortColumn.DATE,
        SortColumn.CATEGORY,
        SortColumn.STATUS,
        SortColumn.HEALTH,
    }
)
_RUN = re.compile(r"\w+")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer asks for, as far as it can be answered.

    Attributes:
        selection: Which torrents; its text is empty.
        words: Words that their titles have, as a ``txt_filter`` that looks for words alone; empty for any.
        query: The words as the peer wrote them, for what is relevant.
        id: Of the record, ``None`` for any.
        order: By which column.
        window: Which part of the list.
    """

    selection: Selection
    words: str
    query: str
    id: int | None
    order: Order
    window: Window


class _Query(msgspec.Struct, kw_only=True):
    first: int | None = None
    last: int | None = None
    txt_filter: str | None = None
    metadata_type: int | list[int] | None = None
    infohash: str | None = None
    popular: bool | int | None = None
    sort_by: str | None = None
    sort_desc: bool | int | None = None
    category: str | None = None
    tags: list[str] | None = None
    channel_pk: str | None = None
    origin_id: int | None = None
    id_: int | None = None
    hide_xxx: bool | int | None = None
    self_checked_torrent: bool | int | None = None
    health_checked_after: int | None = None
    max_rowid: int | None = None
    # Of channels, which are not served.
    subscribed: Any = None
    attribute_ranges: Any = None
    complete_channel: Any = None


_decoder = msgspec.json.Decoder(_Query)


def read_query(data: bytes, *, with_own: bool) -> Wanted | None:
    """Read what a peer asks for; ``None`` when it can be nothing that is here.

    Args:
        data: JSON.
        with_own: What came of this daemon's user's doing is for others, too.

    Raises:
        MalformedError: it is no question.
    """
    try:
        query = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        msg = "a question is no such JSON"
        raise MalformedError(msg) from error
    window = _window(query)
    infohash, key = _bytes(query.infohash), _bytes(query.channel_pk)
    words = _words(query.txt_filter or "")
    if words is None or not _is_served(query, infohash, key):
        return None
    selection = Selection(
        types=frozenset({EntryType.TORRENT}),
        tag_texts=tuple(text for text in (query.category, *(query.tags or ())[:MOST_WORDS]) if text),
        hide_adult=bool(query.hide_xxx),
        exclude_deleted=True,
        exclude_own=not with_own,
        popular=bool(query.popular),
        infohash=infohash or b"",
        channel_pk=UNSIGNED if key == b"\0" else key or None,
        origin_id=query.origin_id,
        max_rowid=query.max_rowid,
        checked_after=max(query.health_checked_after or 0, 0),
        self_checked=bool(query.self_checked_torrent),
    )
    return Wanted(
        selection=selection,
        words=words,
        query=query.txt_filter or "",
        id=query.id_,
        order=_order(query),
        window=window,
    )


def write_query(selection: Selection, order: Order, window: Window) -> bytes | None:
    """Return the JSON that asks peers for what a search here would list, ``None`` when no peer could answer it.

    The type is one number, or is not said: version 8.4 is silent when it is a list.
    """
    if selection.types is not None and EntryType.TORRENT not in selection.types:
        return None
    if window.count < 1:
        return None
    text = _text_for_peers(selection.text)
    if selection.text and not text:
        return None
    query: dict[str, object] = {
        "first": window.first,
        "last": min(window.last, window.first + MOST_ROWS - 1),
        "sort_by": order.column.value if order.column in _SORTABLE else None,
        "sort_desc": order.descending,
        "hide_xxx": selection.hide_adult,
        "category": selection.category or None,
    }
    if text:
        query["txt_filter"] = text
    if selection.types is not None or selection.popular:
        query["metadata_type"] = int(EntryType.TORRENT)
    if selection.popular:
        query["popular"] = True
    if selection.tags:
        query["tags"] = list(selection.tags)
    if selection.channel_pk is not None:
        query["channel_pk"] = selection.channel_pk.hex() or "00"
    if selection.origin_id is not None:
        query["origin_id"] = selection.origin_id
    return msgspec.json.encode(query)


def write_record_query(infohash: bytes) -> bytes:
    """Return the JSON that asks for one record."""
    return msgspec.json.encode({"infohash": infohash.hex(), "last": 1})


def _window(query: _Query) -> Window:
    first = max(query.first or 0, 1) if (query.first or 0) >= 0 else None
    if first is None or (query.last is not None and query.last < 0):
        msg = "a row is negative"
        raise MalformedError(msg)
    return Window(first, min(first + MOST_ROWS - 1 if query.last is None else query.last, first + MOST_ROWS - 1))


def _order(query: _Query) -> Order:
    descending = query.sort_desc is None or bool(query.sort_desc)
    column = next((column for column in _SORTABLE if column == query.sort_by), None)
    return Order(column, descending)


def _bytes(text: str | None) -> bytes | None:
    if not text:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        msg = "what should be hex digits is not"
        raise MalformedError(msg) from error


def _is_served(query: _Query, infohash: bytes | None, key: bytes | None) -> bool:
    types = query.metadata_type
    has_type = types is None or EntryType.TORRENT in (types if isinstance(types, list) else (types,))
    is_of_channels = any(
        value is not None for value in (query.subscribed, query.attribute_ranges, query.complete_channel)
    )
    numbers = (query.origin_id, query.id_, query.max_rowid, query.health_checked_after)
    return (
        has_type
        and not is_of_channels
        and (infohash is None or len(infohash) == INFOHASH_SIZE)
        and (key is None or key == b"\0" or len(key) == _PUBLIC_KEY_SIZE)
        and all(number is None or abs(number) < _LARGEST_NUMBER for number in numbers)
        and (query.first or 0) <= _DEEPEST_ROW
    )


def _words(text: str) -> str | None:
    """Return a filter that looks for the words of another one; ``None`` when that is more than words.

    Words that belong together, as those of ``"one_word"``, are each looked for alone: titles need not be read.
    """
    if not text:
        return ""
    root = _parsed(text).root
    if "*" in text or not _is_words(root):
        return None
    words = dict.fromkeys(word.text for word in Expression(root).wanted())
    return " ".join(f'"{word}"' for word in words) if len(words) <= MOST_WORDS else None


def _text_for_peers(text: str) -> str:
    """Return a filter that SQLite's FTS5 takes: quoted words, as all clients send them, where that says it all."""
    if not text:
        return ""
    root = _parsed(text).root
    if isinstance(root, Nothing):
        return ""
    if "*" not in text and _is_words(root):
        return " ".join(f'"{run}"' for run in _RUN.findall(text))
    return _fts(root)


def _parsed(text: str) -> Expression:
    try:
        return parse(text)
    except FilterError as error:
        msg = "a filter is no expression"
        raise MalformedError(msg) from error


def _is_words(part: Part) -> bool:
    if isinstance(part, AllOf):
        return all(map(_is_words, part.parts))
    return isinstance(part, Word | Phrase)


def _fts(part: Part) -> str:
    match part:
        case Word(text, is_beginning):
            return f'"{text}"*' if is_beginning else f'"{text}"'
        case Phrase(words):
            return f'"{" ".join(word.text for word in words)}"'
        case AllOf(parts):
            return _joined(" AND ", parts)
        case AnyOf(parts):
            return _joined(" OR ", parts)
        case Without(wanted, excluded):
            return _joined(" NOT ", (wanted, *excluded)) if _fts(wanted) else ""
        case _:
            return ""


def _joined(operator: str, parts: Sequence[Part]) -> str:
    texts = [text for text in map(_fts, parts) if text]
    return f"({operator.join(texts)})" if len(texts) > 1 else "".join(texts)
