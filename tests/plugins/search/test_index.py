"""The index finds what matching every title finds, whatever happened to the titles."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.plugins.catalog import CATALOG_SIZE, build_catalog, copy_catalog
from tests.plugins.search.conftest import Indexed, open_indexed
from triblerd_metadata.api import (
    AllOf,
    AnyOf,
    Everything,
    Expression,
    NewEntry,
    Nothing,
    Part,
    Phrase,
    Without,
    Word,
    parse,
)
from triblerd_metadata.batch import Batch

_KEY = bytes(range(64))
_WORDS = "big buck bunny bunnies b s01e02 s01 1080p été 进击 进击的巨人 的 я югра".split()  # noqa: SIM905 - short
_TITLES = st.lists(st.sampled_from(_WORDS), max_size=5).map(" ".join) | st.text(max_size=12)
_SINGLE = st.builds(
    Word, st.sampled_from(["big", "bunny", "b", "bu", "s01", "ete", "进击", "的", "я", "ю"]), st.booleans()
)
_PHRASES = st.lists(_SINGLE, min_size=2, max_size=3).map(lambda some: Phrase(tuple(some)))


def _compound(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(AllOf, some) | st.builds(AnyOf, some) | st.builds(Without, inner, some)


_EXPRESSIONS = st.recursive(
    _SINGLE | _PHRASES | st.just(Everything()) | st.just(Nothing()), _compound, max_leaves=6
).map(Expression)


def _torrent(number: int, title: str, timestamp: int = 1) -> NewEntry:
    infohash = number.to_bytes(20, "big")
    return NewEntry(title=title, public_key=_KEY, id=number, infohash=infohash, timestamp=timestamp, signature=_KEY)


def _delete(rowid: int, batch: Batch) -> None:
    entry = batch.entry(rowid)
    assert entry
    batch.delete(entry)


async def _agree(indexed: Indexed, expressions: Sequence[Expression]) -> None:
    for expression in expressions:
        scanned = {entry.rowid for entry in indexed.metadata.walk() if expression.matches(entry.title)}
        assert indexed.find_expression(expression) == scanned, expression


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    titles=st.lists(_TITLES, min_size=1, max_size=12),
    retitled=st.dictionaries(st.integers(0, 11), _TITLES, max_size=4),
    deleted=st.sets(st.integers(1, 12), max_size=3),
    expressions=st.lists(_EXPRESSIONS, min_size=1, max_size=8),
)
def test_the_index_finds_what_a_scan_finds(titles, retitled, deleted, expressions):
    async def check() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_indexed(Path(folder) / "store") as indexed:
                await indexed.view.write(indexed.writer.check)
                added = await indexed.metadata.add([_torrent(number, title) for number, title in enumerate(titles)])
                await _agree(indexed, expressions)
                await indexed.metadata.add([_torrent(number, title, 2) for number, title in retitled.items()])
                for rowid in deleted & {one.entry.rowid for one in added if one.entry}:
                    await indexed.metadata.run(partial(_delete, rowid))
                await _agree(indexed, expressions)
                await indexed.view.write(indexed.writer.renew)
                await indexed.renew()
                await _agree(indexed, expressions)

    asyncio.run(check())


_FILTERS = [
    '"1080p"',
    "love",
    "the night",
    '"the night"',
    '"web dl"',
    "lov*",
    "n",
    "love -night",
    "-1080p",
    "dark OR light",
    "(dark OR light) NOT 720p",
    "東",
    "бав*",
    "s01",
]


async def test_a_store_of_100000_torrents_is_indexed_anew_when_it_has_no_index(catalog_folder, tmp_path):
    folder = copy_catalog(catalog_folder, tmp_path / "state") / "store"

    async with open_indexed(folder) as indexed:
        assert await indexed.view.write(indexed.writer.check) == "there is no index"
        assert await indexed.renew() > CATALOG_SIZE / 5000

        assert len(indexed.find("-zzzzz")) == CATALOG_SIZE
        titles = {entry.rowid: entry.title for entry in indexed.metadata.walk()}
        for text in _FILTERS:
            found, matches = indexed.find(text), parse(text).matches
            some = random.sample(sorted(titles), 2000) + sorted(found)[:20]
            assert all((rowid in found) == matches(titles[rowid]) for rowid in some), text


@pytest.fixture(scope="session")
def small_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with 10,000 torrents and no index."""
    folder = tmp_path_factory.mktemp("small") / "store"
    build_catalog(folder, 10_000)
    return folder


async def _begin(indexed: Indexed) -> None:
    """Index the first 4096 titles anew."""
    await indexed.view.write(indexed.writer.check)
    for _ in range(4):  # two for each chunk: remove what is there, then index
        assert await indexed.view.write(indexed.writer.step)


async def test_searches_find_what_is_indexed_already_and_what_comes_meanwhile(small_catalog, tmp_path):
    folder = copy_catalog(small_catalog, tmp_path / "state") / "store"

    async with open_indexed(folder) as indexed:
        await _begin(indexed)
        part = indexed.find("1080p")
        [added] = await indexed.metadata.add([_torrent(1, "Zyzzyva 1080p")])

        assert part
        assert added.entry
        assert indexed.find("zyzzyva") == {added.entry.rowid}
        await indexed.renew()
        assert part < indexed.find("1080p")
        assert len(indexed.find("-zzzzz")) == 10_001


async def test_what_is_left_of_a_renewal_is_done_after_a_restart(small_catalog, tmp_path):
    folder = copy_catalog(small_catalog, tmp_path / "state") / "store"
    async with open_indexed(folder) as indexed:
        await _begin(indexed)

    async with open_indexed(folder) as indexed:
        assert await indexed.view.write(indexed.writer.check) == ""
        assert 0 < len(indexed.find("-zzzzz")) < 10_000
        await indexed.renew()

        assert len(indexed.find("-zzzzz")) == 10_000


async def test_titles_that_changed_while_nobody_wrote_along_are_noticed(indexed):
    await indexed.metadata.add([_torrent(1, "Big Buck Bunny")])
    assert await indexed.view.write(indexed.writer.check) == ""
    indexed.metadata._committer.followers = []
    await indexed.metadata.add([_torrent(1, "Sintel", timestamp=2)])
    indexed.metadata.follow(indexed.writer)
    await indexed.metadata.add([_torrent(2, "Big Data")])

    assert await indexed.view.write(indexed.writer.check) == "titles changed while search was off"
    await indexed.renew()
    assert indexed.find("big") == {2}
    assert indexed.find("sintel") == {1}


async def test_the_index_of_an_empty_store_is_whole_at_once(tmp_path):
    async with open_indexed(tmp_path / "store") as indexed:
        assert await indexed.view.write(indexed.writer.check) == ""

        state = indexed.writer.state()
        assert state
        assert state.renewal is None


@pytest.mark.parametrize("rows", [[5], [5, 6], [6, 5]])
async def test_half_a_row_is_noticed_when_rows_are_added(indexed, rows):
    await indexed.view.write(lambda transaction: transaction.put(indexed.posts, b"\0\0word", b"\1\0\2"))

    is_sound = await indexed.view.write(
        lambda transaction: indexed.postings.change(transaction, 0, added={"word": rows}, removed={})
    )

    assert not is_sound
    with indexed.postings.reading() as reader:
        assert set(reader.rows(0, "word")) == set(rows)
