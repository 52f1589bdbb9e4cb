"""Programs that are in use, with their own requests and their own rules for reading the answers."""

import pytest

import triblerd
from tests.contrib.tribler8.clients.others import ArrShim, DotNet, FirefoxAddOn, KodiAddOn, WebInterface
from tests.contrib.tribler8.clients.scryer import Scryer
from tests.contrib.tribler8.clients.sonarr_downloads import BadAnswerError, Radarr, Sonarr
from tests.contrib.tribler8.clients.wire import RefusedError, error_text
from tests.contrib.tribler8.downloads.conftest import GONE, listed, put_file, wait_for_state
from tests.plugins.createtorrent.test_seeding import peer_port
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent

MAGNET = f"magnet:?xt=urn:btih:{GONE}&dn=x"


@pytest.fixture
def film(tmp_path):
    """Offer a torrent of one file that is here already."""
    return make_torrent(tmp_path / "saved", b"f" * 30_000, name="film.mkv")


async def test_sonarr_polls_with_every_kind_of_download(start, album, film):
    async with start(libtorrent={"active_downloads": 0}) as daemon, Sonarr(daemon) as sonarr:
        await put_file(daemon, film)
        await wait_for_state(daemon, film.infohash, "SEEDING")
        await daemon.patch(f"/api/downloads/{film.infohash}", json={"state": "stop"})
        await wait_for_state(daemon, film.infohash, "STOPPED")
        await put_file(daemon, album, auto_managed="true")
        await wait_for_state(daemon, album.infohash, "QUEUED")
        await sonarr.grab(MAGNET)
        polled = await sonarr.poll()

    complete, path = polled[film.infohash]
    waiting, folder = polled[album.infohash]
    assert GONE not in polled  # of which nothing is known yet
    assert (complete.title_status, path) == ("Completed", str(film.folder / film.name))
    assert (waiting.title_status, folder) == ("Downloading", str(film.folder / album.name))
    modes = ("ratio", "time", "never", "forever")
    assert [complete.may_be_removed(mode, 0, -1) for mode in modes] == [True, True, True, False]
    assert [complete.may_be_removed(mode, 1, 600) for mode in modes] == [False, False, True, False]
    assert not waiting.may_be_removed("never", 0, 0)


async def test_sonarr_fails_without_what_is_done_for_it(start, album, film):
    settings = {"strict_agents": [], "sonarr_names": False}
    async with start(libtorrent={"active_downloads": 0}, tribler8=settings) as daemon, Sonarr(daemon) as sonarr:
        await put_file(daemon, film)
        await wait_for_state(daemon, film.infohash, "SEEDING")
        blind, _ = (await sonarr.poll())[film.infohash]
        await put_file(daemon, album, auto_managed="true")
        await wait_for_state(daemon, album.infohash, "QUEUED")
        with pytest.raises(BadAnswerError, match="QUEUED"):
            await sonarr.poll()

    assert (blind.alltimeratio, blind.timeadded) == (None, None)


async def test_radarr_grabs_and_removes_without_a_content_type(start, tmp_path):
    async with start() as daemon, Radarr(daemon) as radarr:
        infohash = await radarr.grab(MAGNET, destination=str(tmp_path / "radarr"))
        item = await listed(daemon, infohash)
        with pytest.raises(RefusedError) as refused:
            await radarr.grab(MAGNET.replace(GONE, "no hash"))
        radarr.key = "wrong"
        with pytest.raises(RefusedError) as unknown:
            await radarr.poll()
        radarr.key = daemon.key
        removed = await radarr.remove(infohash.upper(), with_data=True)

        assert (await daemon.get("/api/downloads"))["downloads"] == []
    assert item["destination"] == str(tmp_path / "radarr")
    assert (refused.value.status, unknown.value.status) == (500, 401)
    assert removed is True


async def test_whisparr_saves_by_category_below_the_directory_of_the_settings(start, tmp_path):
    saved = tmp_path / "saved"
    async with start("settings", download_defaults={"saveas": f"{saved}/"}) as daemon, Radarr(daemon) as whisparr:
        assert await whisparr.save_directory() == f"{saved}/"
        item = await listed(daemon, await whisparr.grab_for("tv-sonarr", MAGNET))

    assert item["destination"] == str(saved / "tv-sonarr")


async def test_scryer_reads_strictly_and_takes_what_is_gone_for_done(start, album, film):
    async with start("versioning") as daemon, Scryer(daemon) as scryer:
        assert await scryer.version() == triblerd.__version__
        for torrent in (film, album):
            assert await scryer.add_torrent(torrent.metainfo, film.folder) == torrent.infohash
        await wait_for_state(daemon, film.infohash, "SEEDING")
        stopped = await scryer.set_state(album.infohash, "stop")
        complete = {one.fields["infohash"]: one.is_complete for one in await scryer.downloads()}
        resumed = await scryer.set_state(album.infohash, "resume")
        removed = [await scryer.remove(album.infohash, with_data=True) for _ in range(2)]
        gone = await scryer.set_state(album.infohash, "stop")
        with pytest.raises(RefusedError) as refused:
            await scryer.set_state(film.infohash, "dance")

    assert error_text(refused.value) == (400, "unknown state parameter")
    assert complete == {film.infohash: True, album.infohash: False}
    assert (stopped, resumed, removed, gone) == (True, True, [True, False], False)


async def test_the_shim_in_go_reads_whole_numbers_at_unprefixed_paths(start, film, tmp_path):
    async with start() as daemon, ArrShim(daemon) as shim:
        await put_file(daemon, film)
        await shim.add(MAGNET, str(tmp_path / "shim"))
        await wait_for_state(daemon, film.infohash, "SEEDING")
        items = await shim.downloads(film.infohash)
        await shim.send_change(film.infohash, "stop")

        assert await wait_for_state(daemon, film.infohash, "STOPPED")
        files = await shim.files(film.infohash)
        removed = await shim.remove(film.infohash, with_data=True)
    assert [item["infohash"] for item in items] == [film.infohash, GONE]
    assert (files, removed, (film.folder / film.name).exists()) == (["film.mkv"], True, False)


async def test_the_shim_in_go_reads_its_list_while_somebody_has_a_part(start, seeder, tmp_path):
    torrent = make_torrent(tmp_path / "whole", b"h" * 200_000)
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / torrent.name).write_bytes(b"h" * 100_000 + bytes(100_000))
    async with start("settings") as daemon, ArrShim(daemon) as shim:
        await put_file(daemon, torrent)
        await wait_for_state(daemon, torrent.infohash, "DOWNLOADING")
        seeder.leech(torrent, tmp_path / "part", "127.0.0.1", await peer_port(daemon))

        async def shared():
            [item] = (await daemon.get("/downloads"))["downloads"]
            return item["availability"] or None

        copies = await wait_for(shared)
        [item] = await shim.downloads()

    assert 0 < copies < 1
    assert item["availability"] == 0


async def test_the_library_for_net_signs_in_by_its_query_and_sends_numbers_for_flags(start, film):
    async with start("settings") as daemon, DotNet(daemon) as net:
        daemon.key, key = "", daemon.key
        assert await net.limit_uploads(51200) == 51200
        infohash = await net.add(film.metainfo)
        items = await net.downloads(get_peers=1)
        await net.set_state(infohash, "stop")
        removed = await net.remove(infohash, with_data=False)
        daemon.key = key

        assert (await daemon.get("/api/downloads"))["downloads"] == []
    assert [("peers" in item, "pieces" in item) for item in items] == [(True, False)]
    assert removed == {"removed": True, "infohash": film.infohash}
    assert (film.folder / film.name).exists()


async def test_the_add_ons_of_browsers_and_media_centres_are_answered(start, film, tmp_path):
    async with start() as daemon, FirefoxAddOn(daemon) as firefox, KodiAddOn(daemon) as kodi:
        answer = await firefox.add(MAGNET, str(tmp_path / "firefox"))
        await put_file(daemon, film)
        await wait_for_state(daemon, film.infohash, "SEEDING")
        states = await kodi.states()

    assert answer == {"started": True, "infohash": GONE}
    assert states.keys() == {GONE, film.infohash}
    assert states[film.infohash] == "SEEDING"


async def test_the_web_interface_changes_one_thing_after_the_other(start, album):
    async with start() as daemon, WebInterface(daemon) as web:
        infohash = await web.upload(album.metainfo, anon_hops="0", safe_seeding="true", only_metadata="false")
        for change in (
            {"queue_position": "queue_top"},
            {"auto_managed": False},
            {"selected_files": [1]},
            {"upload_limit": 51200},
            {"seeding_ratio": 1.5},
            {"seeding_ratio_default": True},
            {"state": "stop"},
        ):
            assert await web.change(infohash, **change) == {"modified": True, "infohash": infohash}
        [item] = await wait_for(lambda: web.downloads(infohash, peers=1, pieces=1, availability=1))

    assert {"peers", "pieces", "availability"} <= item.keys()
    assert (item["upload_limit"], item["seeding_ratio"], item["user_stopped"]) == (51200, 2.0, True)
