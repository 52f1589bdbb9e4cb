from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.daemon.hostile.target import Poll, Target, Watch
from triblerd.testing import Settings
from triblerd.testing_settings import prepare_state_dir

AREAS = ("libtorrent", "downloads", "events", "settings", "state", "shutdown", "torrentinfo", "createtorrent")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_target(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Target]:
    root = tmp_path_factory.mktemp("hostile")
    settings: Settings = {
        "api": {"body_timeout": 2.0},
        "libtorrent": {"fetch_timeout": 2.0},
        "download_defaults": {"saveas": str(root / "saved")},
    }
    target = Target(root, prepare_state_dir(root / "state", AREAS, settings))
    try:
        yield await target.start()
    finally:
        await target.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def poll(shared_target: Target) -> AsyncIterator[Poll]:
    poll = Poll(shared_target.port)
    yield poll
    poll.close()


@pytest_asyncio.fixture(loop_scope="module")
async def target(shared_target: Target, poll: Poll, record_property) -> AsyncIterator[Target]:
    """One daemon for all tests of a module, looked after during each of them."""
    with Watch(shared_target, poll) as watch:
        yield shared_target
        await shared_target.forget_all()
    record_property("lag_seconds", round(watch.lag_seconds, 3))
    await watch.check()
