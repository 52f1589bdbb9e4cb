import pytest


@pytest.fixture
async def daemon(start_daemon):
    """Run a daemon with the logging plugin alone."""
    async with start_daemon("logging", "settings") as daemon:
        yield daemon
