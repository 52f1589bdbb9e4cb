"""Torrents that other plugins have made."""

from triblerd_createtorrent.api import TorrentRecipe
from triblerd_createtorrent.jobs import Jobs, Plan
from triblerd_createtorrent.seeding import Seeding


class Commissions:
    """Implements :class:`triblerd_createtorrent.api.TorrentJobs`."""

    def __init__(self, *, jobs: Jobs, seeding: Seeding) -> None:
        self._jobs = jobs
        self._seeding = seeding

    async def make(self, recipe: TorrentRecipe, *, size: int, seed_from: str = "") -> bytes:
        """Return the bencoded torrent file."""
        wishes = self._seeding.wishes(seed_from, None) if seed_from else None
        job = self._jobs.start(Plan(recipe=recipe, size=size, seed=wishes))
        await job.is_over.wait()
        return job.result()
