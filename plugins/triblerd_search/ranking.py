"""The order of relevance: how well the title fits first, then how alive the torrent is, then how new.

Two passes. All matches are weighed at once by numbers in memory; the best of them are then weighed again by their
titles. So the order is whole, and a common word costs milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from triblerd_metadata.api import EntryType, Word
from triblerd_search.title_fit import title_scores

Floats = npt.NDArray[np.float32]

CANDIDATES = 150
"""Rows that are weighed by their titles; some 20 µs each."""

_YEAR_SECONDS = 365 * 86400
_HALF_ALIVE = 30.0
"""Seeders with which a torrent counts half as alive as one with thousands."""
_DEAD = 0.55
"""What a title is worth when nobody seeds; 1 with thousands of seeders."""
_OLD = 0.92
"""What a torrent of unknown or great age is worth; 1 for one of today."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The numbers of rows that may be ranked, one array each, in the same order.

    Attributes:
        rowids: The rows.
        types: See ``EntryType``.
        tokens: Number of words of the title.
        dates: Unix time at which the torrent was made, 0 for unknown.
        checked: Unix time of the last check.
    """

    rowids: npt.NDArray[np.uint32]
    types: npt.NDArray[np.uint16]
    tokens: npt.NDArray[np.uint8]
    seeders: npt.NDArray[np.uint32]
    leechers: npt.NDArray[np.uint32]
    dates: npt.NDArray[np.uint32]
    checked: npt.NDArray[np.uint32]

    def take(self, chosen: npt.NDArray[np.intp]) -> "Facts":
        """Return some of them, in that order."""
        return Facts(
            self.rowids[chosen],
            self.types[chosen],
            self.tokens[chosen],
            self.seeders[chosen],
            self.leechers[chosen],
            self.dates[chosen],
            self.checked[chosen],
        )


def ranked(  # noqa: PLR0913 - all of it weighs, by keyword
    facts: Facts,
    wanted: Sequence[Word],
    *,
    weights: Mapping[str, float],
    words_matched: Floats | float,
    titles_of: Callable[[Sequence[int]], Sequence[str]],
    now: float,
    count: int,
) -> list[int]:
    """Return at least the ``count`` most relevant rows, the best one first.

    Args:
        facts: All rows that match.
        wanted: The words that are looked for.
        weights: How much each of them tells, by its text.
        words_matched: How many of them each title has.
        titles_of: Returns the titles of rows, in their order.
        now: Unix time.
        count: How many rows are needed.
    """
    places = best(facts, rough_scores(facts, words_matched=words_matched, now=now), max(count, CANDIDATES))
    candidates = facts.take(places[:CANDIDATES])
    titles = titles_of(candidates.rowids.tolist())
    scores = title_scores(titles, wanted, weights) * vigour(candidates, now=now)
    refined = candidates.rowids[in_order(candidates, scores)]
    return [*refined.tolist(), *facts.rowids[places[CANDIDATES:]].tolist()]


def rough_scores(facts: Facts, *, words_matched: Floats | float, now: float) -> Floats:
    """Return how relevant each row is as far as its numbers tell: about 0.1 to 1.

    Args:
        facts: The rows.
        words_matched: How many of the words that are looked for the title has.
        now: Unix time.
    """
    share = np.minimum(words_matched / np.maximum(facts.tokens, 1), 1).astype(np.float32)
    return np.sqrt(share) * vigour(facts, now=now)


def vigour(facts: Facts, *, now: float) -> Floats:
    """Return what health and age make of a title: a factor of about 0.5 to 1 for each row."""
    swarm = facts.seeders.astype(np.float32) + facts.leechers.astype(np.float32) * np.float32(0.1)
    root = np.sqrt(swarm)  # a logarithm would do as well, and takes ten times as long
    alive = root / (root + np.float32(_HALF_ALIVE**0.5))
    ages = np.maximum(np.float32(now) - facts.dates.astype(np.float32), 0) / np.float32(_YEAR_SECONDS)
    new = np.where(facts.dates > 0, 1 / (1 + ages), 0).astype(np.float32)
    factor: Floats = (_DEAD + (1 - _DEAD) * alive) * (_OLD + (1 - _OLD) * new)
    return factor


def in_order(facts: Facts, scores: Floats) -> npt.NDArray[np.intp]:
    """Return the places of rows from the best one on.

    Channels come first, then folders, then the rest; within them the more relevant, then the later checked, then the
    newer row.
    """
    return np.lexsort((facts.rowids, facts.checked, scores, _ranks(facts.types)))[::-1]


def best(facts: Facts, scores: Floats, count: int) -> npt.NDArray[np.intp]:
    """Return the first ``count`` places of ``in_order``, without ordering all."""
    if len(scores) <= count:
        return in_order(facts, scores)
    keys = scores + _ranks(facts.types) * np.float32(2)  # a score is below 2
    threshold = np.partition(keys, len(keys) - count)[len(keys) - count]
    chosen = np.flatnonzero(keys >= threshold)
    return chosen[in_order(facts.take(chosen), scores[chosen])][:count]


def _ranks(types: npt.NDArray[np.uint16]) -> npt.NDArray[np.int8]:
    ranks: npt.NDArray[np.int8] = (types == EntryType.CHANNEL) * np.int8(2) + (types == EntryType.FOLDER).astype(
        np.int8
    )
    return ranks
