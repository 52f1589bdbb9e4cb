"""Completions are looked for at once, and by a thread when that takes too long."""

import time

import pytest

from tests.plugins.metadata.lists.bench import Bench
from triblerd_metadata.api import NewEntry, parse
from triblerd_search.finding import Finder, TooLongError
from triblerd_search.searching import Searcher


def torrent(number, title):
    return NewEntry(title=title, infohash=bytes([number]) * 20, seeders=number)


@pytest.mark.parametrize("seconds_at_once", [-1.0, 60.0])
async def test_completions_are_the_same_at_once_and_by_a_thread(indexed, seconds_at_once):
    await indexed.metadata.add([torrent(1, "Big Buck Bunny"), torrent(2, "The.Big.Buckle.2012"), torrent(3, "Fish")])
    searcher = Searcher(
        postings=indexed.postings,
        records=indexed.metadata,
        lists=Bench(indexed.metadata, 0).lists,
        on_damage=pytest.fail,
        at_once=seconds_at_once,
    )

    found = await searcher.completions("big bu")
    await searcher.close()

    assert found == ["big buckle", "big buck"]


async def test_a_search_ends_when_its_time_is_over(indexed):
    await indexed.metadata.add([torrent(1, "Big Buck Bunny")])

    with indexed.postings.reading() as reader, pytest.raises(TooLongError):
        Finder(reader, indexed.metadata, until=time.perf_counter() - 1).find(parse("big buck"))
