import pytest


@pytest.fixture
async def daemon(start_daemon):
    """Run a daemon with the debug plugin alone."""
    async with start_daemon("debug") as daemon:
        yield daemon
