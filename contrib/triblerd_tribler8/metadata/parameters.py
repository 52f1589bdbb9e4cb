"""The parameters of lists of torrents, as the dialect has them."""

import json
import re
from typing import Annotated

from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from triblerd.errors import InvalidInputError
from triblerd_metadata.api import (
    BadParametersError,
    EntryType,
    Order,
    SearchQuery,
    Selection,
    SortColumn,
    as_flag,
)

_UNSORTABLE = frozenset({"torrents", "votes", "subscribed"})
"""Of what torrents do not have."""
_KEYS = frozenset({"key", "apikey"})
_WORD = re.compile(r"\w+")


class TorrentQuery(SearchQuery, frozen=True, kw_only=True):
    """Which torrents are listed, in which order, and which part of the list is wanted.

    `metadata_type`, `exclude_deleted` and `txt_filter` are taken and mean nothing: torrents alone are listed.
    """

    fts_text: Annotated[
        str | None, Meta(description="Plain words, all of which a title has; empty lists everything")
    ] = None
    filter: Annotated[str | None, Meta(description="More of them; for popular torrents, as `txt_filter` elsewhere")] = (
        None
    )
    popular: Annotated[str | None, Meta(description="Sort by seeders, then leechers: `1`, `true`, `0`, `false`")] = None

    def order(self, default: SortColumn | None = None) -> Order:
        """Return the order of the list.

        Raises:
            BadParametersError: a flag is none, or torrents do not have the column.
        """
        if self.sort_by in _UNSORTABLE:
            raise BadParametersError
        order = super().order(default)
        return replace(order, column=SortColumn.HEALTH) if as_flag(self.popular or "") else order

    def selection(self) -> Selection:
        """Return what is listed, whatever its words.

        Raises:
            BadParametersError: a flag, number or key is none.
        """
        plain = replace(
            self, metadata_type=(), exclude_deleted=None, txt_filter=None, remote=None, category=None, tags=()
        )
        labels = dict.fromkeys(label for label in (self.category, *self.tags) if label)
        return replace(
            super(TorrentQuery, plain).selection(), types=frozenset({EntryType.TORRENT}), labels=tuple(labels)
        )

    def words(self) -> str:
        """Return what titles shall have, as a ``txt_filter``."""
        return " ".join(f'"{word}"' for word in _WORD.findall(f"{self.fts_text or ''} {self.filter or ''}"))


def require_text(query: TorrentQuery, request: web.Request) -> None:
    """Check that a search says what is looked for, if only that it is nothing in particular.

    Raises:
        InvalidInputError: it does not.
    """
    if query.fts_text is None:
        given = {name: value for name, value in request.query.items() if name not in _KEYS}
        msg = f"Got search with no fts_text: {json.dumps(given, ensure_ascii=False)}"
        raise InvalidInputError(msg)
