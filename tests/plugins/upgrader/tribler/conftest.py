import pytest

from tests.plugins.upgrader.tribler.ours import open_ours


@pytest.fixture
async def ours(tmp_path):
    """Return empty stores and their keepers."""
    async with open_ours(tmp_path / "store") as ours:
        yield ours
