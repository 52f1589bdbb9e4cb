"""Lists as one would make them of all entries, without any speed."""

import struct
from functools import lru_cache

from triblerd_metadata.selections import Page, SortColumn
from triblerd_metadata.text.grammar import parse
from triblerd_metadata.values import EntryStatus, EntryType

CONTAINERS = (EntryType.CHANNEL, EntryType.FOLDER)


def page(entries, selection, order, window, *, now, tagged=frozenset(), rows=None):  # noqa: PLR0913
    """Return a page, with its total.

    Args:
        entries: All.
        selection: What is listed, and ``order`` and ``window`` how.
        now: Unix time.
        tagged: The infohashes of torrents that carry the tags of the selection.
        rows: Only these rows.
    """
    return part(in_order(chosen(entries, selection, now=now, tagged=tagged, rows=rows), order), window)


def chosen(entries, selection, *, now, tagged=frozenset(), rows=None):
    """Return the entries that are listed, see ``page``."""
    found = entries if not selection.popular else most_popular(entries, now)
    conditions = list(wanted(selection, tagged))
    if rows is not None:
        conditions.append(lambda entry: entry.rowid in rows)
    for is_wanted in conditions:
        found = [entry for entry in found if is_wanted(entry)]
    return found


def in_order(entries, order):
    by_row = sorted(entries, key=lambda entry: entry.rowid, reverse=order.descending)
    key = SORT_KEYS.get(order.column)
    return by_row if key is None else sorted(by_row, key=key, reverse=order.descending)  # equal ones stay by row


def part(entries, window):
    return Page([entry.rowid for entry in entries[window.first - 1 : window.last]], len(entries))


def most_popular(entries, now):
    alive = [
        entry
        for entry in entries
        if entry.type == EntryType.TORRENT and entry.checked >= now - 86400 and (entry.seeders or entry.leechers)
    ]
    alive.sort(key=lambda entry: (entry.seeders, entry.leechers, entry.checked, entry.rowid))
    return alive[-100:]


expression = lru_cache(parse)


def wanted(selection, tagged):  # noqa: C901, PLR0912 - one for each attribute
    """Yield what an entry that is listed fulfils."""
    if selection.types is not None:
        yield lambda entry: entry.type in selection.types
    if selection.category:
        yield lambda entry: entry.category == selection.category
    if selection.hide_adult:
        yield lambda entry: not entry.is_adult
    for text in selection.tag_texts:
        yield lambda entry, text=text: entry.category.endswith(text) or f"{text}," in entry.category
    if selection.exclude_own:
        yield lambda entry: not entry.is_own
    if selection.exclude_deleted:
        yield lambda entry: entry.status != EntryStatus.TO_DELETE
    if selection.tags:
        yield lambda entry: entry.infohash in tagged
    if selection.infohash:
        yield lambda entry: entry.infohash == selection.infohash
    if selection.channel_pk is not None:
        yield lambda entry: entry.public_key == selection.channel_pk
    if selection.origin_id is not None:
        yield lambda entry: entry.origin_id == selection.origin_id
    if selection.max_rowid is not None:
        yield lambda entry: entry.rowid <= selection.max_rowid
    if selection.checked_after:
        yield lambda entry: entry.checked >= selection.checked_after
    if selection.self_checked:
        yield lambda entry: entry.self_checked
    if selection.subscribed is not None:
        yield lambda entry: entry.type == EntryType.CHANNEL and is_subscribed(entry) == selection.subscribed
    if selection.text:
        yield lambda entry: expression(selection.text).matches(entry.title)


def is_subscribed(entry):
    return entry.part is not None and entry.part.subscribed


def folded(text):
    return text.lower() if text.isascii() else "".join(each.lower() if each.isascii() else each for each in text)


def float_of_32_bits(number):
    return struct.unpack("f", struct.pack("f", number))[0]


SORT_KEYS = {
    SortColumn.CATEGORY: lambda entry: entry.category,
    SortColumn.NAME: lambda entry: folded(entry.title),
    SortColumn.SIZE: lambda entry: (1, entry.part.num_entries) if entry.type in CONTAINERS else (0, entry.size),
    SortColumn.INFOHASH: lambda entry: entry.infohash,
    SortColumn.DATE: lambda entry: entry.torrent_date,
    SortColumn.STATUS: lambda entry: entry.status,
    SortColumn.TORRENTS: lambda entry: entry.part.num_entries if entry.type in CONTAINERS else -1,
    SortColumn.VOTES: lambda entry: float_of_32_bits(entry.part.votes) if entry.type == EntryType.CHANNEL else -1,
    SortColumn.SUBSCRIBED: lambda entry: entry.part.subscribed if entry.type == EntryType.CHANNEL else -1,
    SortColumn.HEALTH: lambda entry: (entry.seeders, entry.leechers),
}
