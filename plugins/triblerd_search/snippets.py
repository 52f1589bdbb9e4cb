"""Bundles torrents of one content on the first page of a search."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from triblerd_metadata.api import EntryItem, Statement, TorrentItem
from triblerd_search.schemas import SnippetItem

CONTENT_ITEM = 103
"""The predicate of the statement that says what a torrent is of."""
MOST_SNIPPETS = 3
MOST_TORRENTS = 4


def with_snippets(items: Sequence[EntryItem]) -> list[EntryItem | SnippetItem]:
    """Return a page that begins with up to three snippets, without the torrents that these are made of.

    The contents with the best-seeded torrents become snippets. A torrent counts for the first content said of it.
    """
    groups: dict[str, list[TorrentItem]] = defaultdict(list)
    for item in items:
        if isinstance(item, TorrentItem) and item.statements and (content := _content(item.statements)):
            groups[content].append(item)
    for torrents in groups.values():
        torrents.sort(key=_seeders, reverse=True)
    chosen = sorted(groups, key=lambda content: _seeders(groups[content][0]), reverse=True)[:MOST_SNIPPETS]
    bundled = {id(torrent) for content in chosen for torrent in groups[content]}
    snippets = [
        SnippetItem(
            infohash=content,
            name=content,
            torrents=len(groups[content]),
            torrents_in_snippet=groups[content][:MOST_TORRENTS],
        )
        for content in chosen
    ]
    return [*snippets, *(item for item in items if id(item) not in bundled)]


def _content(statements: Iterable[Statement]) -> str:
    return next((said.object for said in statements if said.predicate == CONTENT_ITEM), "")


def _seeders(torrent: TorrentItem) -> int:
    return torrent.num_seeders
