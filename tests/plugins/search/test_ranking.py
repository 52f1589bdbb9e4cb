"""Relevance, on searches that a person judged, and against BM25 on titles alone."""

import math
from collections import Counter

import numpy as np
import pytest

from tests.plugins.search.judged import JUDGED, Judged
from triblerd_metadata.api import EntryType, parse, stem, words
from triblerd_search.ranking import Facts, ranked

NOW = 1_800_000_000
ALL = [judged for some in JUDGED.values() for judged in some]


def _facts(judged: list[Judged]) -> Facts:
    return Facts(
        rowids=np.arange(1, len(judged) + 1, dtype=np.uint32),
        types=np.full(len(judged), EntryType.TORRENT, dtype=np.uint16),
        tokens=np.array([len(words(one.title)) for one in judged], dtype=np.uint8),
        seeders=np.array([one.seeders for one in judged], dtype=np.uint32),
        leechers=np.array([one.seeders // 4 for one in judged], dtype=np.uint32),
        dates=np.array([NOW - one.age_days * 86400 for one in judged], dtype=np.uint32),
        checked=np.full(len(judged), NOW - 3600, dtype=np.uint32),
    )


def _grades(query: str, judged: list[Judged]) -> list[int]:
    wanted = parse(query).wanted()
    frequency = Counter({word: sum(parse(f'"{word.text}"').matches(one.title) for one in ALL) for word in wanted})
    order = ranked(
        _facts(judged),
        wanted,
        weights={word.text: math.log(1 + len(ALL) / (frequency[word] + 1)) for word in wanted},
        words_matched=float(len(wanted)),
        titles_of=lambda rowids: [judged[rowid - 1].title for rowid in rowids],
        now=NOW,
        count=50,
    )
    return [judged[rowid - 1].grade for rowid in order]


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
