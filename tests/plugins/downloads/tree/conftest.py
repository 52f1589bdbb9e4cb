import pytest

from tests.plugins.downloads.conftest import start_downloads, upload
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent, seeder

__all__ = ["seeder", "start_downloads"]

ALBUM = {
    "track10.flac": b"j" * 20_000,
    "track9.flac": b"i" * 20_000,
    "art/back/page.png": b"b" * 5_000,
    "art/cover.png": b"c" * 5_000,
    "zero.nfo": b"",
}
"""In the torrent they are ordered by path, so that the positions are: page 0, cover 1, track10 2, track9 3, zero 4."""


@pytest.fixture
def album(tmp_path):
    """Offer a torrent with directories in directories."""
    return make_torrent(tmp_path, ALBUM, name="Album")


class Tree:
    """The tree of one download, as a client sees it."""

    def __init__(self, daemon, infohash):
        self._daemon = daemon
        self._path = f"/downloads/{infohash}/files"

    async def answer(self, start=".", **query):
        """Ask for a window once."""
        return await self._daemon.get(self._path, params={"view_start_path": start, **query})

    async def rows(self, start=".", **query):
        """Return the rows of a window, once the tree is there."""

        async def loaded():
            rows = (await self.answer(start, **query))["files"]
            return None if rows and rows[0]["index"] == -3 else (rows,)

        (rows,) = await wait_for(loaded, what="the tree")
        return rows

    async def shown(self, start=".", **query):
        """Return the rows as pairs of index and name."""
        return [(row["index"], row["name"]) for row in await self.rows(start, **query)]

    async def included(self):
        """Return what the tree, which is open, says of the files, by their position."""
        return {row["index"]: row["included"] for row in await self.rows(view_size=1000) if row["index"] >= 0}

    async def flat(self):
        """Return the flat list."""
        return (await self._daemon.get(self._path))["files"]

    async def call(self, verb, path):
        """Expand, collapse, select or deselect."""
        return await self._daemon.get(f"{self._path}/{verb}", params={"path": path})

    async def expand_all(self, *paths):
        """Open some directories."""
        for path in paths:
            await self.call("expand", path)


async def tree_of(daemon, torrent, **options):
    """Add a torrent, stopped, and return its tree."""
    infohash = await upload(daemon, torrent, **options)
    await daemon.patch(f"/downloads/{infohash}", json={"state": "stop"})
    return Tree(daemon, infohash)
