"""Programs that look for torrents, with their own requests and their own rules for reading the answers."""

from tests.contrib.tribler8.clients.event_source import event_source
from tests.contrib.tribler8.clients.searching import MetaFeeder, TriblerGD, TriblerRs, found
from tests.contrib.tribler8.downloads.conftest import album, put_file, start, start_downloads
from tests.plugins.discovery.test_together import two_daemons
from tests.plugins.discovery.torrents import add, torrent
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import seeder

__all__ = ["album", "seeder", "start", "start_downloads"]


async def test_meta_feeder_makes_a_feed_of_what_is_here_and_of_what_peers_answer(start_daemon, tmp_path):
    """It takes a stream that is silent for 20 seconds for the end of a search: no answer may come late or be lost."""
    async with two_daemons(start_daemon, tmp_path, "events", "tribler8") as (own, other), MetaFeeder(own) as feeder:
        await add(own, torrent(1, "near film", category="Video"))
        await add(other, torrent(2, "far film", category="Video", trackers=("udp://tracker.example:6969",)))
        async with event_source(own) as events:
            await events.next("events_start")
            near = await feeder.search("film")

            async def asked():
                uuid, peers = await feeder.ask_peers("film")
                return uuid if peers else None

            uuid = await wait_for(asked)
            _, answer = await events.next("remote_query_results")
        far = [found(one) for one in answer["results"]]

    assert [one["name"] for one in near] == ["near film"]
    assert (answer["uuid"], answer.keys() >= {"results", "uuid", "peer"}) == (uuid, True)
    assert [(one["name"], one["trackers"]) for one in far] == [("far film", ["udp://tracker.example:6969"])]


async def test_meta_feeder_looks_into_a_magnet_link(start, seeder):
    made = seeder.seed_new({"a.mkv": b"a" * 20_000, "b.txt": b"b"}, name="film")
    async with start("torrentinfo") as daemon, MetaFeeder(daemon) as feeder:
        name, files = await feeder.look_into(seeder.magnet(made))

    assert (name, files) == ("film", [("a.mkv", 20_000), ("b.txt", 1)])


async def test_a_desktop_client_reads_every_area_without_a_content_type(start, album):
    async with start("metadata", "search", "statistics", "settings") as daemon, TriblerGD(daemon) as client:
        await add(daemon, torrent(1, "big film", seeders=3))
        results = await client.search("film")
        figures = (await client.send("GET", "/api/statistics/tribler"))["tribler_statistics"]
        popular = await client.send("GET", "/api/metadata/torrents/popular")
        settings = (await client.send("GET", "/api/settings"))["settings"]
        settings["libtorrent"]["max_download_rate"] = 0.0  # every number is a float there
        settings["libtorrent"]["port"] = 0.0
        changed = await client.send("POST", "/api/settings", settings)
        added = await client.send("PUT", "/api/downloads", {"uri": album.magnet, "anon_hops": 0.0})
        paths = [f"/api/downloads/{added['infohash']}"]
        stopped = await client.send("PATCH", paths[0], {"state": "stop"})
        removed = await client.send("DELETE", paths[0], {"remove_data": False})

    assert [(one["name"], results["total"]) for one in results["results"]] == [("big film", 1)]
    assert figures["num_torrents"] == 1
    assert popular["results"] == []
    assert changed == {"modified": True}
    assert (stopped["modified"], removed["removed"]) == (True, True)


async def test_a_command_line_lists_and_completes_at_unprefixed_paths(start, album):
    async with start("metadata", "search") as daemon, TriblerRs(daemon) as client:
        await add(daemon, torrent(1, "big film"))
        await put_file(daemon, album)
        items = await client.downloads()
        completions = await client.completions("big f")

    assert items == [("album", 40_000, 0.0)]
    assert completions == ["big film"]
