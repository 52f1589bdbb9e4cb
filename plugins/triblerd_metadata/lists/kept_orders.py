"""The orders that lists ask for: made when first wanted, kept up to date, dropped when nobody asks any more."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Protocol

from triblerd.memory import give_back
from triblerd.tasks import Tasks
from triblerd_metadata.columns import Columns
from triblerd_metadata.lists.order_making import sorted_rows
from triblerd_metadata.lists.orders import KeptOrder, OrderView
from triblerd_metadata.lists.sort_keys import NUMBER_KEYS, KeyReading, NumberKey, Rowids, TextKey, Texts, text_keys
from triblerd_metadata.selections import SortColumn
from triblerd_metadata.values import Change

MOST_WAITING = 5000
"""Changed rows that are put back into an order one by one; with more it is made anew."""
IDLE_SECONDS, TEXT_IDLE_SECONDS = 300.0, 3600.0
"""How long an order is kept that nobody asks for; those by text take seconds to make."""
MOST_BESIDE = 2048
"""Rows beside the array of an order; with more a new array is made."""
_TIDY_SECONDS = 1.0
_REST_SECONDS = 3.0
"""How long an order is not made anew after so many changes that it was dropped: more of them are likely."""
_BETWEEN_SECONDS = 0.02
"""Between two orders that are tidied: a request comes in between, and waits for one of them alone."""
_NUMBERS_AT_ONCE, _TEXTS_AT_ONCE = 25, 10
"""Rows put back before others have a turn: about half a millisecond."""


class ColumnSource(Protocol):
    """Whoever has the columns."""

    @property
    def columns(self) -> Columns:
        """The numbers of all entries as they are now."""


class _Making:
    """An order that is being made, and the rows that changed meanwhile."""

    def __init__(self) -> None:
        self.changed: set[int] = set()
        self.done = asyncio.Event()
        self.order: KeptOrder | None = None


class KeptOrders:
    """Orders by column. To be used on the event loop's thread; the views that it returns on any.

    Args:
        source: Has the columns, and tells ``changing`` of their changes.
        texts: Reads what is not in the columns.
        tasks: Runs what makes orders.
        clock: Returns seconds.
    """

    def __init__(
        self, *, source: ColumnSource, texts: Texts, tasks: Tasks, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._tasks = tasks
        self._clock = clock
        self._keys: dict[SortColumn, NumberKey | TextKey] = {**NUMBER_KEYS, **text_keys(texts)}
        self._kept: dict[SortColumn, KeptOrder] = {}
        self._making: dict[SortColumn, _Making] = {}
        self._used: dict[SortColumn, float] = {}
        self._not_before: dict[SortColumn, float] = {}

    def key(self, column: SortColumn) -> NumberKey | TextKey:
        """Return what a column compares."""
        return self._keys[column]

    async def view(self, column: SortColumn) -> OrderView | None:
        """Return the order of a column as it is now; ``None`` when it is being made, and sorting some rows is faster.

        Rows that are added by the thousand while an order by text is made are missing in it.
        """
        self._used[column] = self._clock()
        if (order := self._kept.get(column)) is None:
            making = self._make(column)
            if making is None or isinstance(self._keys[column], NumberKey):
                return None
            await making.done.wait()
            if (order := making.order) is None:
                return None
        await self._settle(column, order)
        if order.waiting and isinstance(self._keys[column], NumberKey):  # dropped meanwhile
            return None
        return order.view()

    def changing(self, rows: Rowids, changes: Sequence[Change]) -> None:
        """Be told which rows are about to change, and of those of them whose records were written."""
        if not self._kept and not self._making:
            return
        all_rows, written = rows.tolist(), [change.rowid for change in changes]
        for column, making in self._making.items():
            making.changed.update(all_rows if column is SortColumn.HEALTH else written)
        for column, order in list(self._kept.items()):
            changed = all_rows if column is SortColumn.HEALTH else written
            if order.waiting + len(changed) > MOST_WAITING:
                self._drop(column)
                self._not_before[column] = self._clock() + _REST_SECONDS
            elif changed:
                order.take_out(changed)
                if isinstance(self._keys[column], TextKey) and any(map(_is_rewritten, changes)):
                    order.take_out_moved()  # the new text could be read before this call

    def kept(self) -> set[SortColumn]:
        """Return the columns whose orders are in memory."""
        return set(self._kept)

    def beside(self, column: SortColumn) -> int:
        """Return how many rows stand beside the array of a kept order."""
        return self._kept[column].beside

    async def tidy(self) -> None:
        """Put rows back that changed, so that little is left to do when a page is asked for; drop what is not used."""
        for column, order in list(self._kept.items()):
            idle_seconds = IDLE_SECONDS if isinstance(self._keys[column], NumberKey) else TEXT_IDLE_SECONDS
            if self._clock() - self._used[column] > idle_seconds:
                self._drop(column)
                continue
            await self._settle(column, order)
            is_whole = self._kept.get(column) is order and not order.waiting
            if is_whole and order.beside > MOST_BESIDE and column not in self._making:
                # The same rows are beside all orders: as many threads would keep others from their turns.
                await self._start(column, order.view().whole).done.wait()
            await asyncio.sleep(_BETWEEN_SECONDS)

    def start(self) -> None:
        """Tidy up from now on, until the tasks end."""
        self._tasks.every(_TIDY_SECONDS, "orders", self.tidy)

    def _drop(self, column: SortColumn) -> None:
        self._kept.pop(column, None)

    async def _settle(self, column: SortColumn, order: KeptOrder) -> None:
        at_once = _NUMBERS_AT_ONCE if isinstance(self._keys[column], NumberKey) else _TEXTS_AT_ONCE
        while order.waiting and self._kept.get(column) is order:
            order.put_back(at_once)
            if order.waiting:
                await asyncio.sleep(0)

    def _make(self, column: SortColumn) -> _Making | None:
        if column not in self._making:
            key, columns = self._keys[column], self._source.columns
            if isinstance(key, NumberKey) and self._clock() < self._not_before.get(column, 0):
                return None
            self._start(column, lambda: sorted_rows(key, columns))
        return self._making[column]

    def _start(self, column: SortColumn, sort: Callable[[], Rowids]) -> _Making:
        making = self._making[column] = _Making()
        self._tasks.start(f"order-{column}", self._made(column, sort, len(self._source.columns)))
        return making

    async def _made(self, column: SortColumn, sort: Callable[[], Rowids], size: int) -> None:
        making = self._making[column]
        try:
            order = KeptOrder(await asyncio.to_thread(sort), size, self._reading(column))
            if isinstance(self._keys[column], TextKey):  # whose texts were in memory
                await asyncio.to_thread(give_back)
            order.take_out(making.changed)
            making.order = order
            if order.waiting <= MOST_WAITING:
                self._kept[column] = order
            else:
                self._not_before[column] = self._clock() + _REST_SECONDS
        finally:
            del self._making[column]
            making.done.set()

    def _reading(self, column: SortColumn) -> KeyReading:
        key = self._keys[column]
        return key.reading if isinstance(key, TextKey) else lambda: nullcontext(key.reader(self._source.columns))


def _is_rewritten(change: Change) -> bool:
    before, after = change.before, change.after
    if before is None or after is None:
        return False
    return before.title != after.title or before.infohash != after.infohash
