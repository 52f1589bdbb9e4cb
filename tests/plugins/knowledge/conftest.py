"""A knowledge base in a real store, beside a metadata store that has two torrents."""

from contextlib import asynccontextmanager

import pytest

from tests.plugins.knowledge.people import DEBIAN, ME, SINTEL
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.tables import Tables
from triblerd_metadata.store import Metadata
from triblerd_metadata.values import NewEntry


@asynccontextmanager
async def open_knowledge(folder, *, is_on=True):
    """Open what the node ``ME`` knows, and the metadata store, as the daemon does.

    Args:
        folder: Where they are, or will be.
        is_on: Without it the metadata store is followed by nobody.
    """
    async with Store(folder, StoreConfig(map_size=2**28)) as store:
        metadata = await Metadata.open(store.view("metadata"))
        view = store.view("knowledge")
        tables = await Tables.open(view, metadata)
        if is_on:
            metadata.follow(tables.tags)
            await tables.tags.renew()
        yield KnowledgeBase(store=view, tables=tables, key=ME), metadata
        await metadata.close()


@pytest.fixture
async def knowledge(tmp_path):
    """Return an empty knowledge base; the metadata store has ``DEBIAN`` in row 1, ``SINTEL`` in row 2."""
    async with open_knowledge(tmp_path / "store") as (knowledge, metadata):
        await metadata.add(NewEntry(title="film", infohash=bytes.fromhex(text)) for text in (DEBIAN, SINTEL))
        yield knowledge
