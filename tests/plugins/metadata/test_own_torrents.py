"""What is downloaded, looked up and created here gets into the store."""

import asyncio
import base64

import pytest

from triblerd.testing import wait_for
from triblerd_createtorrent.api import TorrentCreated
from triblerd_libtorrent.testing import make_torrent, seeder
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.values import NewEntry

__all__ = ["seeder"]

FILES = {"film.mkv": b"film" * 5000, "read me.txt": b"text" * 10}
TRACKERS = ("http://tracker.example/a1b2c3d4e5f6a7b8c9d0e1f2/announce", "udp://tracker.example:1337/announce")


@pytest.fixture
def start(start_daemon, tmp_path):
    def start(*plugins, **sections):
        downloads = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
        return start_daemon("metadata", *plugins, config={**downloads, **sections})

    return start


def store_of(daemon):
    return daemon.daemon.container.services().find(MetadataStore)


async def entry_of(daemon, infohash):
    store = store_of(daemon)
    [entry] = await wait_for(lambda: store.by_infohash(bytes.fromhex(infohash)), what="the entry of an own torrent")
    return entry


async def download(daemon, torrent, folder):
    file = folder / f"{torrent.infohash}.torrent"
    file.write_bytes(torrent.metainfo)
    await daemon.put("/downloads", json={"uri": f"file://{file}"})


async def test_a_download_gets_into_the_store_without_keys_of_trackers(start, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="A film", trackers=TRACKERS)

    async with start("downloads") as daemon:
        await download(daemon, torrent, tmp_path)
        entry = await entry_of(daemon, torrent.infohash)

    assert (entry.title, entry.category, entry.size) == ("A film", "VideoClips", 20_040)
    assert entry.is_own
    assert entry.trackers == ("udp://tracker.example:1337",)


async def test_a_magnet_link_gets_into_the_store_when_its_metadata_arrive(start, seeder):
    torrent = seeder.seed_new(FILES, name="From afar")

    async with start("downloads") as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        assert (await entry_of(daemon, torrent.infohash)).title == "From afar"


async def test_downloads_from_before_are_taken_over_at_the_next_start(start, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="A film")
    async with start("downloads", metadata={"remember_own": False}) as daemon:
        await download(daemon, torrent, tmp_path)
        await wait_for(lambda: has_row(daemon, "A film"))

        assert store_of(daemon).last_rowid() == 0

    async with start("downloads", metadata={"remember_own": True}) as daemon:
        assert (await entry_of(daemon, torrent.infohash)).title == "A film"


async def test_private_torrents_stay_private(start, tmp_path):
    private = make_torrent(tmp_path, FILES, name="private", private=True)
    public = make_torrent(tmp_path, FILES, name="public")

    async with start("downloads") as daemon:
        await download(daemon, private, tmp_path)
        await download(daemon, public, tmp_path)
        await entry_of(daemon, public.infohash)

        assert store_of(daemon).by_infohash(bytes.fromhex(private.infohash)) == []


async def test_what_was_looked_up_gets_into_the_store(start, seeder):
    torrent = seeder.seed_new(FILES, name="From afar")

    async with start("downloads", "torrentinfo") as daemon:
        await daemon.get("/torrentinfo", params={"uri": seeder.magnet(torrent)})
        entry = await entry_of(daemon, torrent.infohash)

    assert (entry.title, entry.category, entry.size, entry.is_own) == ("From afar", "VideoClips", 20_040, True)


async def test_a_created_torrent_is_remembered(start, tmp_path):
    (tmp_path / "film.mkv").write_bytes(b"film" * 5000)

    async with start("createtorrent", "downloads") as daemon:
        with daemon.events(TorrentCreated) as events:
            made = await daemon.post("/createtorrent", json={"files": [str(tmp_path / "film.mkv")]})
            told = await events.next()
        entry = await entry_of(daemon, str(told.metainfo.infohash))

    assert base64.b64decode(made["torrent"])
    assert (entry.title, entry.category, entry.size, entry.is_own) == ("film.mkv", "VideoClips", 20_000, True)
    assert entry.torrent_date > 1_700_000_000


async def test_a_record_of_somebody_else_stays_and_names_the_download(start, tmp_path):
    torrent = make_torrent(tmp_path, FILES, name="A.Film.1080p")
    foreign = NewEntry(title="A Film (2024)", infohash=bytes.fromhex(torrent.infohash), public_key=b"\x07" * 64, id=1)

    async with start("downloads") as daemon:
        await download(daemon, torrent, tmp_path)
        await wait_for(lambda: has_row(daemon, "A.Film.1080p"))
        own = await entry_of(daemon, torrent.infohash)
        await daemon.delete("/metadata", json=[{"public_key": "", "id": own.id}])
        await store_of(daemon).add([foreign])
        await wait_for(lambda: has_row(daemon, "A Film (2024)"))

        assert [entry.is_own for entry in store_of(daemon).by_infohash(foreign.infohash)] == [False]


async def has_row(daemon, name):
    await asyncio.sleep(0)
    return name in [row["name"] for row in (await daemon.get("/downloads"))["downloads"]]
