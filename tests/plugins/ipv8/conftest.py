from contextlib import AsyncExitStack

import pytest

from tests.plugins.ipv8.neighbour import Neighbour
from triblerd_ipv8.api import Overlays


def node_of(daemon):
    """Return the node inside of a running daemon."""
    return daemon.daemon.container.services().find(Overlays)


def peers_of(node):
    """Return how many peers each overlay of a node has."""
    return {type(overlay).__name__: len(overlay.get_peers()) for overlay in node.overlays}


@pytest.fixture
async def neighbour():
    async with Neighbour() as node:
        yield node


@pytest.fixture
async def start_overlay(start_daemon, tmp_path):
    """Start daemons that take part in the overlay, each in a directory of its own name."""
    async with AsyncExitStack() as stack:

        async def start(name="state", *plugins, **ipv8):
            daemon = start_daemon("ipv8", *plugins, state_dir=tmp_path / name, config={"ipv8": ipv8})
            return await stack.enter_async_context(daemon)

        yield start
