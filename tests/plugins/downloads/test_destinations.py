"""Where the files of a download are: one directory by several names, and links that lead elsewhere."""

import logging
import os

import pytest

from tests.plugins.downloads.conftest import item_of, wait_for_status
from triblerd.testing import wait_for


@pytest.fixture
def saved(tmp_path):
    """Offer the directory that downloads are saved into, with a link to it beside it."""
    folder = tmp_path / "saved"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    return folder


async def move(daemon, torrent, folder, **more):
    """Ask for a move, and see it accepted."""
    body = {"state": "move_storage", "dest_dir": str(folder), **more}
    assert (await daemon.patch(f"/downloads/{torrent.infohash}", json=body))["modified"] is True


@pytest.mark.parametrize("name", ["saved/", "saved/../saved", "link", "/saved//."])
async def test_a_move_to_where_the_files_are_already_moves_nothing(start_downloads, seeder, saved, name):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    taken = saved.parent / "taken"
    taken.mkdir()
    (taken / "film").write_text("of somebody else")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await move(daemon, torrent, taken)
        collided = await item_of(daemon, torrent.infohash)

        await move(daemon, torrent, f"{saved.parent}/{name}")
        item = await item_of(daemon, torrent.infohash)

    assert "exists already" in collided["error"]
    assert (item["error"], item["destination"], item["status"]) == ("", str(saved), "SEEDING")
    assert (saved / "film").read_bytes() == b"x" * 100_000


async def test_a_destination_is_kept_in_its_plain_spelling(start_downloads, seeder, saved):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    archive = saved.parent / "archive"
    (archive / "deep").mkdir(parents=True)
    (saved / "deep").symlink_to(archive / "deep")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        await move(daemon, torrent, f"{saved}/deep/../", completed_dir=f"{archive}/")  # which is not `saved`
        await wait_for((archive / "film").exists)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert item["destination"] == str(archive)


async def test_files_that_are_where_they_shall_go_are_not_taken_for_those_of_another(start_downloads, seeder, saved):
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    (saved / "film").write_bytes(b"x" * 100_000)
    os.link(saved / "film", saved.parent / "the same file")
    async with start_downloads(download_defaults={"completed_dir": f"{saved}/"}) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})

        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert (item["error"], item["destination"]) == ("", str(saved))
    assert (saved / "film").samefile(saved.parent / "the same file")


async def test_what_a_link_kept_from_beginning_begins_once_that_is_gone(start_downloads, seeder, saved, caplog):
    caplog.set_level(logging.WARNING)
    torrent = seeder.seed_new(b"x" * 100_000, name="film")
    outside = saved.parent / "outside"
    outside.write_text("of somebody else")
    (saved / "film").symlink_to(outside)
    path = f"/downloads/{torrent.infohash}"
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        refused = await wait_for_status(daemon, torrent.infohash, "STOPPED_ON_ERROR")
        await daemon.patch(path, json={"state": "resume"})
        await wait_for(lambda: caplog.text.count("is not begun: ") == 2, what="the second look")
        again = await item_of(daemon, torrent.infohash)

        (saved / "film").unlink()
        await daemon.patch(path, json={"state": "resume"})
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

    assert refused["error"] == again["error"] == f"'The link {saved / 'film'} leads out of the destination'"
    assert again["status"] == "STOPPED_ON_ERROR"
    assert item["error"] == ""
    assert "cannot be used" not in caplog.text
    assert outside.read_text() == "of somebody else"
    assert (saved / "film").read_bytes() == b"x" * 100_000
