"""Finds the part of a list that is wanted: along an order that there is, or by sorting the rows that are selected.

Both ways give the same rows. Everything here is for any thread.
"""

from array import array
from collections.abc import Callable

import msgspec
import numpy as np
from pyroaring import AbstractBitMap, BitMap

from triblerd_metadata.columns import Columns
from triblerd_metadata.lists.filters import Filter, Mask
from triblerd_metadata.lists.orders import View
from triblerd_metadata.lists.sort_keys import Keys, NumberKey, Rowids, TextKey
from triblerd_metadata.selections import Page, Window

FEW_TEXTS = 500
"""Rows whose texts are read to sort them, although there is an order."""

_SORTING = 8
"""How many rows of an order are looked at in the time that it takes to sort one."""

_LIKELY, _LEAST_PIECE = 1.5, 64
"""How many times as many rows of an order are looked at first as would do if what was found were spread evenly."""

_BEST = 2
"""How many times as many rows as are wanted are tested before all that were found are."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A page to be found.

    Attributes:
        columns: The numbers.
        filter: Which rows are listed.
        found: Only these rows; ``None`` for any.
        matches: Returns which of some rows have a title that is wanted; ``None`` for any title.
        key: What is compared; ``None`` for rows.
        view: The order, if there is one; of no other moment than the columns.
        descending: The list is read from the order's end.
        window: The part that is wanted.
        with_total: Count the list.
    """

    columns: Columns
    filter: Filter
    found: AbstractBitMap | None
    matches: Callable[[Rowids], Mask] | None
    key: NumberKey | TextKey | None
    view: View | None
    descending: bool
    window: Window
    with_total: bool


def find_page(task: Task) -> Page:
    """Find a page."""
    if (page := find_quickly(task, most=0)) is not None:
        return page
    if task.found is None and task.matches is None:  # maybe nearly all: they are not made a list of
        mask = task.filter.of_all(task.columns)
        count = int(np.count_nonzero(mask))
        if task.view is not None and is_walking_better(task, count):
            rows = by_walking(task, task.view, mask)
        else:
            rows = by_sorting(task, _rows_of(mask))
    elif (best := _best_of_found(task)) is not None:
        return Page(best.tolist())
    else:
        selected = _selected(task)
        count = len(selected)
        if task.view is not None and is_walking_better(task, count):
            rows = by_walking(task, task.view, _mask_of(task, selected))
        else:
            rows = by_sorting(task, selected)
    return Page(rows.tolist(), count if task.with_total else None)


def find_quickly(task: Task, most: int) -> Page | None:
    """Find a page by a short walk along its order; ``None`` if that cannot be.

    Args:
        task: The page.
        most: Rows of a selection that are looked at, about.
    """
    if task.view is None or task.matches is not None:
        return None
    if task.found is not None:
        return None if task.with_total else _found_along(task, task.found, task.view, most)
    if task.filter.takes_all:
        total = int(np.count_nonzero(task.columns.alive)) if task.with_total else None
        return Page(_walk(task, task.view, None).tolist(), total)
    if task.with_total or not most:
        return None
    rows = _walk(task, task.view, lambda piece: task.filter.of_rows(task.columns, piece), most)
    return None if len(rows) < task.window.count else Page(rows.tolist())


def _found_along(task: Task, found: AbstractBitMap, view: View, most: int) -> Page | None:
    """Find a page of rows that were found, which are put in order anew: they are few of those that are walked along."""
    last = task.window.last
    likely = int(_LIKELY * last * len(task.columns) / max(len(found), 1))
    if not isinstance(task.key, NumberKey) or likely >= most:
        return None
    parts: list[Rowids] = []
    looked_at = count = 0
    for piece in view.pieces(descending=task.descending, fewest=likely + _LEAST_PIECE):
        rows = np.asarray((BitMap(array("I", np.sort(piece).tobytes())) & found).to_array(), np.uint32)
        parts.append(rows[task.filter.of_rows(task.columns, rows)])
        looked_at += len(piece)
        count += len(parts[-1])
        if count >= last:
            return Page(by_sorting(task, np.sort(np.concatenate(parts))).tolist())
        if looked_at >= most:
            break
    return None


def is_walking_better(task: Task, count: int) -> bool:
    """Return whether to go along the order is faster than to sort ``count`` rows that are selected."""
    if task.key is None:
        return task.found is None
    if isinstance(task.key, TextKey):
        return count > FEW_TEXTS
    # To sort, each of the selected rows is looked at; to walk, as many of all rows as hold enough of these.
    return task.window.last * len(task.columns) < _SORTING * count * count


def by_walking(task: Task, view: View, mask: Mask) -> Rowids:
    """Return the rows of the window, of those of a mask by row, by going along the order."""
    return _walk(task, view, lambda piece: mask[piece])


def by_sorting(task: Task, rows: Rowids) -> Rowids:
    """Return the rows of the window, of some rows in ascending order, by comparing them."""
    if task.key is None:
        return _part(rows, task.window, descending=task.descending)
    if isinstance(task.key, NumberKey):
        return _best(rows, task.key.of_many(task.columns, rows), task.window, descending=task.descending)
    given = rows.tolist()
    keyed = sorted((key, row) for key, row in zip(task.key.of_many(given), given, strict=True) if key is not None)
    return _part(np.array([row for _, row in keyed], np.uint32), task.window, descending=task.descending)


def _best_of_found(task: Task) -> Rowids | None:
    """Return the rows of the window, having tested only the best of those that were found; ``None`` if that is no way.

    Nearly all rows that are found by their words are selected as well.
    """
    if task.found is None or task.matches is not None or task.with_total or not isinstance(task.key, NumberKey):
        return None
    columns, most = task.columns, _BEST * task.window.last
    if not 0 < most < len(task.found) // 4:
        return None
    found = _known(task.found, columns)
    keys = task.key.rough(columns, found)
    place = len(keys) - most if task.descending else most - 1
    limit = np.partition(keys, place)[place]
    best = found[keys >= limit if task.descending else keys <= limit]
    if len(best) > len(found) // 4:  # very many are alike
        return None
    rows = best[task.filter.of_rows(columns, best)]
    if len(rows) < task.window.last:
        return None
    return _best(rows, task.key.of_many(columns, rows), task.window, descending=task.descending)


def _selected(task: Task) -> Rowids:
    """Return which rows the list has, ascending."""
    columns = task.columns
    if task.found is None:
        rows = _rows_of(task.filter.of_all(columns))
    else:
        rows = _known(task.found, columns)
        rows = rows[task.filter.of_rows(columns, rows)]
    return rows if task.matches is None else rows[task.matches(rows)]


def _known(found: AbstractBitMap, columns: Columns) -> Rowids:
    """Return those of rows, ascending, that the columns have: others were added a moment ago."""
    rows = np.asarray(found.to_array(), np.uint32)
    return rows if not len(rows) or rows.item(-1) < len(columns) else rows[: np.searchsorted(rows, len(columns))]


def _mask_of(task: Task, rows: Rowids) -> Mask:
    mask = np.zeros(len(task.columns), np.bool_)
    mask[rows] = True
    return mask


def _rows_of(mask: Mask) -> Rowids:
    return np.flatnonzero(mask).astype(np.uint32)


def _walk(task: Task, view: View, accept: Callable[[Rowids], Mask] | None, most: int | None = None) -> Rowids:
    """Return the rows of the window, fewer when the list ends before, or ``most`` rows were looked at."""
    first, last = task.window.first - 1, task.window.last
    parts = [np.empty(0, np.uint32)]
    seen = looked_at = 0
    if task.window.count == 0:
        return parts[0]
    for piece in view.pieces(descending=task.descending):
        rows = piece if accept is None else piece[accept(piece)]
        parts.append(rows[max(first - seen, 0) : last - seen])
        seen += len(rows)
        looked_at += len(piece)
        if seen >= last or (most is not None and looked_at >= most):
            break
    return np.concatenate(parts)


def _part(rows: Rowids, window: Window, *, descending: bool) -> Rowids:
    return (rows[::-1] if descending else rows)[window.first - 1 : window.last]


def _best(rows: Rowids, keys: Keys, window: Window, *, descending: bool) -> Rowids:
    """Return the rows of the window, of rows that are ascending by number."""
    count = len(rows)
    if 0 < window.last < count // 4:
        chosen = _greatest(keys, window.last) if descending else _least(keys, window.last)
        rows, keys = rows[chosen], keys[chosen]
    return _part(rows[np.argsort(keys, kind="stable")], window, descending=descending)


def _greatest(keys: Keys, count: int) -> Keys:
    """Return the indices of the greatest keys, and of equals the last ones."""
    limit = np.partition(keys, len(keys) - count)[len(keys) - count]
    above = np.flatnonzero(keys > limit)
    equal = np.flatnonzero(keys == limit)
    return np.sort(np.concatenate((above, equal[len(equal) - (count - len(above)) :])))


def _least(keys: Keys, count: int) -> Keys:
    """Return the indices of the least keys, and of equals the first ones."""
    limit = np.partition(keys, count - 1)[count - 1]
    below = np.flatnonzero(keys < limit)
    return np.sort(np.concatenate((below, np.flatnonzero(keys == limit)[: count - len(below)])))
