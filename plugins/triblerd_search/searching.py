"""Searches, on threads of their own, so that neither the event loop nor, but for a few, each other waits for them.

To find a few whole words takes less time than to get to that thread and back, so that is done at once. So are most
completions: as long as that thread computed, the event loop would wait for it, and both for whatever else computes.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from pyroaring import AbstractBitMap

from triblerd_metadata.api import (
    AllOf,
    AnyOf,
    Expression,
    Lists,
    MetadataStore,
    Order,
    Page,
    Part,
    Selection,
    Window,
    Without,
    Word,
    parse,
)
from triblerd_search.completing import complete
from triblerd_search.finding import Finder, TooLongError
from triblerd_search.postings import Postings
from triblerd_search.ranking import Match, ranked

R = TypeVar("R")

_FEW_WORDS = 4
_AT_A_TIME = 3
"""Searches. One takes the whole processor that Python has, but a phrase of common words may take seconds."""
_AT_ONCE_SECONDS = 0.005
"""How long is looked for completions at once: for so long a thread that computes keeps Python from all others."""


class Searcher:
    """Finds, ranks and completes.

    Args:
        postings: The index.
        records: What is indexed.
        lists: Finds the lists of the metadata store, which order by columns and know what is selected.
        on_damage: Called on the event loop's thread when the index could not be read.
        at_once: Seconds after which a thread looks for completions.
    """

    def __init__(
        self,
        *,
        postings: Postings,
        records: MetadataStore,
        lists: Lists,
        on_damage: Callable[[], None],
        at_once: float = _AT_ONCE_SECONDS,
    ) -> None:
        self._at_once = at_once
        self._postings = postings
        self._records = records
        self._lists = lists
        self._on_damage = on_damage
        self._threads = ThreadPoolExecutor(_AT_A_TIME, "search")

    async def close(self) -> None:
        """End the threads."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def rows(self, text: str) -> AbstractBitMap:
        """Return the rows whose titles match a ``txt_filter``.

        Raises:
            FilterError: it is no such expression.
        """
        return await self._rows(parse(text))

    async def page(self, selection: Selection, order: Order, window: Window, *, with_total: bool = False) -> Page:
        """Return a part of the list of all that is selected; what matches a text by relevance, unless a column is said.

        Raises:
            FilterError: the selection's text is no ``txt_filter``.
        """
        if not selection.text:
            return await self._lists.page(selection, order, window, with_total=with_total)
        expression = parse(selection.text)
        without_text = msgspec.structs.replace(selection, text="")
        if order.column is not None:
            rows = await self._rows(expression)
            return await self._lists.page(without_text, order, window, rows=rows, with_total=with_total)
        return await self._run(
            lambda finder: self._ranked(finder, expression, without_text, window, is_reversed=not order.descending)
        )

    async def completions(self, text: str) -> list[str]:
        """Return at most five texts that go on where ``text`` ends, as titles do."""

        def completed(finder: Finder) -> list[str]:
            return complete(text, finder, self._records)

        with suppress(TooLongError):
            return self._told(self._search(completed, until=time.perf_counter() + self._at_once))
        return await self._run(completed)

    def _ranked(
        self, finder: Finder, expression: Expression, selection: Selection, window: Window, *, is_reversed: bool
    ) -> Page:
        rowids = self._lists.selected(selection, finder.find(expression))
        total = len(rowids)
        wanted = tuple(dict.fromkeys(expression.wanted()))
        columns = self._records.columns

        def titles_of(rowids: Sequence[int]) -> list[str]:
            titles = dict(self._records.titles(finder.transaction, rowids))
            return [titles.get(rowid, "") for rowid in rowids]

        order = ranked(
            Match(rowids, columns, _words_matched(expression.root, finder, len(columns))),
            wanted,
            weights=_weights(wanted, finder, len(columns)),
            titles_of=titles_of,
            now=time.time(),
            count=total if is_reversed else window.last,
        )
        if is_reversed:
            order.reverse()
        return Page(order[window.first - 1 : max(window.last, 0)], total)

    async def _rows(self, expression: Expression) -> AbstractBitMap:
        if words := _few_words(expression.root):
            return self._told(self._search(lambda finder: finder.find_all_of(words)))
        return await self._run(lambda finder: finder.find(expression))

    async def _run(self, search: Callable[[Finder], R]) -> R:
        return self._told(await asyncio.get_running_loop().run_in_executor(self._threads, self._search, search))

    def _search(self, search: Callable[[Finder], R], *, until: float = math.inf) -> tuple[R, bool]:
        """Return what was found, and whether the index is damaged."""
        with self._postings.reading() as reader:
            finder = Finder(reader, self._records, until=until)
            return search(finder), finder.is_damaged

    def _told(self, outcome: tuple[R, bool]) -> R:
        found, is_damaged = outcome
        if is_damaged:
            self._on_damage()
        return found


def _few_words(part: Part) -> Sequence[Word]:
    """Return the words, if a few whole words are all that is looked for: some ten microseconds for 65,536 torrents."""
    parts = part.parts if isinstance(part, AllOf) else (part,)
    words = [word for word in parts if isinstance(word, Word) and not word.is_beginning]
    return words if len(words) == len(parts) <= _FEW_WORDS else ()


def _weights(wanted: Sequence[Word], finder: Finder, size: int) -> dict[str, float]:
    """Return how much words tell: the more, the fewer titles have them."""
    return {word.text: math.log(1 + size / (1 + len(finder.by_word.get(word, ())))) for word in wanted}


def _words_matched(root: Part, finder: Finder, size: int) -> npt.NDArray[np.uint16] | int:
    """Return how many words of the expression each title has, by row."""
    if not _has_alternatives(root):
        return max(len(finder.by_word), 1)
    matched = np.zeros(size, np.uint16)
    for rows in finder.by_word.values():
        having = np.asarray(rows.to_array(), np.intp)
        matched[having[having < size]] += 1  # a row is on disk a moment before it is in memory
    return matched


def _has_alternatives(part: Part) -> bool:
    match part:
        case AnyOf():
            return True
        case AllOf(parts):
            return any(map(_has_alternatives, parts))
        case Without(wanted):
            return _has_alternatives(wanted)
        case _:
            return False
