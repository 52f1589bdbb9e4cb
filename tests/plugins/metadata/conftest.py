from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plugins.catalog import open_metadata
from triblerd_metadata.store import Metadata


@pytest.fixture
async def metadata(tmp_path: Path) -> AsyncIterator[Metadata]:
    """An empty metadata store."""
    async with open_metadata(tmp_path / "store") as store:
        yield store
