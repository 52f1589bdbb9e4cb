"""Lists and conditional polls."""

import pytest

from tests.plugins.downloads.conftest import item_of, service, upload
from triblerd.testing import wait_for
from triblerd_downloads.answering import ROWS_AT_ONCE
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.testing import make_torrent

KEYS = {
    "name",
    "progress",
    "infohash",
    "speed_down",
    "speed_up",
    "status",
    "status_code",
    "size",
    "eta",
    "num_peers",
    "num_seeds",
    "num_connected_peers",
    "num_connected_seeds",
    "total_up",
    "total_down",
    "ratio",
    "trackers",
    "hops",
    "anon_download",
    "safe_seeding",
    "max_upload_speed",
    "max_download_speed",
    "destination",
    "availability",
    "total_pieces",
    "vod_mode",
    "error",
    "time_added",
    "channel_download",
    "category",
    "tags",
}


@pytest.fixture
def torrents(tmp_path):
    """Offer three torrents."""
    return [make_torrent(tmp_path, bytes([number]) * 20_000, name=f"film{number}") for number in range(3)]


async def settled(daemon):
    """Wait until the engine has every download."""
    downloads = service(daemon, Downloads)
    await wait_for(lambda: all(download.status for download in downloads.all()), what="the engine to have all")


async def test_a_row_has_every_documented_key(start_downloads, torrents):
    async with start_downloads(libtorrent={"max_upload_rate": 5000}) as daemon:
        await upload(daemon, torrents[0])
        await settled(daemon)

        item = await item_of(daemon, torrents[0].infohash)

    assert item.keys() == KEYS
    assert (item["max_upload_speed"], item["max_download_speed"]) == (5000, 0)
    assert (item["vod_mode"], item["channel_download"], item["error"]) == (None, False, "")
    assert item["eta"] > 1e6
    assert item["total_pieces"] == 2


async def test_a_poll_tells_only_what_is_new(start_downloads, torrents):
    first, second, third = torrents
    async with start_downloads() as daemon:
        for torrent in torrents[:2]:
            await upload(daemon, torrent)
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        await settled(daemon)
        everything = await daemon.get("/downloads?since=")
        await upload(daemon, third)
        await daemon.patch(f"/downloads/{first.infohash}", json={"upload_limit": 1000})
        await daemon.delete(f"/downloads/{second.infohash}", json={"remove_data": False})

        news = await daemon.get("/downloads", params={"since": everything["revision"]})
        plain = await daemon.request("GET", "/downloads")

    assert (everything["full"], everything["removed"]) == (True, [])
    assert [item["infohash"] for item in everything["downloads"]] == [first.infohash, second.infohash]
    assert {item["infohash"] for item in news["downloads"]} >= {first.infohash, third.infohash}
    assert (news["full"], news["removed"]) == (False, [second.infohash])
    assert plain.headers["x-revision"].partition("-")[0] == news["revision"].partition("-")[0]
    assert plain.json().keys() == {"downloads", "checkpoints"}


async def test_a_revision_of_an_earlier_life_gives_everything(start_downloads, torrents):
    async with start_downloads() as daemon:
        await upload(daemon, torrents[0])
        revision = (await daemon.get("/downloads?since="))["revision"]
    async with start_downloads() as daemon:
        answer = await daemon.get("/downloads", params={"since": revision})

    assert answer["full"] is True
    assert len(answer["downloads"]) == 1


async def test_nothing_new_is_an_empty_poll(start_downloads, torrents):
    async with start_downloads() as daemon:
        await upload(daemon, torrents[0])
        await daemon.patch(f"/downloads/{torrents[0].infohash}", json={"state": "stop"})
        await settled(daemon)

        async def quiet():
            revision = (await daemon.get("/downloads?since="))["revision"]
            return not (await daemon.get("/downloads", params={"since": revision}))["downloads"]

        await wait_for(quiet)


async def test_a_changed_rate_limit_shows_in_every_row(start_downloads, torrents):
    async with start_downloads("settings") as daemon:
        await upload(daemon, torrents[0])
        before = await item_of(daemon, torrents[0].infohash)
        await daemon.post("/settings", json={"libtorrent": {"max_download_rate": 7000}})

        after = await item_of(daemon, torrents[0].infohash)

    assert (before["max_download_speed"], after["max_download_speed"]) == (0, 7000)


async def test_a_long_list_arrives_whole_and_in_order(start_downloads):
    wanted = [f"{number:040x}" for number in range(1, 2 * ROWS_AT_ONCE + 10)]
    async with start_downloads() as daemon:
        for infohash in wanted:
            await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{infohash}"})

        answer = await daemon.request("GET", "/downloads")
        head = await daemon.request("HEAD", "/downloads")

    assert [item["infohash"] for item in answer.json()["downloads"]] == wanted
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["content-type"] == "application/json"
    assert head.body == b""
    assert head.status == 200
