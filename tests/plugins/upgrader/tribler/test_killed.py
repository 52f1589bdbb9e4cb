"""Records are as whole after a kill and a second import as after one that nothing disturbed."""

import asyncio
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugins.upgrader.samples import ROOT, copy_data, copy_state
from tests.plugins.upgrader.tribler.states import OLD
from triblerd.testing import wait_for
from triblerd_metadata.testing import make_torrents

PLUGINS = ("upgrader", "downloads", "metadata", "knowledge")
SETTINGS = {"metadata": {"remember_own": False}}
LIMIT_SECONDS = 120


def prepared(folder: Path, count: int) -> dict[str, object]:
    """Make a state with so many torrents in its metadata database; return how it is imported."""
    state, data = copy_state(OLD, folder), copy_data(OLD, folder / "data")
    rows = [(each.infohash, each.title, each.id, each.size, number) for number, each in enumerate(make_torrents(count))]
    with closing(sqlite3.connect(state / "7.13" / "sqlite" / "metadata.db")) as connection, connection:
        connection.executemany(
            "INSERT OR IGNORE INTO ChannelNode (infohash, title, id_, size, timestamp, tracker_info, tags,"
            " metadata_type, public_key) VALUES (?, ?, ?, ?, ?, '', 'Video', 300, x'')",
            rows,
        )
    return {"path": str(state), "replace": {ROOT: str(data)}}


async def view_of(daemon):
    return (await daemon.request("GET", "/upgrader/import")).json()


async def ended(daemon):
    return await wait_for(lambda: finished(daemon), LIMIT_SECONDS, what="the end of the import")


async def finished(daemon):
    view = await view_of(daemon)
    return view if view["state"] == "finished" else None


async def kept_by(daemon):
    """Return what is in the metadata store, in no order, once the import has ended."""
    await ended(daemon)
    lines = (await daemon.request("GET", "/metadata/export")).body
    return sorted(lines.splitlines())


async def compare(daemon_process, tmp_path, *, count, kills):
    """Import once in peace, and once with kills while the records are taken over."""
    (tmp_path / "calm").mkdir()
    (tmp_path / "wild").mkdir()
    body = prepared(tmp_path / "calm", count)
    async with daemon_process(*PLUGINS, config=SETTINGS, state_dir=tmp_path / "calm/daemon") as daemon:
        await daemon.post("/upgrader/import", json=body)
        began = await wait_for(lambda: in_records(daemon), LIMIT_SECONDS)
        wanted = await kept_by(daemon)
        seconds = time.monotonic() - began

    body = prepared(tmp_path / "wild", count)
    moments = random.Random(f"{count} {kills}")
    async with daemon_process(*PLUGINS, config=SETTINGS, state_dir=tmp_path / "wild/daemon") as daemon:
        for _ in range(kills):
            await daemon.post("/upgrader/import", json=body)
            await wait_for(lambda: in_records(daemon), LIMIT_SECONDS)
            await asyncio.sleep(moments.uniform(0, seconds))
            daemon.kill()
            await daemon.start(LIMIT_SECONDS)
        await daemon.post("/upgrader/import", json=body)

        assert await kept_by(daemon) == wanted


async def in_records(daemon):
    """Return the time once records are taken over, or were."""
    view = await view_of(daemon)
    return time.monotonic() if view["phase"] == "records" or view["state"] == "finished" else None


async def test_killed_once_all_records_are_there(daemon_process, tmp_path):
    await compare(daemon_process, tmp_path, count=2_000, kills=1)


@pytest.mark.soak
async def test_killed_twenty_times_all_records_are_there(daemon_process, tmp_path):
    await compare(daemon_process, tmp_path, count=40_000, kills=20)
