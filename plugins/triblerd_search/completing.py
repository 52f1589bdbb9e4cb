"""Goes on with what somebody has begun to type, as titles do."""

from collections.abc import Sequence
from itertools import islice

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
"""The newest titles with these words are looked at, 10 µs each."""
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
    found: list[tuple[int, int, str]] = []
    for rowid, title in _newest(Expression(_wanted(typed, is_open=is_open)), finder, records):
        if (rest := _rest(spelled_words(title), begun, is_open=is_open)) is not None:
            found.append((-records.columns.seeders.item(rowid), -rowid, typed + rest))
    return list(islice(dict.fromkeys(completion for *_, completion in sorted(found)), MOST))


def _wanted(typed: str, *, is_open: bool) -> Part:
    parts = [Word(text, flag) for text, flag in searched_words(typed)]
    if is_open:
        parts[-1] = Word(parts[-1].text, is_beginning=True)
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _newest(expression: Expression, finder: Finder, records: MetadataStore) -> list[tuple[int, str]]:
    columns = records.columns
    rowids: list[int] = []
    for rows in finder.find_by_chunk(expression):
        for rowid in reversed(rows):
            if rowid < len(columns) and not columns.flags.item(rowid) & ADULT:
                rowids.append(rowid)
                if len(rowids) == _TITLES:
                    return list(records.titles(finder.transaction, rowids))
    return list(records.titles(finder.transaction, rowids))


def _rest(title: Sequence[tuple[str, str]], begun: Sequence[str], *, is_open: bool) -> str | None:
    """Return how a title goes on after the words ``begun``; ``None`` when they are not in it."""
    last = len(begun) - 1
    for start in range(len(title) - last):
        if any(title[start + place][0] != begun[place] for place in range(last)):
            continue
        folded, shown = title[start + last]
        following = title[start + last + 1][1] if start + last + 1 < len(title) else ""
        if folded == begun[last]:
            return f" {following}" if following and is_open else following
        if is_open and folded.startswith(begun[last]):
            # Where folding changed the length, the letters of both cannot be told apart.
            return (shown if len(shown) == len(folded) else folded)[len(begun[last]) :]
    return None
