import asyncio

import pytest

from tests.plugins.createtorrent.conftest import (
    create,
    hashing_processes,
    open_request,
    refusal,
    start_job,
    wait_for_state,
)
from triblerd.testing import wait_for
from triblerd_createtorrent.api import TorrentProgress
from triblerd_libtorrent.metainfo import parse_metainfo

ONE = {"createtorrent": {"jobs_at_once": 1}}


async def jobs(daemon):
    return (await daemon.get("/createtorrent/jobs"))["jobs"]


async def test_a_job_is_started_followed_and_its_torrent_fetched(start, files):
    folder = files({"album/a": b"a" * 50_000, "album/b": b"b"})
    async with start() as daemon:
        job = await start_job(daemon, folder / "album", walk=True, version="hybrid")
        done = await wait_for_state(daemon, job, "finished")
        torrent = await daemon.request("GET", f"/createtorrent/jobs/{job['id']}/torrent")
        listed = await jobs(daemon)

    assert job["state"] in ("waiting", "hashing")
    assert job["ended"] is None
    assert (done["name"], done["version"], done["files"], done["reason"]) == ("album", "hybrid", 2, "")
    assert done["size"] == done["hashed"] == 50_001
    assert torrent.headers["content-type"] == "application/x-bittorrent"
    assert torrent.headers["content-disposition"] == f'attachment; filename="{done["infohash"]}.torrent"'
    assert parse_metainfo(torrent.body).infohash == done["infohash"]
    assert listed == [done]


async def test_the_one_call_is_a_job_too(start, files, tmp_path):
    folder = files({"a": b"a"})
    async with start() as daemon:
        made = await create(daemon, folder / "a", export_dir=str(tmp_path))
        (job,) = await jobs(daemon)

    assert (job["state"], job["infohash"]) == ("finished", made.infohash)
    assert job["exported_to"] == str(tmp_path / "unknown.torrent")


async def test_a_job_that_fails_says_why(start, files):
    folder = files({"a": b""})
    async with start() as daemon:
        failed = await wait_for_state(daemon, await start_job(daemon, folder / "a"), "failed")
        torrent = await daemon.request("GET", f"/createtorrent/jobs/{failed['id']}/torrent")

    assert failed["reason"] == "invalid length of torrent"
    assert (torrent.status, torrent.json()["error"]["code"]) == (500, "RuntimeError")


async def test_what_cannot_work_makes_no_job(start):
    async with start() as daemon:
        answer = await refusal(daemon, {"files": ["relative"]}, path="/createtorrent/jobs")

        assert answer == (400, "files must be absolute paths")
        assert await jobs(daemon) == []


async def test_a_cancelled_job_and_its_process_are_gone_when_that_is_answered(start, huge):
    async with start() as daemon:
        job = await start_job(daemon, huge)
        await wait_for(hashing_processes)
        unfinished = await daemon.get(f"/createtorrent/jobs/{job['id']}/torrent", status=409)

        removed = await daemon.delete(f"/createtorrent/jobs/{job['id']}")

        assert removed == {"removed": True, "id": job["id"]}
        assert hashing_processes() == []
        assert unfinished == {"error": "the job is hashing"}
        assert await jobs(daemon) == []


async def test_a_job_is_cancelled_the_moment_it_was_started(start, huge):
    async with start() as daemon:
        job = await start_job(daemon, huge)
        await daemon.delete(f"/createtorrent/jobs/{job['id']}")

        assert await jobs(daemon) == []


async def test_jobs_wait_for_their_turn_and_begin_in_order(start, files, huge):
    folder = files({"a": b"a"})
    async with start(**ONE) as daemon:
        first = await start_job(daemon, huge)
        second = await start_job(daemon, huge)
        third = await start_job(daemon, folder / "a")
        await wait_for_state(daemon, first, "hashing")
        assert [job["state"] for job in await jobs(daemon)] == ["hashing", "waiting", "waiting"]

        await daemon.delete(f"/createtorrent/jobs/{second['id']}")
        await daemon.delete(f"/createtorrent/jobs/{first['id']}")

        await wait_for_state(daemon, third, "finished")


async def test_no_more_jobs_wait_than_may(start, huge):
    async with start(createtorrent={"jobs_at_once": 1, "most_waiting": 1}) as daemon:
        for _ in range(2):
            await start_job(daemon, huge)
        answer = await daemon.request("POST", "/createtorrent/jobs", json={"files": [str(huge)]})

    assert answer.status == 503
    assert answer.json()["error"]["message"] == "1 torrents wait to be made, which is as many as may wait"


async def test_more_jobs_at_once_are_allowed_while_others_run(start, huge):
    async with start("settings", **ONE) as daemon:
        running = await start_job(daemon, huge)
        await daemon.post("/settings", json={"createtorrent": {"jobs_at_once": 2}})
        other = await start_job(daemon, huge)

        await wait_for_state(daemon, other, "hashing")
        await wait_for_state(daemon, running, "hashing")


async def test_only_so_many_ended_jobs_are_kept(start, files):
    folder = files({"a": b"a"})
    async with start(createtorrent={"kept_jobs": 2}) as daemon:
        made = [await create(daemon, folder / "a", source=str(number)) for number in range(4)]
        kept = await jobs(daemon)

    assert [job["infohash"] for job in kept] == [torrent.infohash for torrent in made[2:]]


async def test_ended_jobs_are_forgotten_after_a_while(start, files):
    folder = files({"a": b"a"})
    async with start(createtorrent={"kept_seconds": 1}) as daemon:
        await create(daemon, folder / "a")

        async def has_none():
            return not await jobs(daemon)

        await wait_for(has_none)


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("GET", "/torrent"), ("DELETE", "")])
async def test_an_unknown_job_does_not_exist(start, method, rest):
    async with start() as daemon:
        answer = await daemon.call(method, f"/createtorrent/jobs/nothing{rest}", status=404)

    assert answer == {"error": "this job does not exist"}


async def test_a_job_goes_on_without_its_client(start, huge):
    async with start() as daemon:
        async with open_request(daemon, {"files": [str(huge)]}):
            await wait_for(hashing_processes)
        async with open_request(daemon, {"files": [str(huge)]}, "?cancel_on_disconnect=1"):
            await wait_for(lambda: len(hashing_processes()) == 2)

        await wait_for(lambda: is_one_hashing(daemon))
        assert len(hashing_processes()) == 1


async def is_one_hashing(daemon):
    return [job["state"] for job in await jobs(daemon)] == ["hashing"]


async def test_who_waits_for_a_cancelled_job_is_told(start, huge):
    async with start() as daemon:
        waiting = asyncio.ensure_future(refusal(daemon, {"files": [str(huge)]}))
        (job,) = await wait_for(lambda: jobs(daemon))
        await daemon.delete(f"/createtorrent/jobs/{job['id']}")

        assert await waiting == (409, "the job was cancelled")


async def test_listeners_are_told_how_far_a_job_is(start, huge):
    async with start("events") as daemon, daemon.stream() as stream:
        with daemon.events(TorrentProgress) as events:
            job = await start_job(daemon, huge)
            states = [(await events.next()).state for _ in range(3)]
            further = await events.next()
            await daemon.delete(f"/createtorrent/jobs/{job['id']}")
            last = further
            while last.state == "hashing":
                last = await events.next()
        message = await stream.next("createtorrent_progress")

    assert states[:2] == ["waiting", "hashing"]
    assert (further.id, further.name, further.size) == (job["id"], "huge", huge.stat().st_size)
    assert further.hashed > 0
    assert last.state == "cancelled"
    assert message["kwargs"]["id"] == job["id"]


async def test_the_plugin_stops_with_jobs_that_wait_and_work(start, huge):
    async with start(**ONE) as daemon:
        for _ in range(2):
            await start_job(daemon, huge)
        await wait_for(hashing_processes)

    assert hashing_processes() == []
