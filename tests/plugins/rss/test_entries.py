"""The entries on disk: what is kept of them."""

import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_rss.entries import EntryTables, Limits
from triblerd_rss.reading import Item
from triblerd_rss.records import Entry, FeedRecord, Take, TakeState

FEED = b"feed" * 2
LIMITS = Limits(most=100, seconds=1000)


@pytest.fixture
async def tables(tmp_path):
    async with Store(tmp_path / "store", StoreConfig()) as store:
        yield await EntryTables.open(store.view("rss"))


async def polled(tables, at, *names, limits=LIMITS, takes=()):
    """Record a poll that found entries of these names; return the new ones."""

    def make(item, name):
        return Entry(feed=FEED, name=name, title=item.title, seen=at, takes=takes)

    items = [Item(name=name, title=name) for name in names]
    new, _ = await tables.record(FeedRecord(url="http://x/", polled=at), FEED, items, make, limits)
    return {entry.title: number for number, entry in new}


def seen(tables):
    return {entry.title: entry.gone for _, entry in tables.newest(lambda _: True, FEED, 1000)}


async def test_what_is_seen_again_is_not_new(tables):
    first = await polled(tables, 1, "b", "a")
    second = await polled(tables, 2, "c", "b", "a")

    assert (first.keys(), second.keys()) == ({"a", "b"}, {"c"})
    assert first["a"] < first["b"] < second["c"]


async def test_what_is_gone_is_kept_for_a_time_and_may_come_back(tables):
    await polled(tables, 10, "a", "b")
    await polled(tables, 20)
    away = seen(tables)
    await polled(tables, 30, "a")
    back = seen(tables)
    await polled(tables, 1021, "a")

    assert away == {"a": 20, "b": 20}
    assert back == {"a": 0, "b": 20}
    assert seen(tables) == {"a": 0}
    assert tables.counts[FEED] == 1


async def test_of_too_many_that_are_gone_the_last_ones_are_kept(tables):
    await polled(tables, 1, "a", "b", "c", "d")
    await polled(tables, 2, "a", "b")
    await polled(tables, 3, "a", limits=Limits(most=2, seconds=1000))

    assert seen(tables) == {"a": 0, "b": 3, "c": 2}


async def test_what_is_being_taken_is_kept(tables):
    await polled(tables, 1, "a", takes=(Take(rule=1, name="r", state=TakeState.WAITING, at=1),))
    await polled(tables, 5000, limits=Limits(most=0, seconds=1))

    assert seen(tables) == {"a": 5000}


async def test_a_torrent_is_claimed_by_one_entry_of_a_rule(tables):
    takes = (
        Take(rule=1, name="r", state=TakeState.WAITING, at=1),
        Take(rule=2, name="q", state=TakeState.WAITING, at=1),
    )
    numbers = await polled(tables, 1, "a", "b", takes=takes)
    torrent = "ab" * 20

    claims = [
        await tables.claim(rule, torrent, numbers[name])
        for rule, name in ((1, "a"), (1, "b"), (1, "a"), (2, "b"), (2, "a"))
    ]

    assert claims == [True, False, True, True, False]
    assert tables.has_taken(1, torrent)
    await tables.forget_rule(1)
    assert [tables.has_taken(rule, torrent) for rule in (1, 2)] == [False, True]


async def test_nothing_stays_of_a_feed_that_is_forgotten(tables):
    numbers = await polled(tables, 1, "a", takes=(Take(rule=1, name="r", state=TakeState.WAITING, at=1),))
    await tables.claim(1, "ab" * 20, numbers["a"])

    await tables.forget_feed(FEED)

    assert [tables.feeds.count(), tables._entries.count(), tables._names.count(), tables._taken.count()] == [0, 0, 0, 0]
    assert await tables.load() == []
