"""The order of relevance: how well the title fits first, then how alive the torrent is, then how new.

Two passes. All matches are weighed by numbers in memory; the best of them are then weighed again by their titles. So
the order is whole, and a common word costs milliseconds. The first pass goes through the matches piece by piece, and
does without the age of what could not be among the best if it were of today.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from triblerd_metadata.api import EntryType, Word
from triblerd_search.title_fit import title_scores

Floats = npt.NDArray[np.float32]
Rowids = npt.NDArray[np.uint32]

CANDIDATES = 150
"""Rows that are weighed by their titles; some 10 µs each."""

_MOST_TOKENS = 255
_CHANNEL, _FOLDER = np.uint16(EntryType.CHANNEL), np.uint16(EntryType.FOLDER)
_PIECE = 1 << 15
"""Rows weighed at once: their numbers stay in the processor's cache."""
_YEAR_SECONDS = 365 * 86400
_HALF_ALIVE = 30.0
"""Seeders with which a torrent counts half as alive as one with thousands."""
_DEAD = 0.55
"""What a title is worth when nobody seeds; 1 with thousands of seeders."""
_OLD = 0.92
"""What a torrent of unknown or great age is worth; 1 for one of today."""
_NEWEST = np.float32(_OLD) + np.float32(1 - _OLD)


class Numbers(Protocol):
    """The numbers of all rows, one array each, by row; see ``Columns``."""

    @property
    def type(self) -> npt.NDArray[np.uint16]:
        """See ``EntryType``."""

    @property
    def tokens(self) -> npt.NDArray[np.uint8]:
        """Number of words of the title."""

    @property
    def seeders(self) -> npt.NDArray[np.uint32]: ...  # noqa: D102 - says it

    @property
    def leechers(self) -> npt.NDArray[np.uint32]: ...  # noqa: D102 - says it

    @property
    def torrent_date(self) -> npt.NDArray[np.uint32]:
        """Unix time at which the torrent was made, 0 for unknown."""

    @property
    def checked(self) -> npt.NDArray[np.uint32]:
        """Unix time of the last check."""


@dataclass(frozen=True, slots=True)
class Match:
    """What is ranked.

    Attributes:
        rowids: The rows that match, ascending.
        numbers: Of all rows.
        words_matched: How many of the words that are looked for each title has, by row, or all of them.
    """

    rowids: Rowids
    numbers: Numbers
    words_matched: npt.NDArray[np.uint16] | int

    def words_in(self, rowids: npt.NDArray[np.intp]) -> npt.NDArray[np.uint16] | int:
        """Return how many of the words each of these titles has, or all of them."""
        return self.words_matched if isinstance(self.words_matched, int) else self.words_matched[rowids]


def ranked(  # noqa: PLR0913 - all of it weighs, by keyword
    match: Match,
    wanted: Sequence[Word],
    *,
    weights: Mapping[str, float],
    titles_of: Callable[[Sequence[int]], Sequence[str]],
    now: float,
    count: int,
) -> list[int]:
    """Return at least the ``count`` most relevant rows, the best one first.

    Args:
        match: All rows that match.
        wanted: The words that are looked for.
        weights: How much each of them tells, by its text.
        titles_of: Returns the titles of rows, in their order.
        now: Unix time.
        count: How many rows are needed.
    """
    best = best_by_numbers(match, max(count, CANDIDATES), now=now)
    candidates, rest = best[:CANDIDATES], best[CANDIDATES:]
    scores = title_scores(titles_of(candidates.tolist()), wanted, weights)
    scores *= liveliness(match.numbers, candidates) * newness(match.numbers, candidates, now=now)
    return [*candidates[in_order(match.numbers, candidates, scores)].tolist(), *rest.tolist()]


def best_by_numbers(match: Match, count: int, *, now: float) -> Rowids:
    """Return the ``count`` rows, or all, that are most relevant as far as their numbers tell, the best one first."""
    numbers = match.numbers
    lengths = np.arange(_MOST_TOKENS + 1, dtype=np.uint8)
    most_fit = _share(np.max(match.words_matched, initial=1), lengths) * _NEWEST
    kept, scores, keys = np.zeros(0, np.uint32), np.zeros(0, np.float32), np.zeros(0, np.float32)
    least = np.float32(0)
    for piece in _pieces(match.rowids):
        longest = np.count_nonzero(most_fit >= least) - 1
        is_first = _are_first(numbers.type[piece])
        hopeful = np.flatnonzero((numbers.tokens[piece] <= longest) | is_first)
        rowids, is_first = piece[hopeful], is_first[hopeful]
        of_today = score_by_numbers(match, rowids, now=None)
        rowids = rowids[(of_today >= least) | is_first]
        new_scores = score_by_numbers(match, rowids, now=now)
        kept = np.concatenate((kept, rowids.astype(np.uint32)))
        scores = np.concatenate((scores, new_scores))
        keys = np.concatenate((keys, new_scores + _ranks(numbers.type[rowids])))
        if len(kept) > count:
            least = np.partition(keys, len(keys) - count)[len(keys) - count]
            chosen = np.flatnonzero(keys >= least)
            kept, scores, keys = kept[chosen], scores[chosen], keys[chosen]
    return kept[in_order(numbers, kept, scores)][:count]


def score_by_numbers(match: Match, rowids: npt.NDArray[np.intp], *, now: float | None) -> Floats:
    """Return how relevant rows are as far as their numbers tell: about 0.1 to 1.

    Args:
        match: What is ranked.
        rowids: The rows.
        now: Unix time; ``None`` to take all of them for the newest that there could be, which takes less time.
    """
    numbers = match.numbers
    new = _NEWEST if now is None else newness(numbers, rowids, now=now)
    return _share(match.words_in(rowids), numbers.tokens[rowids]) * (liveliness(numbers, rowids) * new)


def _pieces(rowids: Rowids) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the rows piece by piece, as numpy is quickest to find them."""
    for start in range(0, len(rowids), _PIECE):
        yield rowids[start : start + _PIECE].astype(np.intp)


def _share(matched: npt.ArrayLike, tokens: npt.NDArray[np.uint8]) -> Floats:
    """Return how much of titles is what is looked for: the root of the share of their words, 0 to 1."""
    words = np.maximum(tokens, np.uint8(1)).astype(np.float32)
    shares: Floats = np.sqrt(np.minimum(np.asarray(matched, np.float32) / words, np.float32(1)))
    return shares


def liveliness(numbers: Numbers, rowids: npt.NDArray[np.intp] | Rowids) -> Floats:
    """Return what health makes of a title: a factor of ``_DEAD`` to 1 for each row."""
    swarm = numbers.seeders[rowids].astype(np.float32)
    swarm += numbers.leechers[rowids].astype(np.float32) * np.float32(0.1)
    root: Floats = np.sqrt(swarm)  # a logarithm would do as well, and takes ten times as long
    alive: Floats = root / (root + np.float32(_HALF_ALIVE**0.5))
    factor: Floats = np.float32(_DEAD) + np.float32(1 - _DEAD) * alive
    return factor


def newness(numbers: Numbers, rowids: npt.NDArray[np.intp] | Rowids, *, now: float) -> Floats:
    """Return what age makes of a title: a factor of ``_OLD`` to ``_NEWEST`` for each row."""
    dates = numbers.torrent_date[rowids]
    ages = np.maximum(np.float32(now) - dates.astype(np.float32), 0) / np.float32(_YEAR_SECONDS)
    factor: Floats = np.float32(_OLD) + np.float32(1 - _OLD) * np.where(dates > 0, 1 / (1 + ages), np.float32(0))
    return factor


def in_order(numbers: Numbers, rowids: Rowids, scores: Floats) -> npt.NDArray[np.intp]:
    """Return the places of rows from the best one on.

    Channels come first, then folders, then the rest; within them the more relevant, then the later checked, then the
    newer row.
    """
    return np.lexsort((rowids, numbers.checked[rowids], scores, _ranks(numbers.type[rowids])))[::-1]


def _are_first(types: npt.NDArray[np.uint16]) -> npt.NDArray[np.bool_]:
    are_first: npt.NDArray[np.bool_] = (types == _CHANNEL) | (types == _FOLDER)
    return are_first


def _ranks(types: npt.NDArray[np.uint16]) -> Floats:
    """Return what puts channels before folders, and these before the rest, when it is added to scores of up to 1."""
    ranks: Floats = (types == _CHANNEL) * np.float32(4) + (types == _FOLDER) * np.float32(2)
    return ranks
