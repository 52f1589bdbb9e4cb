"""Checks that clients ask for: who is asked, what is stored, what is told."""

import asyncio
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from tests.carrier import CARRIER
from tests.plugins.catalog import CATALOG_SIZE, copy_catalog
from tests.plugins.metadata.health.dht_network import dht_network
from tests.trackers import http_tracker, udp_tracker
from triblerd.testing import wait_for
from triblerd_libtorrent.api import Infohash, Metainfo, PeerBans, TorrentEngine
from triblerd_libtorrent.testing import Seeder
from triblerd_metadata.api import Health, MetadataStore, NewEntry
from triblerd_metadata.health.blacklist import FILE_NAME
from triblerd_metadata.testing import make_torrents
from triblerd_torrentinfo.api import TorrentLookedUp

HASH = bytes(range(1, 21))
PATH = f"/metadata/torrents/{HASH.hex()}/health"
TOPIC = "channel_entity_updated"


@pytest.fixture
def start(start_daemon):
    """Run a daemon with a metadata store and an engine, and what else is named."""

    @asynccontextmanager
    async def start(*plugins, **config):
        config["metadata"] = {"remember_own": False}
        async with start_daemon("metadata", "libtorrent", "events", *plugins, config=config) as daemon:
            yield daemon

    return start


def store_of(daemon):
    return daemon.daemon.container.services().find(MetadataStore)


async def remember(daemon, *trackers, infohash=HASH, **health):
    entry = NewEntry(title="Big Buck Bunny", infohash=infohash, size=7, trackers=trackers, **health)
    [added] = await store_of(daemon).add([entry])
    assert added.outcome == "added"
    assert list(added.entry.trackers) == list(trackers)


def place(tracker):
    return tracker.url if tracker.url.startswith("http") else tracker.url.removesuffix("/announce")


async def check(daemon, path=PATH, **params):
    """Ask for a check; return the numbers of the events that come of it, until one has a checked torrent."""
    async with daemon.stream() as stream:
        await stream.next("events_start")
        assert await daemon.get(path, params=params) == {"checking": True}
        return (await stream.next(TOPIC))["args"][0]


def numbers(update):
    return update["num_seeders"], update["num_leechers"]


@pytest.mark.parametrize("kind", [udp_tracker, http_tracker])
async def test_the_outcome_of_a_check_is_told_and_stored(start, kind):
    before = int(time.time())
    async with kind() as tracker, start() as daemon:
        await remember(daemon, place(tracker))

        update = await check(daemon)
        [entry] = store_of(daemon).by_infohash(HASH)

    assert update == {
        "infohash": HASH.hex(),
        "num_seeders": 3,
        "num_leechers": 2,
        "last_tracker_check": update["last_tracker_check"],
        "health": "updated",
    }
    assert before <= update["last_tracker_check"] <= time.time()
    assert (entry.seeders, entry.leechers, entry.self_checked) == (3, 2, True)
    assert entry.checked == update["last_tracker_check"]
    assert tracker.scrapes == [[HASH.hex()]]


async def test_in_a_store_of_100000_torrents_any_of_them_can_be_checked(start, catalog_folder, tmp_path):
    copy_catalog(catalog_folder, tmp_path / "state")
    torrent = make_torrents(CATALOG_SIZE // 2)[-1]
    async with udp_tracker() as tracker, start() as daemon:
        store = store_of(daemon)
        tracker_told = Health(infohash=torrent.infohash, checked=int(time.time()) - 9, tracker=place(tracker))
        await store.report_health([msgspec.structs.replace(tracker_told, seeders=torrent.seeders + 1)])
        tracker.seeds = torrent.seeders + 1000

        update = await check(daemon, f"/metadata/torrents/{torrent.infohash.hex().upper()}/health")

    assert numbers(update) == (tracker.seeds, 2)
    assert tracker.scrapes == [[torrent.infohash.hex()]]


async def test_of_several_trackers_the_one_that_knows_most_counts(start):
    async with udp_tracker() as one, http_tracker() as other, udp_tracker() as empty, start() as daemon:
        other.seeds, other.leeches = 70, 1
        empty.seeds = empty.leeches = 0
        await remember(daemon, place(one), place(other), place(empty))
        async with daemon.stream() as stream:
            await daemon.get(PATH)
            told = [(await stream.next(TOPIC))["args"][0]]
            while numbers(told[-1]) != (70, 1):
                told.append((await stream.next(TOPIC))["args"][0])
        [entry] = store_of(daemon).by_infohash(HASH)

    assert (0, 0) not in [numbers(update) for update in told]
    assert (entry.seeders, entry.leechers) == (70, 1)


async def test_zeros_are_an_outcome_when_nobody_knows_more(start):
    async with udp_tracker() as tracker, start() as daemon:
        tracker.seeds = tracker.leeches = 0
        await remember(daemon, place(tracker), seeders=9, leechers=9, checked=1000)

        update = await check(daemon)
        [entry] = store_of(daemon).by_infohash(HASH)

    assert numbers(update) == (0, 0)
    assert entry.self_checked


async def test_when_nobody_answers_the_store_keeps_what_it_has_and_the_client_is_told(start):
    async with udp_tracker() as silent, http_tracker() as refusing, start() as daemon:
        silent.is_silent, refusing.failure = True, "not registered"
        await remember(daemon, place(silent), place(refusing), seeders=9, leechers=8, checked=1000)

        update = await check(daemon, timeout=1)
        [entry] = store_of(daemon).by_infohash(HASH)

    assert update == {
        "infohash": HASH.hex(),
        "num_seeders": 9,
        "num_leechers": 8,
        "last_tracker_check": 1000,
        "health": "updated",
    }
    assert not entry.self_checked


async def test_a_check_that_finds_fewer_than_a_fresh_one_reports_the_fresh_one(start):
    async with udp_tracker() as tracker, start() as daemon:
        await remember(daemon, place(tracker))
        await check(daemon)
        tracker.seeds = 1

        assert numbers(await check(daemon)) == (3, 2)

    assert len(tracker.scrapes) == 2


async def test_checks_that_are_asked_for_at_once_are_one(start):
    async with udp_tracker() as tracker, start() as daemon:
        await remember(daemon, place(tracker))
        tracker.is_silent = True
        async with daemon.stream() as stream:
            await stream.next("events_start")
            answers = await asyncio.gather(*[daemon.get(PATH) for _ in range(20)])
            tracker.is_silent = False
            await stream.next(TOPIC)

    assert answers == [{"checking": True}] * 20
    assert len(tracker.scrapes) == 1


async def test_nobody_is_asked_about_a_torrent_that_the_store_does_not_have(start):
    async with udp_tracker() as tracker, start() as daemon:
        await remember(daemon, place(tracker))

        assert await daemon.get(f"/metadata/torrents/{'ab' * 20}/health") == {"checking": True}
        await check(daemon)

    assert tracker.scrapes == [[HASH.hex()]]


async def test_trackers_of_the_blacklist_are_not_asked(start):
    async with udp_tracker() as bad, udp_tracker() as good, start() as daemon:
        (daemon.state_dir / FILE_NAME).write_text(bad.url)
        bad.seeds = 1000
        await remember(daemon, place(bad), place(good))

        assert numbers(await check(daemon)) == (3, 2)

    assert not bad.scrapes


@pytest.mark.parametrize("kind", [udp_tracker, http_tracker])
@pytest.mark.parametrize("ban", ["127.0.0.1", "127.0.0.0/24"])
async def test_a_tracker_at_a_banned_address_is_not_asked(start, kind, ban):
    async with kind() as tracker, start() as daemon:
        await remember(daemon, place(tracker), place(tracker).replace("127.0.0.1", "localhost"))
        bans = daemon.daemon.container.services().find(PeerBans)
        await bans.ban(ban)
        assert numbers(await check(daemon)) == (0, 0)

        await bans.unban(ban)
        assert numbers(await check(daemon)) == (3, 2)


async def test_peers_that_only_the_dht_knows_are_counted(start):
    async with dht_network(9) as network, start(libtorrent={"dht": True}) as daemon:
        session = daemon.daemon.container.services().find(TorrentEngine)._session(0)
        session.raw.apply_settings({"dht_bootstrap_nodes": "", "dht_ignore_dark_internet": False})
        for address in network.addresses:
            session.raw.add_dht_node(address)
        await remember(daemon)

        async def is_counted():
            network.announce(HASH, seeds=range(3), others=[3])
            await asyncio.sleep(0.5)  # a node is asked few questions at a time
            return numbers(await check(daemon)) == (3, 1)

        await wait_for(is_counted, what="the peers of the DHT")


async def test_peers_of_our_own_download_are_counted(start, tmp_path):
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = seeder.seed_new(b"x" * 100_000)
        async with start("downloads", download_defaults={"saveas": str(tmp_path)}) as daemon:
            infohash = bytes.fromhex(torrent.infohash)
            await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
            await remember(daemon, infohash=infohash)

            async def is_counted():
                return numbers(await check(daemon, f"/metadata/torrents/{torrent.infohash}/health")) == (1, 0)

            await wait_for(is_counted, what="the seeder")


async def test_what_our_own_download_knows_is_the_least_and_alone_no_check(start, tmp_path):
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = seeder.seed_new(b"x" * 100_000)
        infohash = bytes.fromhex(torrent.infohash)
        path = f"/metadata/torrents/{torrent.infohash}/health"
        async with udp_tracker() as tracker, start("downloads", download_defaults={"saveas": str(tmp_path)}) as daemon:
            tracker.seeds = tracker.leeches = 0
            engine = daemon.daemon.container.services().find(TorrentEngine)
            await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
            await wait_for(lambda: (row := engine.status(Infohash(torrent.infohash))) and row.list_seeds)
            await remember(daemon, infohash=infohash, seeders=500, leechers=9, checked=int(time.time()))

            assert numbers(await check(daemon, path)) == (500, 9)
            assert not store_of(daemon).by_infohash(infohash)[0].self_checked

            told = Health(infohash=infohash, seeders=501, checked=int(time.time()), tracker=place(tracker))
            await store_of(daemon).report_health([told])
            assert numbers(await check(daemon, path)) == (1, 0)


async def test_nobody_is_asked_about_a_private_download(start, tmp_path):
    with Seeder(tmp_path / "seeder") as seeder:
        torrent = seeder.seed_new(b"x" * 100, private=True)
        async with udp_tracker() as tracker, start("downloads", download_defaults={"saveas": str(tmp_path)}) as daemon:
            file = tmp_path / "a.torrent"
            file.write_bytes(torrent.metainfo)
            await daemon.put("/downloads", json={"uri": file.as_uri()})
            await remember(daemon, place(tracker), infohash=bytes.fromhex(torrent.infohash))

            await check(daemon, f"/metadata/torrents/{torrent.infohash}/health")

    assert not tracker.scrapes


async def test_nobody_is_asked_about_an_anonymous_download_that_waits_for_its_tunnels(start_daemon, tmp_path):
    config = {
        "metadata": {"remember_own": False},
        "download_defaults": {"saveas": str(tmp_path), "anonymity_enabled": False},
    }
    plugins = ("metadata", "downloads", "events", "carrier")
    async with (
        udp_tracker() as tracker,
        start_daemon(*plugins, config=config, extra_plugins=[CARRIER]) as daemon,
    ):
        wish = {"uri": f"magnet:?xt=urn:btih:{HASH.hex()}", "anon_hops": 1, "safe_seeding": True}
        await daemon.put("/downloads", json=wish)
        await daemon.patch("/plugins/carrier", json={"enabled": False})
        await remember(daemon, place(tracker))

        await check(daemon)

    assert not tracker.scrapes


async def test_an_anonymous_download_is_asked_about_through_its_tunnels(start_daemon, tmp_path):
    config = {"metadata": {"remember_own": False}, "download_defaults": {"saveas": str(tmp_path)}}
    plugins = ("metadata", "downloads", "events", "carrier")
    async with (
        udp_tracker() as tracker,
        start_daemon(*plugins, config=config, extra_plugins=[CARRIER]) as daemon,
    ):
        wish = {"uri": f"magnet:?xt=urn:btih:{HASH.hex()}", "anon_hops": 1, "safe_seeding": True}
        await daemon.put("/downloads", json=wish)
        await remember(daemon, place(tracker))

        assert numbers(await check(daemon)) == (3, 2)

    assert {address for address, _ in tracker.visitors} == {"127.0.0.71"}


@pytest.mark.parametrize(("hops", "asked"), [(0, True), (1, False)])
async def test_what_was_looked_up_through_tunnels_is_not_asked_about_in_the_clear(start_daemon, hops, asked):
    async with udp_tracker() as tracker, start_daemon("metadata", "torrentinfo", "events") as daemon:
        metainfo = Metainfo(
            raw=b"",
            infohash=Infohash(HASH.hex()),
            infohash_v1=HASH.hex(),
            infohash_v2="",
            name="Sintel",
            size=7,
            piece_length=16384,
            total_pieces=1,
            files=(),
            is_multi_file=False,
            is_private=False,
            trackers=((tracker.url,),),
        )
        daemon.daemon.container.bus().publish(TorrentLookedUp(metainfo=metainfo, for_store=True, hops=hops))
        await wait_for(lambda: store_of(daemon).by_infohash(HASH))

        await check(daemon)

    assert bool(tracker.scrapes) is asked


async def test_without_the_engine_nobody_is_asked(start_daemon):
    async with udp_tracker() as tracker, start_daemon("metadata", "events") as daemon:
        await remember(daemon, place(tracker))

        assert numbers(await check(daemon)) == (0, 0)

    assert not tracker.scrapes


async def test_when_the_checker_is_off_nothing_is_checked(start):
    async with udp_tracker() as tracker, start(torrent_checking={"enabled": False}) as daemon:
        await remember(daemon, place(tracker))

        assert await daemon.get(PATH) == {"checking": False}

    assert not tracker.scrapes


async def test_head_starts_nothing(start):
    async with udp_tracker() as tracker, start() as daemon:
        await remember(daemon, place(tracker))

        answer = await daemon.request("HEAD", PATH)
        await check(daemon)

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == "application/json"
    assert len(tracker.scrapes) == 1


@pytest.mark.parametrize("seconds", ["x", "", "1.5", "0", "-1", "121", "9" * 5000])
async def test_a_timeout_that_is_none_is_refused(start, seconds):
    async with start() as daemon:
        answer = await daemon.get(PATH, params={"timeout": seconds}, status=400)

    assert list(answer) == ["error"]
    assert answer["error"].startswith("Error processing timeout parameter: ")
    assert len(answer["error"]) < 200


@pytest.mark.parametrize("seconds", ["1", "120"])
async def test_a_timeout_within_the_limits_is_taken(start, seconds):
    async with start() as daemon:
        assert await daemon.get(PATH, params={"timeout": seconds}) == {"checking": True}


@pytest.mark.parametrize("infohash", ["x", "ab" * 19, "ab" * 21, "zz" * 20, "ab" * 32])
async def test_an_infohash_that_is_none_is_refused(start, infohash):
    async with start() as daemon:
        answer = await daemon.get(f"/metadata/torrents/{infohash}/health", status=400)

    assert answer == {"error": "Invalid infohash"}


async def test_a_check_that_runs_does_not_delay_the_end_of_the_daemon(start):
    async with udp_tracker() as tracker, start() as daemon:
        tracker.is_silent = True
        await remember(daemon, place(tracker))
        await daemon.get(PATH, params={"timeout": 120})

        await daemon.stop()  # which has a limit
