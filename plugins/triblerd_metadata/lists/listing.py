"""Lists of entries."""

import asyncio
import time
from collections.abc import Callable, Iterable

import numpy as np
from pyroaring import AbstractBitMap, BitMap

from triblerd_metadata.api import (
    BadParametersError,
    EntryItem,
    FilterError,
    Order,
    Page,
    Selection,
    Statements,
    TextIndex,
    Window,
)
from triblerd_metadata.entries import Items
from triblerd_metadata.lists.filters import Filter, Mask
from triblerd_metadata.lists.kept_orders import KeptOrders
from triblerd_metadata.lists.orders import RowView, View
from triblerd_metadata.lists.paging import FEW_TEXTS, Task, find_page, find_quickly
from triblerd_metadata.lists.popular import Popular
from triblerd_metadata.lists.sort_keys import Rowids, TextKey
from triblerd_metadata.store import Metadata
from triblerd_metadata.text.expressions import Expression
from triblerd_metadata.text.grammar import parse

_SMALL = 20_000
"""Rows that are gone through at once; with more of them a page is found in a thread."""
_FEW_NUMBERS = 10_000
"""Rows that were found and are sorted by their numbers without an order."""
_FEW_READ = 100
"""Rows whose titles are read at once."""
_QUICK = 8192
"""Rows that are looked at before a page is found in a thread."""
_PIECE = 1 << 14
"""Rows whose numbers are looked at together: they stay in the processor's cache."""
_DEEP = 200_000
"""Where a page may end that is found without a thread."""


class EntryLists:
    """Finds pages of entries, see ``triblerd_metadata.api.Lists``.

    Args:
        metadata: The store.
        orders: The orders that are kept.
        popular: Finds what is popular.
        items: Makes the JSON form of entries.
        statements: Returns who knows tags, ``None`` while that plugin is off.
        text_index: Returns who finds rows by words, ``None`` likewise: then titles are read.
        now: Returns Unix time.
    """

    def __init__(  # noqa: PLR0913 - each is a part of a list
        self,
        *,
        metadata: Metadata,
        orders: KeptOrders,
        popular: Popular,
        items: Items,
        statements: Callable[[], Statements | None],
        text_index: Callable[[], TextIndex | None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._metadata = metadata
        self._orders = orders
        self._items = items
        self._statements = statements
        self._text_index = text_index
        self._now = now
        self._popular = popular

    async def page(
        self,
        selection: Selection,
        order: Order,
        window: Window,
        *,
        rows: AbstractBitMap | None = None,
        with_total: bool = False,
    ) -> Page:
        """Return a part of the list of all entries that are selected."""
        expression = _parsed(selection.text)
        found = self._named(selection, rows, self._popular)
        if expression is not None and not selection.popular and (index := self._text_index()) is not None:
            matching = await index.rows(selection.text)
            found = matching if found is None else found & matching
            expression = None
        view: View | None = None
        if order.column is not None and (found is None or len(found) > self._few(order)):
            view = await self._orders.view(order.column)
        columns = self._metadata.columns
        if order.column is None:
            view = RowView(columns.alive)
        task = Task(
            columns=columns,
            filter=Filter(selection),
            found=found,
            matches=None if expression is None else self._matcher(expression),
            key=None if order.column is None else self._orders.key(order.column),
            view=view,
            descending=order.descending,
            window=window,
            with_total=with_total,
        )
        return await self._found(task)

    def selected(self, selection: Selection, rows: AbstractBitMap) -> Rowids:
        """Return those of some rows that are selected, whatever the selection's text. May be called from any thread."""
        columns = self._metadata.columns
        # What is kept of popular torrents is for the event loop's thread.
        found = self._named(selection, rows, Popular())
        given = np.asarray(found.to_array() if found is not None else [], np.uint32)
        given = given[: np.searchsorted(given, len(columns))]
        passes = Filter(selection).of_rows
        pieces = [given[start : start + _PIECE] for start in range(0, len(given), _PIECE)]
        return np.concatenate([given[:0], *(piece[passes(columns, piece)] for piece in pieces)])

    def items(self, rowids: Iterable[int], *, hide_adult: bool = False, with_progress: bool = False) -> list[EntryItem]:
        """Return the JSON form of rows, without those that are gone; torrents with what is said about them."""
        entries = self._metadata.entries(rowids)
        return self._items.of(entries, hide_adult=hide_adult, with_progress=with_progress)

    def _few(self, order: Order) -> int:
        """Return how many rows are sorted without an order."""
        is_text = order.column is not None and isinstance(self._orders.key(order.column), TextKey)
        return FEW_TEXTS if is_text else _FEW_NUMBERS

    async def _found(self, task: Task) -> Page:
        if task.view is not None and task.window.last <= _DEEP and (page := find_quickly(task, _QUICK)) is not None:
            return page
        count = len(task.columns if task.found is None else task.found)
        is_text = isinstance(task.key, TextKey) or task.matches is not None
        if count <= (_FEW_READ if is_text else _SMALL):
            return find_page(task)
        return await asyncio.to_thread(find_page, task)

    def _named(self, selection: Selection, rows: AbstractBitMap | None, popular: Popular) -> AbstractBitMap | None:
        """Return the rows that a selection names in other ways than by their numbers, ``None`` for all."""
        named = [] if rows is None else [rows]
        if selection.popular:
            named.append(BitMap(popular.rows(self._metadata.columns, int(self._now()))))
        if selection.infohash:
            named.append(BitMap(entry.rowid for entry in self._metadata.by_infohash(selection.infohash)))
        if selection.channel_pk:
            named.append(BitMap(self._metadata.rows_signed_with(selection.channel_pk)))
        if selection.tags:
            statements = self._statements()
            named.append(statements.tagged(selection.tags) if statements is not None else BitMap())
        if len(named) > 1:
            return BitMap.intersection(*named)
        return named[0] if named else None

    def _matcher(self, expression: Expression) -> Callable[[Rowids], Mask]:
        def matches(rows: Rowids) -> Mask:
            records = self._metadata.records(rows.tolist())
            found = (record is not None and expression.matches(record.title) for record in records)
            return np.fromiter(found, np.bool_, len(rows))

        return matches


def _parsed(text: str) -> Expression | None:
    if not text:
        return None
    try:
        return parse(text)
    except FilterError as error:
        raise BadParametersError from error
