"""``download=1``."""

import pytest

from tests.daemon.conftest import blocks_read
from tests.plugins.createtorrent.conftest import create, handled, refusal
from tests.plugins.downloads.conftest import item_of, wait_for_status
from triblerd.testing import wait_for
from triblerd_createtorrent.api import Version
from triblerd_libtorrent.testing import MadeTorrent, Seeder

DOWNLOAD = {"download": 1}
CONTENT = {"album/a": b"a" * 300_000, "album/b/c": b"c" * 40_001, "album/empty": b""}


def as_made(torrent, folder):
    """Return a torrent as a leecher takes it."""
    sizes = {file.path: file.size for file in torrent.files if not file.is_pad}
    return MadeTorrent(
        metainfo=torrent.raw,
        infohash=torrent.infohash,
        magnet="",
        folder=folder,
        name=torrent.name,
        files=sizes,
    )


async def peer_port(daemon):
    (port,) = [port for port in (await daemon.get("/settings"))["ports"] if port != daemon.port]
    return port


@pytest.mark.parametrize("version", Version)
async def test_it_seeds_at_once_without_hashing_and_others_get_it(start, files, tmp_path, version):
    folder = files(CONTENT)
    async with start("downloads", "settings") as daemon:
        made = await create(daemon, folder / "album", params=DOWNLOAD, walk=True, version=version)
        item = await wait_for_status(daemon, made.infohash, "SEEDING")
        read = await blocks_read(daemon)
        with Seeder(tmp_path / "unused") as leecher:
            torrent = as_made(made, folder)
            leecher.leech(torrent, tmp_path / "leeched", "127.0.0.1", await peer_port(daemon))
            await wait_for(lambda: leecher.progress(torrent) == 1.0, what="the other peer's download")

    assert read == 0
    assert (item["destination"], item["hops"], item["progress"]) == (str(folder), 0, 1)
    for path, data in CONTENT.items():
        assert (tmp_path / "leeched" / path).read_bytes() == data


async def test_one_file_is_seeded_from_its_directory(start, files):
    folder = files(CONTENT)
    async with start("downloads") as daemon:
        made = await create(daemon, folder / "album/a", params=DOWNLOAD)
        item = await wait_for_status(daemon, made.infohash, "SEEDING")

    assert item["destination"] == str(folder / "album")


async def test_it_seeds_after_a_restart(start, files):
    folder = files(CONTENT)
    async with start("downloads") as daemon:
        made = await create(daemon, folder / "album", params=DOWNLOAD, walk=True)
        await wait_for_status(daemon, made.infohash, "SEEDING")

    async with start("downloads") as daemon:
        await wait_for_status(daemon, made.infohash, "SEEDING")
        assert await blocks_read(daemon) == 0


async def test_a_download_that_is_there_already_does_not_change(start, files):
    folder = files(CONTENT)
    options = {"creation_date": 0, "params": DOWNLOAD}
    async with start("downloads") as daemon:
        made = await create(daemon, folder / "album/a", **options)
        await wait_for_status(daemon, made.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{made.infohash}", json={"state": "stop"})
        before = await wait_for_status(daemon, made.infohash, "STOPPED")
        await create(daemon, folder / "album/a", trackers=["http://127.0.0.1:9/announce"], **options)
        after = await item_of(daemon, made.infohash)

    assert after["trackers"] == before["trackers"]
    assert after["status"] == "STOPPED"


@pytest.mark.parametrize(("enabled", "expected"), [(True, True), (False, False)])
async def test_safe_seeding_is_that_of_the_defaults(start, files, enabled, expected):
    folder = files(CONTENT)
    async with start("downloads", download_defaults={"safeseeding_enabled": enabled}) as daemon:
        made = await create(daemon, folder / "album/a", params=DOWNLOAD)
        item = await item_of(daemon, made.infohash)

    assert item["safe_seeding"] is expected


@pytest.mark.parametrize("flag", ["0", "", "maybe"])
async def test_without_the_flag_nothing_is_downloaded(start, files, flag):
    folder = files(CONTENT)
    async with start("downloads") as daemon:
        await create(daemon, folder / "album/a", params={"download": flag})

        assert (await daemon.get("/downloads"))["downloads"] == []


async def test_without_the_plugin_downloads_it_is_refused_before_anything_is_hashed(start, huge):
    async with start() as daemon:
        status, error = await refusal(daemon, {"files": [str(huge)]}, path="/createtorrent?download=1")

    assert (status, error["message"]) == (503, "The plugin downloads is not running")


async def test_without_tunnels_an_anonymous_one_is_refused_before_anything_is_hashed(start, huge):
    async with start("downloads") as daemon:
        answer = await refusal(daemon, {"files": [str(huge)], "anon_hops": 2}, path="/createtorrent?download=1")

    assert answer == handled(
        "NoTunnelsError", "Anonymous downloads need the tunnels plugin; there is no session of 2 hops"
    )


async def test_from_outside_of_the_allowed_directories_nothing_is_seeded(start, files):
    folder = files(CONTENT)
    body = {"files": [str(folder / "album")], "walk": True}
    async with start("downloads", api={"file_roots": [str(folder / "album")]}) as daemon:
        answer = await refusal(daemon, body, path="/createtorrent?download=1")

    assert answer == (400, f"files: {folder}, from which they would be seeded, is outside of the allowed directories")


async def test_files_that_share_only_the_root_are_not_seeded(start, files):
    folder = files(CONTENT)
    async with start("downloads") as daemon:
        answer = await refusal(
            daemon, {"files": [str(folder / "album/a"), "/etc/hostname"]}, path="/createtorrent?download=1"
        )

    assert answer == (400, "files: they share no directory but /, from which no torrent can be seeded")


async def test_a_name_that_clients_change_is_not_seeded(start, files):
    folder = files({"back\\slash": b"x"})
    async with start("downloads") as daemon:
        status, error = await refusal(
            daemon, {"files": [str(folder / "back\\slash")]}, path="/createtorrent?download=1"
        )

        assert status == 500
        assert error == "back\\slash has a name that clients change when they write it, so that it cannot be seeded"
        assert (await daemon.get("/downloads"))["downloads"] == []


async def test_the_directory_for_incomplete_downloads_is_not_for_what_is_complete(start, files, tmp_path):
    folder = files(CONTENT)
    async with start("downloads", downloads={"incomplete_dir": str(tmp_path / "incomplete")}) as daemon:
        made = await create(daemon, folder / "album", params=DOWNLOAD, walk=True)
        item = await wait_for_status(daemon, made.infohash, "SEEDING")

        assert await blocks_read(daemon) == 0
    assert item["destination"] == str(folder)
