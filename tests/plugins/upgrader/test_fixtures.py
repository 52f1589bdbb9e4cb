"""Every torrent of every program comes out as that program had it, seeds at once, and nothing of it is hashed."""

import asyncio
import hashlib
import math

import pytest

from tests.plugins.downloads.conftest import service
from tests.plugins.upgrader.conftest import run_import
from tests.plugins.upgrader.samples import EXPECTED, PROGRAMS, ROOT, SAMPLES
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import (
    EngineState,
    Infohash,
    SessionDiagnostics,
    StatusesUpdated,
    TorrentEngine,
    TorrentSwarm,
)
from triblerd_libtorrent.testing import MadeTorrent, Seeder

COMPLETE = {EngineState.FINISHED, EngineState.SEEDING}
STATES = {
    "seeding": COMPLETE,
    "stopped": COMPLETE,
    "downloading": {EngineState.DOWNLOADING},
    "metadata": {EngineState.METADATA},
}
CHECKING = {EngineState.CHECKING, EngineState.CHECKING_QUEUED}


def infohash_of(expected):
    """Return the name that a download has here."""
    return Infohash(expected["infohash_v1"] or expected["infohash_v2"][:40])


def files_of(folder):
    """Return what is in a directory, with the times at which it was changed."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def here(path, data):
    """Return a path of the program as it is here."""
    return path.replace(ROOT, str(data), 1) if path else ""


def own_limits(expected):
    """Return the own ratio and seconds that a download is to have."""
    limits = [expected["ratio_limit"], expected["seeding_time_limit"]]
    if "none" in limits and not any(isinstance(limit, float | int) for limit in limits):
        return math.inf, None
    return tuple(float(limit) if isinstance(limit, float | int) else None for limit in limits)


def wanted_record(expected, data):
    """Return what is to be on disk of a download."""
    return {
        "destination": here(expected["save_path"], data),
        "completed_dir": "" if expected.get("wanted_complete") else here(expected["completed_dir"], data),
        "stopped": expected["stopped"],
        "auto_managed": expected["auto_managed"],
        "added": expected["added_time"],
        "finished": expected["completed_time"] or 0,
        "up": expected["total_uploaded"] or 0,
        "down": expected["total_downloaded"] or 0,
        "limits": (expected["download_limit"], expected["upload_limit"]),
        "hops": (expected["hops"], expected["safe_seeding"]),
        "tags": set(expected["labels"]),
        "category": (expected["category"] or "").replace("/", " - "),
        "seeding": own_limits(expected),
    }


def shown_record(record):
    """Return what is on disk of a download."""
    return {
        "destination": record.destination,
        "completed_dir": record.completed_dir,
        "stopped": record.user_stopped,
        "auto_managed": record.auto_managed,
        "added": record.time_added,
        "finished": record.time_finished,
        "up": record.all_time_upload,
        "down": record.all_time_download,
        "limits": (record.download_limit, record.upload_limit),
        "hops": (record.hops, record.safe_seeding),
        "tags": set(record.tags),
        "category": record.category,
        "seeding": (record.seeding_ratio, record.seeding_time),
    }


def tiers(trackers):
    """Return the URLs of trackers by tiers, whose order inside means nothing."""
    found: dict[int, set[str]] = {}
    for tracker in trackers:
        found.setdefault(tracker.tier, set()).add(tracker.url)
    return [found[tier] for tier in sorted(found)]


class Checks:
    """Downloads that the engine checks."""

    def __init__(self, engine):
        self.seen: set[Infohash] = set()
        engine.listen(StatusesUpdated, self._came)

    def _came(self, event):
        self.seen.update(one.infohash for one in event.statuses if one.state in CHECKING)


async def settled(daemon, expected):
    """Return the status of a download once it runs, or stays stopped, as it is to be."""
    infohash = infohash_of(expected)
    download = service(daemon, Downloads).get(infohash)

    def is_so():
        status = download.status
        return status.state in STATES[expected["state"]] and status.is_paused is expected["stopped"]

    await wait_for(is_so, what=f"{expected['name']} to be {expected['state']}")
    return download.status


async def fetched(daemon, folder, wanted):
    """Have a peer fetch from the daemon until it has the wanted pieces of each torrent; return what it has then."""
    [port] = service(daemon, SessionDiagnostics).listening_ports()
    torrents = {
        key: MadeTorrent(
            metainfo=(SAMPLES / "torrents" / f"{key}.torrent").read_bytes(),
            infohash=infohash_of(expected),
            magnet="",
            folder=folder,
            name=expected["name"],
            files={},
        )
        for key, expected in wanted.items()
    }
    with Seeder(folder) as peer:
        for torrent in torrents.values():
            await asyncio.to_thread(peer.leech, torrent, folder, "127.0.0.1", port)

        def pieces():
            return {key: peer.pieces(torrent) for key, torrent in torrents.items()}

        have = {key: expected["have"] for key, expected in wanted.items()}
        await wait_for(lambda: pieces() == have, 20, what=f"a peer to have {have}")


@pytest.mark.parametrize("name", PROGRAMS)
async def test_every_download_is_as_the_program_had_it_and_seeds_at_once(name, sample, start_upgrader, tmp_path):
    state, data, body = sample(name)
    before = files_of(state)
    downloads = PROGRAMS[name]["downloads"]
    async with start_upgrader(libtorrent={"active_downloads": -1, "active_seeds": -1}) as daemon:
        engine, swarm = service(daemon, TorrentEngine), service(daemon, TorrentSwarm)
        checks = Checks(engine)

        _, report = await run_import(daemon, body)

        rows = {row["infohash"]: row for row in report if row["infohash"]}
        assert rows.keys() == set(map(infohash_of, downloads.values()))
        for key, expected in downloads.items():
            infohash = infohash_of(expected)
            record = service(daemon, Downloads).get(infohash).record
            assert (key, rows[infohash]["verdict"], rows[infohash]["reason"]) == (key, "imported", "")
            assert (key, shown_record(record)) == (key, wanted_record(expected, data))
            assert engine.has(infohash) is not bool(expected["hops"])
            if expected["hops"]:
                continue
            if expected["trackers"] is not None:
                assert (key, tiers(swarm.trackers(infohash))) == (key, list(map(set, expected["trackers"])))
            status = await settled(daemon, expected)
            assert status.seeding_duration >= (expected["seeding_time"] or 0)
            assert status.active_duration >= (expected["active_time"] or 0)
            assert status.num_pieces == (expected["have"] or "").count("1")
        counters = await service(daemon, SessionDiagnostics).session_counters(0)
        assert (counters["disk.num_blocks_hashed"], counters["disk.num_blocks_read"]) == (0, 0)

        (tmp_path / "peer").mkdir()
        running = {"seeding", "downloading"}
        wanted = {key: one for key, one in downloads.items() if one["state"] in running and not one["hops"]}
        await fetched(daemon, tmp_path / "peer", wanted)

    assert checks.seen == set()
    assert files_of(state) == before
    assert not [path for path in data.rglob("delta.bin*") if path.name != "delta.bin"]
    for path, content in EXPECTED["content"].items():
        if (peer := tmp_path / "peer" / path.partition("/")[2]).exists() and path.startswith("complete/"):
            assert hashlib.sha256(peer.read_bytes()).hexdigest() == content["sha256"]
