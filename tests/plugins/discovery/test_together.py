"""Two daemons find each other, search at each other, and tell each other which torrents are alive."""

from contextlib import asynccontextmanager

import msgspec

from tests.plugins.discovery.bare import port_of
from tests.plugins.discovery.torrents import add, now, store_of, torrent
from triblerd.testing import wait_for
from triblerd_discovery.api import RemoteQueryEnded, RemoteQueryResults
from triblerd_libtorrent.testing import Seeder
from triblerd_metadata.api import Checked, HealthUpdated


@asynccontextmanager
async def two_daemons(start_daemon, tmp_path, *plugins):
    async with start_daemon("discovery", "search", state_dir=tmp_path / "other") as other:
        bootstrap = {"ipv8": {"bootstrap": [f"127.0.0.1:{port_of(other)}"]}}
        async with start_daemon("discovery", "search", *plugins, state_dir=tmp_path / "own", config=bootstrap) as own:
            yield own, other


async def asked(daemon, **params):
    answer = await daemon.put("/search/remote", params=params)
    return answer if answer["peers"] else None


async def test_what_only_another_daemon_knows_is_found_there_and_can_be_downloaded(start_daemon, tmp_path):
    with Seeder(tmp_path / "seeder") as seeder:
        made = seeder.seed_new(b"content" * 9000, name="Rare film")
        infohash = str(made.infohash)
        async with two_daemons(start_daemon, tmp_path, "downloads") as (own, other):
            entry = msgspec.structs.replace(torrent(1, "Rare.film.2008"), infohash=bytes.fromhex(infohash))
            await add(other, entry)
            with own.events(RemoteQueryResults, RemoteQueryEnded) as events:
                search = await wait_for(lambda: asked(own, txt_filter="rare film"))
                found = await events.next()
                ended = await events.next()
            local = await own.get("/search", params={"txt_filter": "rare"})
            uri = f"magnet:?xt=urn:btih:{found.answer.results[0].infohash}&x.pe={seeder.address}"
            await own.put("/downloads", json={"uri": uri, "destination": str(tmp_path / "files")})
            await wait_for(lambda: _is_seeding(own, infohash))

    assert found.answer.uuid == ended.uuid == search["request_uuid"]
    assert (ended.answered, ended.asked) == (1, 1)
    assert [one["infohash"] for one in local["results"]] == [infohash]
    assert (tmp_path / "files" / "Rare film").read_bytes() == b"content" * 9000


async def _is_seeding(daemon, infohash):
    downloads = (await daemon.get("/downloads"))["downloads"]
    return [one["status"] for one in downloads if one["infohash"] == infohash] == ["SEEDING"]


async def test_a_check_of_one_daemon_makes_a_torrent_popular_at_another(start_daemon, tmp_path):
    async with two_daemons(start_daemon, tmp_path) as (own, other):
        entry = torrent(1, "Checked film", seeders=7, leechers=2, checked=now(), self_checked=True)
        await add(other, entry)
        check = Checked(infohash=entry.infohash.hex(), num_seeders=7, num_leechers=2, last_tracker_check=now())
        other.daemon.container.bus().publish(HealthUpdated(update=check))

        popular = await wait_for(lambda: _popular(own), 20)

        assert [(one["name"], one["num_seeders"], one["num_leechers"]) for one in popular] == [("Checked film", 7, 2)]
        assert not store_of(own).by_infohash(entry.infohash)[0].self_checked


async def _popular(daemon):
    return (await daemon.get("/metadata/torrents/popular"))["results"]
