from contextlib import asynccontextmanager

import pytest

from tests.plugins.upgrader.samples import ROOT, copy_data, copy_state
from triblerd.testing import wait_for


@pytest.fixture
def start_upgrader(start_daemon, tmp_path):
    """Run a daemon that imports; further settings by section."""

    @asynccontextmanager
    async def start(**config):
        defaults = {"saveas": str(tmp_path / "saved"), **config.pop("download_defaults", {})}
        config = {"download_defaults": defaults, **config}
        async with start_daemon("upgrader", "downloads", config=config) as daemon:
            yield daemon

    return start


@pytest.fixture
def sample(tmp_path):
    """Copy a program's state, and all that it had on disk; return both, and how to import them."""

    def copy(name, **options):
        state = copy_state(name, tmp_path / name)
        data = copy_data(name, tmp_path / "data", **options)
        return state, data, {"path": str(state), "replace": {ROOT: str(data), "/srv/state": str(tmp_path / "srv")}}

    return copy


async def run_import(daemon, body, state="finished"):
    """Import, and return what became of it, and the report."""
    await daemon.post("/upgrader/import", json=body)

    async def ended():
        view = await daemon.get("/upgrader/import")
        return view if view["state"] != "running" else None

    view = await wait_for(ended, 30, what="the end of the import")
    assert view["state"] == state, view
    return view, (await daemon.get("/upgrader/import/report"))["rows"]
