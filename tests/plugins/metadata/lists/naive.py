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
    found = [entry for entry in found if is_wanted(entry, selection, tagged)]
    return found if rows is None else [entry for entry in found if entry.rowid in rows]


def in_order(entries, order):
    return sorted(entries, key=lambda entry: (sort_key(entry, order.column), entry.rowid), reverse=order.descending)


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


def is_wanted(entry, selection, tagged):
    subscribed = entry.part is not None and entry.part.subscribed
    return (
        (selection.types is None or entry.type in selection.types)
        and selection.category in ("", entry.category)
        and not (selection.hide_adult and entry.is_adult)
        and all(entry.category.endswith(text) or f"{text}," in entry.category for text in selection.tag_texts)
        and not (selection.exclude_own and entry.is_own)
        and not (selection.exclude_deleted and entry.status == EntryStatus.TO_DELETE)
        and (not selection.tags or entry.infohash in tagged)
        and selection.infohash in (b"", entry.infohash)
        and selection.channel_pk in (None, entry.public_key)
        and selection.origin_id in (None, entry.origin_id)
        and (selection.max_rowid is None or entry.rowid <= selection.max_rowid)
        and entry.checked >= selection.checked_after
        and (entry.self_checked or not selection.self_checked)
        and (selection.subscribed is None or (entry.type == EntryType.CHANNEL and subscribed == selection.subscribed))
        and (not selection.text or expression(selection.text).matches(entry.title))
    )


def sort_key(entry, column):  # noqa: C901, PLR0911 - one for each column
    match column:
        case None:
            return 0
        case SortColumn.CATEGORY:
            return entry.category
        case SortColumn.NAME:
            return "".join(letter.lower() if letter.isascii() else letter for letter in entry.title)
        case SortColumn.SIZE:
            return (entry.type in CONTAINERS, entry.part.num_entries if entry.type in CONTAINERS else entry.size)
        case SortColumn.INFOHASH:
            return entry.infohash
        case SortColumn.DATE:
            return entry.torrent_date
        case SortColumn.STATUS:
            return entry.status
        case SortColumn.TORRENTS:
            return entry.part.num_entries if entry.type in CONTAINERS else -1
        case SortColumn.VOTES:  # kept as a float of 32 bits
            return struct.unpack("f", struct.pack("f", entry.part.votes))[0] if entry.type == EntryType.CHANNEL else -1
        case SortColumn.SUBSCRIBED:
            return entry.part.subscribed if entry.type == EntryType.CHANNEL else -1
        case SortColumn.HEALTH:
            return (entry.seeders, entry.leechers)
