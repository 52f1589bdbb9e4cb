"""Goes on with what somebody has begun to type, as titles do."""

from collections.abc import Sequence

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
_LONGEST = 300


def complete(text: str, finder: Finder, records: MetadataStore) -> list[str]:
    """Return at most five texts that begin with ``text`` in lower case, from the best-seeded titles first.

    Each goes on to the end of the last word; where this is whole already, with the next word of the title. Titles that
    the family filter marks are left out.
    """
    typed = text.strip().lower()
    begun = [folded for folded, _ in spelled_words(typed)]
    if not begun or len(typed) > _LONGEST:
        return []
    is_open = may_go_on(typed)
    rowids = _newest(Expression(_wanted(typed, is_open=is_open)), finder, records)
    rowids.sort(key=lambda rowid: (-records.columns.seeders.item(rowid), -rowid))
    found: dict[str, None] = {}
    for _, title in records.titles(finder.transaction, rowids):
        if (rest := _rest(spelled_words(title), begun, is_open=is_open)) is not None:
            found[typed + rest] = None
            if len(found) == MOST:
                break
    return list(found)


def _wanted(typed: str, *, is_open: bool) -> Part:
    parts = [Word(text, flag) for text, flag in searched_words(typed)]
    if is_open:
        parts[-1] = Word(parts[-1].text, is_beginning=True)
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _newest(expression: Expression, finder: Finder, records: MetadataStore) -> list[int]:
    columns = records.columns
    rowids: list[int] = []
    for rows in finder.find_by_chunk(expression):
        for rowid in reversed(rows):
            if rowid < len(columns) and not columns.flags.item(rowid) & ADULT:
                rowids.append(rowid)
                if len(rowids) == _TITLES:
                    return rowids
    return rowids


def _rest(title: Sequence[tuple[str, str]], begun: Sequence[str], *, is_open: bool) -> str | None:
    """Return how a title goes on after the words ``begun``; ``None`` when they are not in it."""
    *before, last = begun
    folded_words = [folded for folded, _ in title]
    for place in range(len(before), len(title)):
        folded = folded_words[place]
        if not folded.startswith(last) or folded_words[place - len(before) : place] != before:
            continue
        if folded == last:
            following = title[place + 1][1] if place + 1 < len(title) else ""
            return f" {following}" if following and is_open else following
        if is_open:
            # Where folding changed the length, the letters of both cannot be told apart.
            shown = title[place][1]
            return (shown if len(shown) == len(folded) else folded)[len(last) :]
    return None
