"""Sonarr, and Radarr and Whisparr, which have copied its client."""

import time
from dataclasses import dataclass
from typing import Any

from tests.contrib.tribler8.clients.sonarr import settings
from tests.contrib.tribler8.clients.wire import Program

STATES = {
    "ALLOCATING_DISKSPACE",
    "WAITING4HASHCHECK",
    "HASHCHECKING",
    "DOWNLOADING",
    "SEEDING",
    "STOPPED",
    "STOPPED_ON_ERROR",
    "METADATA",
    "CIRCUITS",
    "EXIT_NODES",
    "LOADING",
}
"""Any other text is an exception, which fails the whole poll; a number is not looked at."""
QUEUED = {"METADATA", "ALLOCATING_DISKSPACE"}


class BadAnswerError(Exception):
    """The deserialiser throws."""


@dataclass
class Download:
    """The properties that are read, by the only names that they are found under: camelCase, in any case."""

    name: Any
    infohash: Any
    status: Any
    error: Any
    destination: Any
    size: Any
    progress: Any
    eta: Any
    alltimeratio: Any
    timeadded: Any

    @classmethod
    def parse(cls, listed):
        """Read one download of the list."""
        found = {key.lower(): value for key, value in listed.items()}
        values: dict[str, Any] = {name: found.get(name) for name in cls.__dataclass_fields__}
        if isinstance(values["status"], str) and values["status"] not in STATES:
            raise BadAnswerError(values["status"])
        for name in ("size", "timeadded"):
            if values[name] is not None and int(values[name]) != values[name]:
                raise BadAnswerError(name, values[name])
        return cls(**values)

    @property
    def title_status(self):
        """What it is shown as."""
        if self.error:
            return "Warning"
        if self.status == "STOPPED_ON_ERROR":
            return "Failed"
        if self.status == "STOPPED":
            return "Paused" if self.progress < 1 else "Completed"
        if self.status == "SEEDING":
            return "Completed"
        return "Queued" if self.status in QUEUED else "Downloading"

    def may_be_removed(self, mode, ratio, seconds):
        """Return whether it has seeded enough, by the global settings alone."""
        if self.status != "STOPPED":
            return False
        if mode == "ratio":
            return self.alltimeratio is not None and self.alltimeratio >= ratio
        if mode == "time":
            return self.timeadded + seconds < time.time()  # fails where there is none, as the program does
        return mode == "never"


class Sonarr(Program):
    """Its calls about downloads."""

    agent = "Sonarr/4.0.16.2944 (debian 12)"

    @property
    def headers(self):
        """No request has a content type, whatever its body is."""
        return {"X-Api-Key": self.key, "Accept": "application/json", "User-Agent": self.agent}

    async def poll(self):
        """Return all downloads with the paths of their files: one list, then one call for each of them."""
        listed = [Download.parse(one) for one in (await self.send("GET", "/api/downloads"))["downloads"]]
        return {one.infohash: (one, await self.output_path(one)) for one in listed if one.size}

    async def output_path(self, download):
        """Return what would be imported."""
        files = (await self.send("GET", f"/api/downloads/{download.infohash}/files"))["files"]
        name = files[0]["name"] if len(files) == 1 else download.name
        return f"{download.destination}/{name}"

    async def grab(self, uri, hops=0, destination=None):
        """Add a magnet link and return its id."""
        body = {"anon_hops": hops, "safe_seeding": True, "uri": uri}
        if destination is not None:
            body["destination"] = destination
        return (await self.send("PUT", "/api/downloads", body))["infohash"]

    async def save_directory(self):
        """Return where downloads are saved; every call of the settings reads all that it has types for."""
        read = settings(await self.send("GET", "/api/settings"))
        return read["settings"]["libtorrent"]["download_defaults"]["saveas"]

    async def grab_for(self, category, uri):
        """Add a magnet link for a category, and return its id."""
        folder = (await self.save_directory()).rstrip("/")
        return await self.grab(uri, destination=f"{folder}/{category}")

    async def remove(self, infohash, *, with_data):
        """Remove a download."""
        answer = await self.send("DELETE", f"/api/downloads/{infohash.lower()}", {"remove_data": with_data})
        return answer["removed"]


class Radarr(Sonarr):
    """The same client under another name."""

    agent = "Radarr/5.27.1.10122 (debian 12)"
