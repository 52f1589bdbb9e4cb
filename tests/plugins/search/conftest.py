"""A metadata store with its text index, without a daemon."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from triblerd.config import StoreConfig
from triblerd.store import Store, StoreView, Table
from triblerd_metadata.api import Expression, parse
from triblerd_metadata.store import Metadata
from triblerd_search.finding import Finder
from triblerd_search.index import IndexState, IndexWriter
from triblerd_search.postings import Postings


class Indexed:
    """A metadata store and what follows it."""

    def __init__(self, metadata: Metadata, view: StoreView, posts: Table[bytes], states: Table[IndexState]) -> None:
        self.metadata = metadata
        self.view = view
        self.posts = posts
        self.states = states
        self.postings = Postings(view, posts)
        self.writer = IndexWriter(postings=self.postings, table=states, records=metadata)

    def find(self, text: str) -> set[int]:
        return self.find_expression(parse(text))

    def find_expression(self, expression: Expression) -> set[int]:
        with self.postings.reading() as reader:
            finder = Finder(reader, self.metadata)
            found = set(finder.find(expression))
        assert not finder.is_damaged
        return found

    async def renew(self) -> int:
        steps = 1
        while await self.view.write(self.writer.step):
            steps += 1
        return steps


@asynccontextmanager
async def open_indexed(folder: Path, *, follows: bool = True) -> AsyncIterator[Indexed]:
    async with Store(folder, StoreConfig()) as store:
        metadata = await Metadata.open(store.view("metadata"))
        view = store.view("search")
        indexed = Indexed(metadata, view, await view.table("post", bytes), await view.table("state", IndexState))
        if follows:
            metadata.follow(indexed.writer)
        try:
            yield indexed
        finally:
            await metadata.close()


@pytest.fixture
async def indexed(tmp_path: Path) -> AsyncIterator[Indexed]:
    """An empty store that is indexed."""
    async with open_indexed(tmp_path / "store") as opened:
        await opened.view.write(opened.writer.check)
        await opened.renew()
        yield opened
