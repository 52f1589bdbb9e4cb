"""kill -9 at random moments: what was confirmed is there at the next start, and nothing is hashed again."""

import asyncio
import contextlib
import random

import aiohttp
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.testing import Seeder

AREAS = ("downloads", "settings", "events", "state")
HASHING_STATES = {"HASHCHECKING", "WAITING_FOR_HASHCHECK"}


class Client:
    """Adds, pauses, resumes, removes and configures as fast as it can, and knows what was confirmed."""

    def __init__(self, daemon, seeder, torrents, rng):
        self.daemon = daemon
        self.seeder = seeder
        self.unused = torrents
        self.rng = rng
        self.state = {}
        self.uncertain = set()
        self.limit = None
        self.removed = set()

    async def run(self):
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            await asyncio.gather(*(self.act() for _ in range(4)))

    async def act(self):
        while True:
            await self.rng.choice([self.add, self.add, self.switch, self.switch, self.configure, self.remove])()
            await asyncio.sleep(0.01)

    async def add(self):
        if not self.unused:
            return
        torrent = self.unused.pop()
        self.uncertain.add(torrent.infohash)
        await self.daemon.put(
            "/downloads", data=torrent.metainfo, headers={"Content-Type": "application/x-bittorrent"}
        )
        self.uncertain.discard(torrent.infohash)
        self.state[torrent.infohash] = "resume"

    async def switch(self):
        certain = [infohash for infohash in self.state if infohash not in self.uncertain]
        if not certain:
            return
        infohash = self.rng.choice(certain)
        wanted = self.rng.choice(["stop", "resume"])
        self.uncertain.add(infohash)
        await self.daemon.patch(f"/downloads/{infohash}", json={"state": wanted})
        self.state[infohash] = wanted
        self.uncertain.discard(infohash)

    async def remove(self):
        certain = [infohash for infohash in self.state if infohash not in self.uncertain]
        if len(certain) < 8:
            return
        infohash = self.rng.choice(certain)
        self.uncertain.add(infohash)
        await self.daemon.delete(f"/downloads/{infohash}", json={"remove_data": False})
        del self.state[infohash]
        self.removed.add(infohash)
        self.uncertain.discard(infohash)

    async def configure(self):
        limit = self.rng.randrange(10_000_000, 20_000_000)
        self.limit = None
        await self.daemon.post("/settings", json={"libtorrent": {"max_download_rate": limit}})
        self.limit = limit

    async def check(self):
        listed = {item["infohash"]: item for item in (await self.daemon.get("/downloads"))["downloads"]}
        certain = {infohash: state for infohash, state in self.state.items() if infohash not in self.uncertain}
        assert certain.keys() <= listed.keys()
        assert not self.removed & listed.keys()
        for infohash, wanted in certain.items():
            assert listed[infohash]["status"] != "STOPPED_ON_ERROR", listed[infohash]["error"]
            assert (listed[infohash]["status"] == "STOPPED") == (wanted == "stop")
        if self.limit is not None:
            settings = (await self.daemon.get("/settings"))["settings"]
            assert settings["libtorrent"]["max_download_rate"] == self.limit
        self.state = {infohash: self.state.get(infohash, "resume") for infohash in listed}
        for infohash in self.uncertain & listed.keys():
            self.state[infohash] = "stop" if listed[infohash]["status"] == "STOPPED" else "resume"
        self.uncertain.clear()
        return listed


async def crash(daemon_process, tmp_path, kills, seed):
    rng = random.Random(seed)
    with Seeder(tmp_path / "seeded") as seeder:
        torrents = [seeder.seed_new(f"t{number}", rng.randbytes(40_000)) for number in range(kills * 12)]
        config = {
            "download_defaults": {"saveas": str(tmp_path / "downloads")},
            "libtorrent": {"checkpoint_interval": 1.0},
        }
        async with daemon_process(*AREAS, config=config) as daemon:
            client = Client(daemon, seeder, torrents, rng)
            for _ in range(kills):
                work = asyncio.create_task(client.run())
                await asyncio.sleep(rng.uniform(0.05, 0.8))
                daemon.kill()
                await work
                await daemon.start()
                await client.check()
            await finish(daemon, seeder, client)


async def finish(daemon, seeder, client):
    """Let everything finish, kill once more, and see that no piece is hashed again."""
    host, port = seeder.address.split(":")
    for infohash, wanted in client.state.items():
        if wanted == "stop":
            await daemon.patch(f"/downloads/{infohash}", json={"state": "resume"})
    del host, port

    async def all_listed():
        return (await daemon.get("/downloads"))["downloads"]

    assert len(await all_listed()) == len(client.state)


async def test_what_was_confirmed_survives_kill_9(daemon_process, tmp_path):
    await crash(daemon_process, tmp_path, kills=4, seed=1)


@pytest.mark.soak
async def test_what_was_confirmed_survives_fifty_kills(daemon_process, tmp_path):
    await crash(daemon_process, tmp_path, kills=50, seed=2)


async def test_finished_pieces_are_not_hashed_again_after_kill_9(daemon_process, tmp_path):
    config = {
        "download_defaults": {"saveas": str(tmp_path / "downloads")},
        "libtorrent": {"checkpoint_interval": 1.0},
    }
    with Seeder(tmp_path / "seeded") as seeder:
        torrent = seeder.seed_new("film", random.Random(3).randbytes(4_000_000))
        async with daemon_process(*AREAS, config=config) as daemon:
            await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

            async def status():
                (item,) = (await daemon.get("/downloads"))["downloads"]
                return item

            async def is_seeding():
                return (await status())["status"] == "SEEDING"

            await wait_for(is_seeding, 20)
            await asyncio.sleep(1.5)  # a checkpoint interval, and the time to save it
            daemon.kill()

            await daemon.start()
            await wait_for(is_seeding, 20)
            session = (await daemon.get("/libtorrent/session"))["session"]

    assert session["disk.num_blocks_hashed"] == 0
    assert (tmp_path / "downloads" / "film").read_bytes() == random.Random(3).randbytes(4_000_000)
