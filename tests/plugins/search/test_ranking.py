"""Relevance, on searches that a person judged, and against BM25 on titles alone."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from tests.plugins.search.judged import JUDGED, Judged
from triblerd_metadata.api import EntryType, parse, stem, words
from triblerd_search.ranking import Match, best_by_numbers, in_order, ranked, score_by_numbers

NOW = 1_800_000_000
ALL = [judged for some in JUDGED.values() for judged in some]


@dataclass(frozen=True)
class _Numbers:
    type: npt.NDArray[np.uint16]
    tokens: npt.NDArray[np.uint8]
    seeders: npt.NDArray[np.uint32]
    leechers: npt.NDArray[np.uint32]
    torrent_date: npt.NDArray[np.uint32]
    checked: npt.NDArray[np.uint32]


def _match(judged: list[Judged], words_matched: int) -> Match:
    numbers = _Numbers(
        type=np.full(len(judged), EntryType.TORRENT, dtype=np.uint16),
        tokens=np.array([len(words(one.title)) for one in judged], dtype=np.uint8),
        seeders=np.array([one.seeders for one in judged], dtype=np.uint32),
        leechers=np.array([one.seeders // 4 for one in judged], dtype=np.uint32),
        torrent_date=np.array([NOW - one.age_days * 86400 for one in judged], dtype=np.uint32),
        checked=np.full(len(judged), NOW - 3600, dtype=np.uint32),
    )
    return Match(np.arange(len(judged), dtype=np.uint32), numbers, words_matched)


def _grades(query: str, judged: list[Judged]) -> list[int]:
    wanted = parse(query).wanted()
    frequency = Counter({word: sum(parse(f'"{word.text}"').matches(one.title) for one in ALL) for word in wanted})
    order = ranked(
        _match(judged, len(wanted)),
        wanted,
        weights={word.text: math.log(1 + len(ALL) / (frequency[word] + 1)) for word in wanted},
        titles_of=lambda rowids: [judged[rowid].title for rowid in rowids],
        now=NOW,
        count=50,
    )
    return [judged[rowid].grade for rowid in order]


def _grades_by_bm25(query: str, judged: list[Judged]) -> list[int]:
    documents = {one: [stem(word) for word in words(one.title)] for one in ALL}
    average = sum(map(len, documents.values())) / len(documents)
    wanted = [word.term for word in parse(query).wanted()]
    frequency = {term: sum(any(w.startswith(term) for w in terms) for terms in documents.values()) for term in wanted}

    def score(one: Judged) -> float:
        k1, b, total = 1.2, 0.75, 0.0
        for term in wanted:
            times = sum(word.startswith(term) for word in documents[one])
            idf = math.log(1 + (len(documents) - frequency[term] + 0.5) / (frequency[term] + 0.5))
            total += idf * times * (k1 + 1) / (times + k1 * (1 - b + b * len(documents[one]) / average))
        return total

    return [one.grade for one in sorted(judged, key=score, reverse=True)]


def _ndcg(grades: list[int]) -> float:
    def gain(some: list[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(some))

    return gain(grades) / gain(sorted(grades, reverse=True))


@pytest.mark.parametrize("query", JUDGED)
def test_every_judged_title_is_found(query):
    assert all(parse(query).matches(one.title) for one in JUDGED[query])


def test_the_order_is_better_than_that_of_bm25():
    ours = {query: _ndcg(_grades(query, judged)) for query, judged in JUDGED.items()}
    bm25 = {query: _ndcg(_grades_by_bm25(query, judged)) for query, judged in JUDGED.items()}

    assert all(ours[query] > bm25[query] for query in JUDGED), (ours, bm25)
    assert sum(ours.values()) / len(ours) > 0.95


@pytest.mark.parametrize("count", [150, 1000, 200_000])
@pytest.mark.parametrize("types", [[EntryType.TORRENT], [EntryType.TORRENT, EntryType.FOLDER, EntryType.CHANNEL]])
@pytest.mark.parametrize("most_matched", [1, 3])
def test_the_best_of_many_are_those_of_weighing_all_of_them(count, types, most_matched):
    size = 200_000
    rng = np.random.default_rng(count)
    numbers = _Numbers(
        type=rng.choice(np.array(types, np.uint16), size, p=[1] if len(types) == 1 else [0.999, 0.0007, 0.0003]),
        tokens=rng.integers(0, 256, size).astype(np.uint8),
        seeders=rng.pareto(0.6, size).clip(0, 50_000).astype(np.uint32),
        leechers=rng.pareto(0.6, size).clip(0, 5_000).astype(np.uint32),
        torrent_date=(rng.integers(1_200_000_000, NOW, size) * (rng.random(size) < 0.9)).astype(np.uint32),
        checked=rng.integers(0, 3, size).astype(np.uint32),
    )
    matched = rng.integers(1, 4, size).astype(np.uint16) if most_matched > 1 else 1
    match = Match(np.flatnonzero(rng.random(size) < 0.6).astype(np.uint32), numbers, matched)
    all_scores = score_by_numbers(match, match.rowids.astype(np.intp), now=NOW)

    best = best_by_numbers(match, count, now=NOW)

    assert best.tolist() == match.rowids[in_order(numbers, match.rowids, all_scores)][:count].tolist()
