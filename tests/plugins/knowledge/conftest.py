"""A knowledge base in a real store, and people who say things."""

import itertools

import pytest

from tests.plugins.knowledge.people import ME
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.tables import Tables


@pytest.fixture
async def make_knowledge(tmp_path):
    """Return a function that makes a new, empty knowledge base of the node ``ME``."""
    numbers = itertools.count()
    async with Store(tmp_path / "store", StoreConfig()) as store:

        async def make() -> KnowledgeBase:
            view = store.view(f"knowledge{next(numbers)}")
            return KnowledgeBase(store=view, tables=await Tables.open(view), key=ME)

        yield make


@pytest.fixture
async def knowledge(make_knowledge):
    """Return an empty knowledge base of the node ``ME``."""
    return await make_knowledge()
