"""Which rows a selection takes, as far as the columns know."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from triblerd_metadata.columns import ADULT, OWN, SELF_CHECKED, SIGNED, SUBSCRIBED, Columns
from triblerd_metadata.lists.sort_keys import Rowids
from triblerd_metadata.selections import Selection
from triblerd_metadata.values import UNSIGNED, EntryStatus, EntryType

Mask = NDArray[np.bool_]
_Test = Callable[[Columns, Rowids | slice], Mask]
_NO_TYPE = 0
"""The type of rows that were never used."""


class Filter:
    """Tests rows by their numbers.

    The rest of a selection names rows, or words of titles: its tags, text, infohash, key, and whether it is popular.

    Args:
        selection: What is wanted.
    """

    def __init__(self, selection: Selection) -> None:
        self._tests = list(_tests(selection))
        self._max_rowid = selection.max_rowid

    @property
    def takes_all(self) -> bool:
        """Whether every entry passes."""
        return not self._tests and self._max_rowid is None

    def of_rows(self, columns: Columns, rows: Rowids) -> Mask:
        """Return which of these rows pass; all of them are in the columns."""
        mask = columns.alive[rows]
        for test in self._tests:
            mask &= test(columns, rows)
        if self._max_rowid is not None:
            mask &= rows <= self._max_rowid
        return mask

    def of_all(self, columns: Columns) -> Mask:
        """Return which of all rows pass, by row."""
        mask = columns.alive.copy()
        for test in self._tests:
            mask &= test(columns, slice(None))
        if self._max_rowid is not None:
            mask[max(self._max_rowid + 1, 0) :] = False
        return mask


def _tests(selection: Selection) -> list[_Test]:
    tests: list[_Test] = []
    if selection.types is not None:
        tests.append(_has_type(selection.types))
    if selection.category:
        tests.append(_has_category(selection.category))
    tests += [_has_category_that(partial(_ends_an_item, text)) for text in selection.tag_texts]
    tests += [_has_category_that(partial(_is_item, text)) for text in selection.labels]
    if unwanted := _unwanted_flags(selection):
        tests.append(lambda columns, rows: columns.flags[rows] & unwanted == 0)
    if selection.exclude_deleted:
        tests.append(lambda columns, rows: columns.status[rows] != EntryStatus.TO_DELETE)
    if (origin_id := selection.origin_id) is not None:
        tests.append(lambda columns, rows: columns.origin_id[rows] == origin_id)
    if checked_after := selection.checked_after:
        tests.append(lambda columns, rows: columns.checked[rows] >= checked_after)
    if selection.self_checked:
        tests.append(lambda columns, rows: columns.flags[rows] & SELF_CHECKED != 0)
    if (subscribed := selection.subscribed) is not None:
        tests.append(_has_type({EntryType.CHANNEL}))
        tests.append(lambda columns, rows: (columns.flags[rows] & SUBSCRIBED != 0) == subscribed)
    return tests


def _unwanted_flags(selection: Selection) -> int:
    is_unwanted = {
        ADULT: selection.hide_adult,
        OWN: selection.exclude_own,
        SIGNED: selection.channel_pk == UNSIGNED,
    }
    return sum(flag for flag, is_so in is_unwanted.items() if is_so)


def _has_type(types: frozenset[int] | set[EntryType]) -> _Test:
    first, *others = map(int, types) if types else (_NO_TYPE,)

    def test(columns: Columns, rows: Rowids | slice) -> Mask:
        kinds = columns.type[rows]
        mask = np.equal(kinds, first)
        for kind in others:
            mask |= kinds == kind
        return mask

    return test


def _has_category(text: str) -> _Test:
    def test(columns: Columns, rows: Rowids | slice) -> Mask:
        numbers = columns.category[rows]
        try:
            number = columns.categories.index(text)
        except ValueError:
            return np.zeros(len(numbers), np.bool_)
        return np.equal(numbers, number)

    return test


def _has_category_that(fits: Callable[[str], bool]) -> _Test:
    fitting: list[int] = []
    seen = 0

    def test(columns: Columns, rows: Rowids | slice) -> Mask:
        nonlocal seen
        texts = columns.categories[seen:]
        fitting.extend(number for number, text in enumerate(texts, seen) if fits(text))
        seen += len(texts)
        return np.isin(columns.category[rows], np.array(fitting, np.uint32))

    return test


def _ends_an_item(text: str, category: str) -> bool:
    return category.endswith(text) or f"{text}," in category


def _is_item(text: str, category: str) -> bool:
    return text in category.split(",")
