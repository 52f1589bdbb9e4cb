"""Lists of 100,000 torrents, and of some channels and what is in them."""

import asyncio
import itertools

import msgspec
import pytest
from pyroaring import BitMap

from tests.plugins.catalog import copy_catalog, open_metadata
from tests.plugins.metadata.lists import naive
from tests.plugins.metadata.lists.bench import TAGGED, open_bench
from triblerd.testing import wait_for
from triblerd_metadata.api import BadParametersError
from triblerd_metadata.lists.kept_orders import IDLE_SECONDS
from triblerd_metadata.selections import Order, Selection, SortColumn, Window
from triblerd_metadata.testing import NEWEST, iter_torrents, make_torrents
from triblerd_metadata.values import ChannelPart, EntryType, Health, NewEntry

KEY = b"\x07" * 64
PAGE_1, PAGE_2, PAGE_1000 = Window(1, 50), Window(51, 100), Window(49_951, 50_000)
LAST_PAGE, BEYOND = Window(100_301, 100_350), Window(100_400, 100_500)


def placed(number):
    kinds = (EntryType.CHANNEL, EntryType.FOLDER, EntryType.TORRENT, EntryType.DESCRIPTION, EntryType.PICTURE)
    return NewEntry(
        type=kinds[number % 5],
        public_key=KEY,
        id=number + 1,
        origin_id=number % 3,
        status=(2, 1, 6, 0, 1000)[number % 5 - number % 2],
        title=f"Channel {number % 7}",
        category=("", "Video", "music")[number % 3],
        infohash=b"\xee" + number.to_bytes(19, "big"),
        size=number % 11 * 1000,
        torrent_date=NEWEST - number % 13,
        timestamp=1,
        signature=b"\x01" * 64,
        part=ChannelPart(num_entries=number % 4, votes=number % 5 / 4, subscribed=number % 2 == 0),
    )


@pytest.fixture(scope="module")
def filled(catalog_folder, tmp_path_factory):
    """Make the store that all tests begin with, and return its folder and all entries."""
    folder = copy_catalog(catalog_folder, tmp_path_factory.mktemp("filled")) / "store"

    async def fill():
        async with open_metadata(folder) as metadata:
            await metadata.add([placed(number) for number in range(300)])
            return list(metadata.walk())

    return folder, asyncio.run(fill())


@pytest.fixture
def everything(filled):
    return filled[1]


@pytest.fixture
async def unchanged(filled):
    """Open the store itself."""
    async with open_bench(NEWEST, filled[0]) as opened:
        yield opened


@pytest.fixture
async def bench(filled, tmp_path):
    """Open a copy that may be changed."""
    async with open_bench(NEWEST, copy_catalog(filled[0], tmp_path / "state") / "store") as opened:
        yield opened


async def assert_equal(bench, everything, selection, orders, windows, rows=None):  # noqa: PLR0913, PLR0917
    chosen = naive.chosen(everything, selection, now=NEWEST, tagged=TAGGED, rows=rows)
    for order in orders:
        wanted = naive.in_order(chosen, order)
        for number, window in enumerate(windows):
            page = await bench.lists.page(selection, order, window, rows=rows, with_total=number % 2 == 0)
            assert page.rowids == naive.part(wanted, window).rowids
            assert page.total in (None, len(wanted))


@pytest.mark.parametrize("column", [None, *SortColumn])
async def test_every_page_of_a_sorted_list_is_right(unchanged, everything, column):
    orders = [Order(column, descending=True), Order(column, descending=False)]

    await assert_equal(unchanged, everything, Selection(), orders, [PAGE_1, PAGE_1000])
    await unchanged.view(column)

    await assert_equal(unchanged, everything, Selection(), orders, [PAGE_1, PAGE_2, PAGE_1000, LAST_PAGE, BEYOND])


@pytest.mark.parametrize(
    "selection",
    [
        Selection(types=frozenset({300})),
        Selection(types=frozenset({400, 220})),
        Selection(category="Video"),
        Selection(category="video"),
        Selection(hide_adult=True),
        Selection(exclude_deleted=True),
        Selection(channel_pk=KEY),
        Selection(channel_pk=b""),
        Selection(channel_pk=b"\x08" * 64),
        Selection(origin_id=0),
        Selection(origin_id=2),
        Selection(max_rowid=50_000),
        Selection(checked_after=NEWEST - 7 * 86_400),
        Selection(self_checked=True),
        Selection(subscribed=True),
        Selection(subscribed=False),
        Selection(infohash=make_torrents(77)[76].infohash),
        Selection(tags=("linux", "live")),
        Selection(tags=("linux", "nothing")),
        Selection(popular=True),
        Selection(popular=True, category="Audio", text="the"),
    ],
    ids=repr,
)
async def test_every_selection_is_right_in_any_order(unchanged, everything, selection):
    orders = [Order(None), Order(SortColumn.HEALTH), Order(SortColumn.NAME, descending=False)]

    await assert_equal(unchanged, everything, selection, orders, [PAGE_1, Window(951, 1000)])


async def test_titles_are_read_where_there_is_no_text_index(unchanged, everything):
    selection = Selection(text='"1080p" OR channel', category="Audio", max_rowid=100_200)
    other = Selection(text="channel 3 NOT 2160p", channel_pk=KEY)

    await assert_equal(unchanged, everything, selection, [Order(SortColumn.NAME)], [PAGE_1])
    await assert_equal(unchanged, everything, other, [Order(None)], [PAGE_1])


async def test_rows_that_an_index_found_are_filtered_and_sorted(unchanged, everything):
    many, few = BitMap(range(1, 100_300, 3)), BitMap(range(5, 100_300, 700))

    for rows in (many, few):
        orders = [Order(SortColumn.SIZE), Order(SortColumn.NAME)]
        await assert_equal(
            unchanged, everything, Selection(types=frozenset({300})), orders, [PAGE_1, Window(101, 150)], rows
        )


async def test_a_kept_order_is_exact_after_each_change(bench):
    orders = [Order(column) for column in SortColumn]
    for column in SortColumn:
        await bench.view(column)
    new = list(itertools.islice(iter_torrents(), 100_000, 100_200))
    renamed = [msgspec.structs.replace(placed(number), timestamp=2, title="aaa", size=7) for number in range(0, 50, 3)]
    reports = [Health(infohash=entry.infohash, seeders=9999, leechers=5, checked=NEWEST + 5) for entry in new[::2]]

    await bench.metadata.add(new)
    await bench.metadata.add(renamed)
    await bench.metadata.report_health(reports)
    for row in (1, 50_000, 100_300):
        await bench.do(row)

    await assert_equal(bench, bench.everything(), Selection(), orders, [PAGE_1, PAGE_1000])


async def test_lists_are_right_after_a_flood_of_changes(bench):
    orders = [Order(SortColumn.HEALTH), Order(SortColumn.NAME), Order(SortColumn.CATEGORY)]
    for order in orders:
        await bench.view(order.column)

    await bench.metadata.add(itertools.islice(iter_torrents(), 100_000, 106_000))

    await assert_equal(bench, bench.everything(), Selection(), orders, [PAGE_1, PAGE_1000])


async def test_an_order_with_many_changes_is_made_anew_while_others_come(bench):
    orders = [Order(SortColumn.HEALTH), Order(SortColumn.INFOHASH)]
    new = list(itertools.islice(iter_torrents(), 100_000, 102_600))
    for order in orders:
        await bench.view(order.column)

    await bench.metadata.add(new[:2_500])
    await bench.orders.tidy()
    await bench.metadata.add(new[2_500:])
    await wait_for(lambda: all(bench.orders.beside(order.column) == 0 for order in orders))

    await assert_equal(bench, bench.everything(), Selection(), orders, [PAGE_1, PAGE_1000])


async def test_others_have_a_turn_between_two_orders_that_are_tidied(bench):
    columns = [SortColumn.SIZE, SortColumn.DATE, SortColumn.STATUS, SortColumn.HEALTH]
    for column in columns:
        await bench.view(column)
    await bench.metadata.add(itertools.islice(iter_torrents(), 100_000, 100_025))
    turns = 0

    async def take_turns():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    others = asyncio.create_task(take_turns())
    await asyncio.sleep(0)
    await bench.orders.tidy()
    others.cancel()

    assert turns >= len(columns)


async def test_an_order_that_nobody_asks_for_is_dropped(unchanged):
    await unchanged.view(SortColumn.SIZE)
    unchanged.seconds = IDLE_SECONDS
    await unchanged.view(SortColumn.DATE)
    unchanged.seconds += 1

    await unchanged.orders.tidy()

    assert unchanged.orders.kept() == {SortColumn.DATE}


async def test_a_filter_that_is_no_expression_is_a_bad_parameter(unchanged):
    with pytest.raises(BadParametersError, match="Error processing request parameters"):
        await unchanged.lists.page(Selection(text='"big'), Order(), PAGE_1)


async def test_a_star_alone_finds_nothing(unchanged):
    assert (await unchanged.lists.page(Selection(text="*"), Order(), PAGE_1)).rowids == []


@pytest.mark.parametrize(("column", "step"), [(SortColumn.HEALTH, 3), (SortColumn.HEALTH, 60), (SortColumn.SIZE, 7)])
async def test_the_best_of_the_rows_that_words_found_are_right(unchanged, everything, column, step):
    rows = BitMap(range(5, 100_300, step))
    orders = [Order(column, descending=True), Order(column, descending=False)]
    windows = [Window(1, 1), Window(1, 20), PAGE_1, PAGE_2, Window(401, 410)]

    for types in ({300}, {400}):
        await assert_equal(
            unchanged, everything, Selection(types=frozenset(types), hide_adult=True), orders, windows, rows
        )
