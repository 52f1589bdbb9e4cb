"""What is done with downloads that are complete, and with the torrent files of new ones, if the user wants that."""

from tests.plugins.downloads.conftest import connect, item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_downloads.copies import file_name
from triblerd_libtorrent.api import Infohash, TorrentChecked, TorrentEngine
from triblerd_libtorrent.testing import make_torrent

VERIFY = {"check_after_complete": True}


async def test_what_has_come_is_hashed_once_more_before_it_is_moved(start_downloads, seeder, tmp_path):
    done = tmp_path / "done"
    content = b"x" * 300_000
    torrent = seeder.seed_new(content)
    async with start_downloads(downloads=VERIFY, download_defaults={"completed_dir": str(done)}) as daemon:
        path = tmp_path / "saved" / torrent.name
        seen: list[bool] = []
        service(daemon, TorrentEngine).listen(
            TorrentChecked, lambda _: seen.append(path.is_file() and path.read_bytes() == content)
        )
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_for((done / torrent.name).is_file, 20)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert seen.count(True) == 1  # beside the one when it was added, which the engine may be too quick to tell


async def test_what_was_complete_when_it_was_added_was_hashed_then(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path / "files", b"x" * 300_000)
    done = tmp_path / "done"
    defaults = {"saveas": str(torrent.folder), "completed_dir": str(done)}
    async with start_downloads(downloads=VERIFY, download_defaults=defaults) as daemon:
        seen = []
        service(daemon, TorrentEngine).listen(TorrentChecked, lambda event: seen.append(event.infohash))
        await upload(daemon, torrent)
        await wait_for((done / torrent.name).is_file, 20)

    assert seen == [torrent.infohash]


async def test_a_copy_of_each_new_torrent_file_is_kept(start_downloads, seeder, tmp_path):
    folder = tmp_path / "copies" / "of files"
    uploaded = make_torrent(tmp_path, b"x" * 100, name="one")
    linked = seeder.seed_new(b"y" * 20_000, name="two")
    async with start_downloads(download_defaults={"torrent_folder": str(folder)}) as daemon:
        await upload(daemon, uploaded)
        await daemon.put("/downloads", json={"uri": seeder.magnet(linked)})
        await connect(daemon, seeder, linked)
        await wait_for((folder / f"one [{uploaded.infohash}].torrent").is_file)
        await wait_for((folder / f"two [{linked.infohash}].torrent").is_file)
        copies = {path.name: path.read_bytes() for path in folder.iterdir()}
        files = await daemon.request("GET", f"/downloads/{linked.infohash}/torrent")

    assert copies == {
        f"one [{uploaded.infohash}].torrent": uploaded.metainfo,
        f"two [{linked.infohash}].torrent": files.body,
    }


async def test_a_copy_that_cannot_be_written_is_told_in_the_log_and_the_download_goes_on(
    start_downloads, tmp_path, caplog
):
    (tmp_path / "file").touch()
    torrent = make_torrent(tmp_path, b"x" * 100, name="one")
    async with start_downloads(download_defaults={"torrent_folder": str(tmp_path / "file")}) as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: "No copy of one" in caplog.text)

        assert await item_of(daemon, torrent.infohash)


def test_a_copy_is_named_after_its_torrent_and_stays_in_its_directory():
    infohash = Infohash("ab" * 20)

    assert file_name(infohash, "../a/b:c") == f"_a_b:c [{infohash}].torrent"
    assert file_name(infohash, "...") == f"unknown [{infohash}].torrent"
    assert len(file_name(infohash, "ä" * 300).encode()) <= 250
