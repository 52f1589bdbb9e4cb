"""Lists are equal to what a naive model makes of all entries, whatever happened and whichever way they are found."""

import asyncio
from random import Random

import msgspec
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.plugins.metadata.lists import naive
from tests.plugins.metadata.lists.bench import INFOHASHES, TAGGED, open_bench
from triblerd_metadata.lists.filters import Filter
from triblerd_metadata.lists.paging import Task, by_sorting, by_walking, find_page, find_quickly
from triblerd_metadata.selections import Order, Selection, SortColumn, Window
from triblerd_metadata.values import ChannelPart, EntryType, Health, NewEntry

NOW = 1_700_000_000
KEYS = (b"\x01" * 64, b"\x02" * 64)
TITLES = st.sampled_from(
    ["", "a", "A", "Ä", "ä", "big buck", "Big Buck", "BIG bunny", "東京物語", "porn xxx", "x" * 31, "x" * 32]
    + ["x" * 40 + end for end in ("", "B", "a", "b", "Z")]
)
WORDS = st.sampled_from(["", '"big"', '"big" "buck"', "bu*", '"a" OR "東京"', "*", "NOT_THERE"])
COUNTS = st.sampled_from([0, 0, 1, 2, 2**32 - 1])
HEALTH = {
    "seeders": COUNTS,
    "leechers": COUNTS,
    "checked": st.sampled_from([0, NOW - 90_000, NOW - 86_400, NOW - 60]),
    "self_checked": st.booleans(),
}
COMMON = {
    "title": TITLES,
    "category": st.sampled_from(["", "Video", "video", "Audio", "Ö", "Video,Ö", "Audio,Video"]),
    "is_own": st.booleans(),
    "size": st.sampled_from([0, 1, 2**40, 2**63 - 1]),
    "torrent_date": st.sampled_from([0, 1, NOW - 5]),
    "status": st.sampled_from([0, 1, 2, 6, 1000]),
    **HEALTH,
}
PARTS = st.builds(
    ChannelPart, num_entries=COUNTS, votes=st.sampled_from([0.0, 0.1, 0.5, 1.0]), subscribed=st.booleans()
)
TORRENTS = st.builds(NewEntry, infohash=st.sampled_from(INFOHASHES), **COMMON)
SIGNED = st.builds(
    NewEntry,
    type=st.sampled_from(EntryType),
    public_key=st.sampled_from(KEYS),
    id=st.integers(1, 6),
    origin_id=st.sampled_from([0, 1, 2**63 - 1]),
    infohash=st.sampled_from(INFOHASHES),
    timestamp=st.integers(1, 5),
    signature=st.just(b"\x05" * 64),
    part=PARTS,
    **COMMON,
)
ADD = st.lists(TORRENTS | SIGNED, max_size=12)
CHECK = st.builds(Health, infohash=st.sampled_from(INFOHASHES), **HEALTH)
STEPS = st.lists(ADD | CHECK | st.integers(0, 40), min_size=1, max_size=5)
SELECTIONS = st.builds(
    Selection,
    types=st.none() | st.frozensets(st.sampled_from([300, 400, 220]), min_size=1),
    category=st.sampled_from(["", "", "Video", "nothing"]),
    tag_texts=st.sampled_from([(), (), ("Video",), ("Video", "Audio"), ("o",)]),
    hide_adult=st.booleans(),
    exclude_deleted=st.booleans(),
    exclude_own=st.booleans(),
    tags=st.sampled_from([(), (), ("linux",)]),
    text=WORDS,
    popular=st.booleans(),
    infohash=st.sampled_from([b"", b"", INFOHASHES[3]]),
    channel_pk=st.sampled_from([None, None, b"", KEYS[0]]),
    origin_id=st.sampled_from([None, None, 0, 1, -1, 2**70]),
    max_rowid=st.sampled_from([None, None, 0, 7, -5, 2**40]),
    checked_after=st.sampled_from([0, 0, NOW - 86_400]),
    self_checked=st.booleans(),
    subscribed=st.sampled_from([None, None, None, True, False]),
)
# Most selections are of one thing, so that there is something to sort.
FEW = st.one_of(st.just(Selection()), SELECTIONS.map(lambda one: Selection(types=one.types, text=one.text)), SELECTIONS)
ORDERS = st.builds(Order, st.none() | st.sampled_from(SortColumn), st.booleans())
WINDOWS = st.builds(Window, st.integers(1, 12), st.integers(0, 20))


@settings(max_examples=100, deadline=None)
@given(STEPS, st.lists(st.tuples(FEW, ORDERS, WINDOWS), min_size=2, max_size=4))
def test_a_page_is_what_the_naive_model_says(steps, questions):
    async def check():
        async with open_bench(NOW) as bench:
            for step in [*steps, None, None]:
                if step is not None:
                    await bench.do(step)
                for selection, order, window in questions:  # at first while its order is made, then from what is kept
                    wanted = naive.page(bench.everything(), selection, order, window, now=NOW, tagged=TAGGED)
                    found = await bench.lists.page(selection, order, window, with_total=True)
                    assert found == wanted
                    found = await bench.lists.page(selection, order, window)
                    assert found.rowids == wanted.rowids

    asyncio.run(check())


@settings(max_examples=60, deadline=None)
@given(STEPS, STEPS, st.tuples(SELECTIONS, ORDERS, WINDOWS), st.none() | st.frozensets(st.integers(1, 30)))
def test_every_way_to_find_a_page_gives_the_same(before, after, question, some):
    selection, order, window = question
    selection = msgspec.structs.replace(selection, popular=False, text="", tags=(), infohash=b"", channel_pk=None)

    async def check():
        async with open_bench(NOW) as bench:
            for step in before:
                await bench.do(step)
            await bench.view(order.column)
            for step in after:
                await bench.do(step)
            task = Task(
                columns=bench.metadata.columns,
                filter=Filter(selection),
                found=None if some is None else BitMap(some),
                matches=None,
                key=None if order.column is None else bench.orders.key(order.column),
                view=await bench.view(order.column),
                descending=order.descending,
                window=window,
                with_total=True,
            )
            assert task.view is not None
            rows = bench.lists.selected(selection, BitMap(range(1, 60) if some is None else some))
            mask = np.zeros(len(task.columns), np.bool_)
            mask[list(rows)] = True

            wanted = naive.page(bench.everything(), selection, order, window, now=NOW, rows=some)

            assert find_page(task) == wanted
            assert by_sorting(task, np.array(rows, np.uint32)).tolist() == wanted.rowids
            assert by_walking(task, task.view, mask).tolist() == wanted.rowids
            quick = find_quickly(msgspec.structs.replace(task, with_total=False), most=10**6)
            assert quick is None or quick.rowids == wanted.rowids

    asyncio.run(check())


class _Always(Random):
    """Has all rows found, with equal numbers."""

    def random(self):
        return 0.0

    def randrange(self, *_):
        return 0


@settings(max_examples=10, deadline=None)
@given(st.builds(Random, st.integers()), st.booleans(), st.integers(1, 60), st.sampled_from([None, 200]))
@example(_Always(), True, 1, None)
def test_rows_are_found_along_their_order_wherever_they_are_in_it(random, descending, last, max_rowid):
    torrents = [
        NewEntry(title="a", infohash=number.to_bytes(20, "big"), seeders=random.randrange(50), is_own=number % 7 == 0)
        for number in range(1, 401)
    ]
    # Less of them where the walk begins than if they were spread evenly.
    some = frozenset(row for row in range(1, 410) if random.random() < 0.3 or row % 5 == 0)
    selection = Selection(exclude_own=True, max_rowid=max_rowid)

    async def check():
        async with open_bench(NOW) as bench:
            await bench.metadata.add(torrents)
            order, window = Order(SortColumn.HEALTH, descending), Window(1, last)
            task = Task(
                columns=bench.metadata.columns,
                filter=Filter(selection),
                found=BitMap(row for row in some if row > 400 or (torrents[row - 1].seeders < 30) is descending),
                matches=None,
                key=bench.orders.key(SortColumn.HEALTH),
                view=await bench.view(SortColumn.HEALTH),
                descending=descending,
                window=window,
                with_total=False,
            )

            wanted = naive.page(bench.everything(), selection, order, window, now=NOW, rows=task.found)

            for most in (50, 200, 10_000):
                quick = find_quickly(task, most)
                assert quick is None or quick.rowids == wanted.rowids
            assert (quick is not None) is (len(wanted.rowids) == last)

    asyncio.run(check())
