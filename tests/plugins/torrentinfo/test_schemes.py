"""A plugin of somebody else that reads URIs of its own."""

from importlib.metadata import EntryPoint

from tests.plugins.torrentinfo.conftest import info_of, refusal
from tests.plugins.torrentinfo.shelf import Shelf
from triblerd_libtorrent.testing import make_torrent

SHELF = EntryPoint("shelf", "tests.plugins.torrentinfo.shelf", "triblerd")


async def test_its_uris_are_looked_up_and_downloaded(start_daemon, seeder, tmp_path):
    film = make_torrent(tmp_path, b"x" * 100, name="film")
    album = seeder.seed_new(b"y" * 100, name="album")
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with start_daemon("torrentinfo", "downloads", "shelf", config=config, extra_plugins=[SHELF]) as daemon:
        shelf = daemon.daemon.container.services().find(Shelf)
        shelf.torrents.update(film=film.metainfo, album=seeder.magnet(album), page=b"<html>")

        of_file = await info_of(daemon, "shelf:film")
        of_link = await info_of(daemon, "SHELF:album")
        added = await daemon.put("/downloads", json={"uri": "shelf:film"})
        missing = await refusal(daemon, 500, uri="shelf:opera")
        rubbish = await refusal(daemon, 500, uri="shelf:page")

    assert (of_file["infohash"], of_link["infohash"]) == (film.infohash, album.infohash)
    assert added["infohash"] == film.infohash
    assert missing == "There is no opera on the shelf"
    assert rubbish == "metainfo error"


async def test_without_it_they_are_of_no_kind(start_info):
    async with start_info() as daemon:
        assert await refusal(daemon, 400, uri="shelf:film") == "invalid uri"
