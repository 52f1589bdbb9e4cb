"""A client that never rests and knows what was confirmed to it, so that a daemon can be killed under its hands."""

import asyncio

import aiohttp

from tests.plugins.downloads.conftest import TORRENT_TYPE
from triblerd.testing import wait_for

LEAST_DOWNLOADS = 8
"""Below that, nothing is removed."""


class BusyClient:
    """Adds, stops, resumes, removes and configures, four at a time.

    Attributes:
        wanted: What was confirmed of each download that is there: whether it runs.
        uncertain: The downloads with a request that was not answered.
    """

    def __init__(self, daemon, swarm, torrents, chance):
        self.daemon = daemon
        self.swarm = swarm
        self.chance = chance
        self.torrents = {torrent.infohash: torrent for torrent in torrents}
        self.wanted = {}
        self.uncertain = set()
        self._unused = list(self.torrents)
        self._limit = None
        self._configuring = False

    async def run(self):
        """Work until the daemon is gone."""
        ends = await asyncio.gather(*(self._work() for _ in range(4)), return_exceptions=True)
        for end in ends:
            if not isinstance(end, aiohttp.ClientError | ConnectionError):
                raise end

    async def check(self):
        """Hold a daemon that was just started to everything that it confirmed, and settle what is uncertain."""
        listed = await self._listed()
        certain = self.wanted.keys() - self.uncertain
        assert certain <= listed.keys(), "a confirmed download is gone"
        assert listed.keys() <= certain | self.uncertain, "a removed download is back"
        for infohash in certain:
            if not self.wanted[infohash]:
                assert listed[infohash]["status"] == "STOPPED"
        await self._settle_uncertain(listed)
        await wait_for(self._all_as_wanted, what="all downloads to be what they were confirmed to be")
        if self._limit is not None:
            settings = (await self.daemon.get("/settings"))["settings"]
            assert settings["libtorrent"]["max_download_rate"] == self._limit

    async def finish(self):
        """Resume every download, and wait until all are complete; a seeder of hundreds lets some wait for a minute."""
        for infohash in self.wanted:
            await self.daemon.patch(f"/downloads/{infohash}", json={"state": "resume"})

        async def all_seed():
            return all(item["status"] == "SEEDING" for item in (await self._listed()).values())

        await wait_for(all_seed, 30 + len(self.wanted), what="all downloads to be complete")

    # -- what it does ------------------------------------------------------------------------------------------

    async def _work(self):
        actions = (self._add, self._add, self._add, self._switch, self._switch, self._configure, self._remove)
        while True:
            await self.chance.choice(actions)()
            await asyncio.sleep(0.01)

    async def _add(self):
        if not self._unused:
            return
        infohash = self._unused.pop()
        self.uncertain.add(infohash)
        torrent = self.torrents[infohash]
        if self.chance.random() < 0.3:
            await self.daemon.put("/downloads", json={"uri": f"{torrent.magnet}&tr={self.swarm.url}/announce"})
        else:
            await self.daemon.put("/downloads", data=torrent.metainfo, headers=TORRENT_TYPE)
        self.wanted[infohash] = True
        self.uncertain.discard(infohash)

    async def _switch(self):
        if infohash := self._pick():
            runs = self.chance.choice((True, False))
            self.uncertain.add(infohash)
            await self.daemon.patch(f"/downloads/{infohash}", json={"state": "resume" if runs else "stop"})
            self.wanted[infohash] = runs
            self.uncertain.discard(infohash)

    async def _remove(self):
        if len(self.wanted) > LEAST_DOWNLOADS and (infohash := self._pick()):
            self.uncertain.add(infohash)
            with_data = self.chance.choice((True, False))
            await self.daemon.delete(f"/downloads/{infohash}", json={"remove_data": with_data})
            self._is_gone(infohash)

    async def _configure(self):
        if self._configuring:
            return
        self._configuring, self._limit = True, None
        limit = self.chance.randrange(50_000_000, 90_000_000)
        await self.daemon.post("/settings", json={"libtorrent": {"max_download_rate": limit}})
        self._configuring, self._limit = False, limit

    def _pick(self):
        certain = sorted(self.wanted.keys() - self.uncertain)
        return self.chance.choice(certain) if certain else None

    def _is_gone(self, infohash):
        self.wanted.pop(infohash, None)
        self.uncertain.discard(infohash)
        self._unused.append(infohash)

    # -- what it finds -----------------------------------------------------------------------------------------

    async def _listed(self):
        return {item["infohash"]: item for item in (await self.daemon.get("/downloads"))["downloads"]}

    async def _settle_uncertain(self, listed):
        """Learn which unanswered requests had been done, and say again whether the downloads shall run."""
        for infohash in sorted(self.uncertain):
            if infohash not in listed:
                self._is_gone(infohash)
                continue
            self.wanted[infohash] = self.wanted.get(infohash, True)
            state = "resume" if self.wanted[infohash] else "stop"
            await self.daemon.patch(f"/downloads/{infohash}", json={"state": state})
        self.uncertain.clear()
        self._configuring = False

    async def _all_as_wanted(self):
        listed = await self._listed()
        for item in listed.values():
            assert not item["error"], item
        return {infohash: item["status"] != "STOPPED" for infohash, item in listed.items()} == self.wanted
