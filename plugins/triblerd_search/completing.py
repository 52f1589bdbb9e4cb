"""Goes on with what somebody has begun to type, as titles do."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from triblerd_metadata.api import (
    ADULT,
    AllOf,
    Expression,
    MetadataStore,
    Part,
    Word,
    may_go_on,
    searched_words,
    spelled_words,
)
from triblerd_search.finding import Finder

MOST = 5
_TITLES = 200
"""The newest titles with these words are looked at, the best-seeded first, until there are enough completions."""
_PIECE = 512
"""Rows that are looked at together to find those titles."""
_LONGEST = 300


def complete(text: str, finder: Finder, records: MetadataStore) -> list[str]:
    """Return at most five texts that begin with ``text`` in lower case, from the best-seeded titles first.

    Each goes on to the end of the last word; where this is whole already, with the next word of the title. Titles that
    the family filter marks are left out.
    """
    typed = text.strip().lower()
    begun, _ = spelled_words(typed)
    if not begun or len(typed) > _LONGEST:
        return []
    is_open = may_go_on(typed)
    rowids = _newest(Expression(_wanted(typed, is_open=is_open)), finder, records)
    best = rowids[np.lexsort((rowids, records.columns.seeders[rowids]))[::-1]]
    found: dict[str, None] = {}
    for _, title in records.titles(finder.transaction, best.tolist()):
        if (rest := _rest(*spelled_words(title), begun, is_open=is_open)) is not None:
            found[typed + rest] = None
            if len(found) == MOST:
                break
    return list(found)


def _wanted(typed: str, *, is_open: bool) -> Part:
    parts = [Word(text, flag) for text, flag in searched_words(typed)]
    if is_open:
        parts[-1] = Word(parts[-1].text, is_beginning=True)
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _newest(expression: Expression, finder: Finder, records: MetadataStore) -> npt.NDArray[np.uint32]:
    columns = records.columns
    found = np.empty(0, np.uint32)
    for rows in finder.find_by_chunk(expression):
        newest = np.asarray(rows.to_array(), np.uint32)[::-1]
        for start in range(0, len(newest), _PIECE):
            piece = newest[start : start + _PIECE]
            piece = piece[piece < len(columns)]
            found = np.concatenate((found, piece[columns.flags[piece] & ADULT == 0]))
            if len(found) >= _TITLES:
                return found[:_TITLES]
    return found


def _rest(words: Sequence[str], spelled: Sequence[str], begun: Sequence[str], *, is_open: bool) -> str | None:
    """Return how a title goes on after the words ``begun``; ``None`` when they are not in it.

    Args:
        words: Of the title, folded.
        spelled: The same as they are shown.
        begun: What was typed, folded.
        is_open: The last word may go on.
    """
    *before, last = begun
    for place, folded in enumerate(words):
        if not folded.startswith(last) or place < len(before) or words[place - len(before) : place] != before:
            continue
        if folded == last:
            following = spelled[place + 1] if place + 1 < len(words) else ""
            return f" {following}" if following and is_open else following
        if is_open:
            # Where folding changed the length, the letters of both cannot be told apart.
            shown = spelled[place]
            return (shown if len(shown) == len(folded) else folded)[len(last) :]
    return None
