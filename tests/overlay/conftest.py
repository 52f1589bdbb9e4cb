import pytest

from tests.overlay.network import private_network
from triblerd_libtorrent.testing import Seeder


@pytest.fixture
async def network(tmp_path):
    """Run a private overlay without nodes."""
    async with private_network(tmp_path) as network:
        yield network


@pytest.fixture
def plain_seeder(tmp_path, network):
    """Offer a peer without the overlay, on an address of its own."""
    (tmp_path / "seeder").mkdir()
    with Seeder(tmp_path / "seeder", host=network.new_host()) as seeder:
        yield seeder
