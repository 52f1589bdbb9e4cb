"""scryer: the strictest reader, whose types take nothing else."""

from dataclasses import dataclass
from typing import Any

from tests.contrib.tribler8.clients.wire import Program, RefusedError

TEXT, WHOLE, NUMBER = "text", "whole", "number"
REQUIRED = {
    "name": TEXT,
    "progress": NUMBER,
    "infohash": TEXT,
    "eta": NUMBER,
    "status": TEXT,
    "error": TEXT,
    "size": WHOLE,
    "destination": TEXT,
    "speed_down": WHOLE,
    "speed_up": WHOLE,
    "time_finished": WHOLE,
    "seeding_ratio": NUMBER,
    "all_time_ratio": NUMBER,
    "all_time_upload": WHOLE,
    "all_time_download": WHOLE,
}
UNFINISHED = {"HASHCHECKING", "WAITING_FOR_HASHCHECK", "MOVING", "ALLOCATING_DISKSPACE"}


def checked(value, kind):
    """Return a value that has the type; a float is no whole number, a number no text."""
    kinds = {TEXT: (str,), WHOLE: (int,), NUMBER: (int, float)}
    assert type(value) in kinds[kind], f"{value!r} is no {kind}"
    return value


@dataclass
class Download:
    """What is read of a download."""

    fields: dict[str, Any]

    @classmethod
    def parse(cls, listed):
        """Read one download of the list."""
        return cls({name: checked(listed[name], kind) for name, kind in REQUIRED.items()})

    @property
    def is_complete(self):
        """Whether it is imported."""
        status, progress = self.fields["status"], self.fields["progress"]
        return status == "SEEDING" or (progress >= 1 and status not in UNFINISHED)


class Scryer(Program):
    """Its calls about downloads."""

    @property
    def headers(self):
        """Say what the body is, even when there is none."""
        return {
            "X-Api-Key": self.key,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "scryer/0.1",
        }

    async def version(self):
        """Return the program's version; below 8, and if there is none, it merely warns."""
        return checked((await self.send("GET", "/api/versioning/versions/current"))["version"], TEXT)

    async def downloads(self):
        """Return all downloads."""
        return [Download.parse(one) for one in (await self.send("GET", "/api/downloads"))["downloads"]]

    async def add_torrent(self, raw, destination):
        """Upload a torrent file and return its infohash."""
        path = f"/api/downloads?safe_seeding=true&anon_hops=0&destination={destination}"
        answer = await self.send("PUT", path, raw, Content_Type="applications/x-bittorrent")
        assert answer["started"] is True
        return checked(answer["infohash"], TEXT)

    async def set_state(self, infohash, state):
        """Start or stop a download; one that is not there is as good."""
        return await self._unless_gone("PATCH", infohash, {"state": state})

    async def remove(self, infohash, *, with_data):
        """Remove a download; one that is not there is as good."""
        return await self._unless_gone("DELETE", infohash, {"remove_data": with_data})

    async def _unless_gone(self, method, infohash, body):
        try:
            await self.send(method, f"/api/downloads/{infohash}", body)
        except RefusedError as error:
            if error.status != 404:
                raise
            return False
        return True
