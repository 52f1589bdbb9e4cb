"""A daemon in the overlay, and a peer that is none of ours."""

import logging
from collections.abc import AsyncIterator

import pytest

from tests.plugins.discovery.bare import BarePeer, bare_peer
from triblerd.testing import RunningDaemon, StartDaemon


@pytest.fixture
async def daemon(start_daemon: StartDaemon) -> AsyncIterator[RunningDaemon]:
    logging.getLogger("BarePeer").setLevel(logging.ERROR)
    async with start_daemon("discovery", "search", "debug", "statistics") as running:
        yield running


@pytest.fixture
async def peer(daemon: RunningDaemon) -> AsyncIterator[BarePeer]:
    async with bare_peer(daemon) as connected:
        yield connected
