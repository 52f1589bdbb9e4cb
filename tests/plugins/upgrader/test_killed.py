"""An import that is killed at any moment, and begun again, ends as one that was not."""

import asyncio
import random
import time
from typing import Any

import pytest

from tests.plugins.upgrader.blown_up import blow_up
from tests.plugins.upgrader.samples import ROOT, copy_data, copy_state
from triblerd.testing import wait_for

PROGRAM = "qbittorrent-4.5"
SETTINGS = {"libtorrent": {"active_downloads": -1, "active_seeds": -1, "active_limit": -1}}
SHOWN = ("infohash", "name", "size", "progress", "hops", "time_added", "status", "ratio", "error")
LIMIT_SECONDS = 120


def prepared(folder, count):
    """Make a state of many downloads with its data in a folder; return how it is imported."""
    state, data = copy_state(PROGRAM, folder), copy_data(PROGRAM, folder / "data")
    blow_up(PROGRAM, state, data, count)
    return {"path": str(state), "replace": {ROOT: str(data)}}


async def begin(daemon, body):
    """Import, unless that was done before the kill."""
    last = (await daemon.request("GET", "/upgrader/import")).json()
    if last.get("state") != "finished":
        await daemon.post("/upgrader/import", json=body)


async def outcome(daemon, folder):
    """Return all that can be seen of the import once it has ended, without the place where it happened."""

    async def ended():
        return (await daemon.get("/upgrader/import"))["state"] == "finished"

    async def settled():
        listed = (await daemon.get("/downloads"))["downloads"]
        stopped = [
            row["name"] for row in listed if row["status"] in {"STOPPED", "HASHCHECKING", "WAITING_FOR_HASHCHECK"}
        ]
        return listed if stopped == ["epsilon.bin"] else None  # a start hands the others to the engine one by one

    await wait_for(ended, LIMIT_SECONDS)
    listed = await wait_for(settled, LIMIT_SECONDS)
    view = await daemon.get("/upgrader/import")
    rows: list[dict[str, Any]] = []
    while len(rows) < (part := await daemon.get("/upgrader/import/report", params={"first": len(rows) + 1}))["total"]:
        rows += part["rows"]
    return {
        "downloads": [{key: row[key] for key in SHOWN} for row in listed],
        "places": [row["destination"].replace(str(folder), "") for row in listed],
        "counts": view["counts"],
        "report": [str(row).replace(str(folder), "") for row in rows],
        "files": sorted(path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*")),
        "copies": [path.name for path in daemon.state_dir.glob("import-*")],
    }


async def compare(daemon_process, tmp_path, *, count, kills):
    """Import once in peace, and once with so many kills at random moments."""
    (tmp_path / "calm").mkdir()
    (tmp_path / "wild").mkdir()
    body = prepared(tmp_path / "calm", count)
    async with daemon_process("upgrader", "downloads", config=SETTINGS, state_dir=tmp_path / "calm/daemon") as daemon:
        began = time.monotonic()
        await begin(daemon, body)
        wanted = await outcome(daemon, tmp_path / "calm")
        seconds = time.monotonic() - began

    body = prepared(tmp_path / "wild", count)
    moments = random.Random(f"{count} {kills}")
    async with daemon_process("upgrader", "downloads", config=SETTINGS, state_dir=tmp_path / "wild/daemon") as daemon:
        for _ in range(kills):
            await begin(daemon, body)
            await asyncio.sleep(moments.uniform(0, seconds / 2))
            daemon.kill()
            await daemon.start()
        await begin(daemon, body)
        found = await outcome(daemon, tmp_path / "wild")

    for key in ("counts", "places", "files"):
        assert (key, found[key]) == (key, wanted[key])
    for key in ("downloads", "report"):
        assert [one for one in found[key] if one not in wanted[key]] == []
        assert found[key] == wanted[key]  # in the same order
    assert found["copies"] == []


async def test_killed_twice_it_ends_as_if_it_was_not(daemon_process, tmp_path):
    await compare(daemon_process, tmp_path, count=100, kills=2)


@pytest.mark.soak
async def test_killed_twenty_times_it_ends_as_if_it_was_not(daemon_process, tmp_path):
    await compare(daemon_process, tmp_path, count=1500, kills=20)
