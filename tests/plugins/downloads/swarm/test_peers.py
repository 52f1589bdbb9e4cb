"""Peers of a download: added, listed, dropped, banned; real ones on several addresses of this machine."""

import random

import pytest

from tests.plugins.downloads.conftest import item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import PeerBans, TorrentEngine
from triblerd_libtorrent.testing import Seeder, make_torrent

SLOW = 200_000
"""Bytes a second."""


@pytest.fixture
def film():
    return random.Random(4).randbytes(2_000_000)


@pytest.fixture
def seeders(tmp_path):
    """Offer two peers, on addresses of their own."""
    with Seeder(tmp_path / "first", host="127.0.0.2") as first, Seeder(tmp_path / "second", host="127.0.0.3") as second:
        yield first, second


async def test_data_come_from_an_added_peer(start_downloads, seeder, tmp_path, film):
    torrent = seeder.seed_new(film, name="film")
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/peers"

        answer = await daemon.put(path, json={"ip": seeder.host, "port": seeder.port})

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
    assert answer == {"added": True}
    assert (tmp_path / "saved" / "film").read_bytes() == film


async def test_connected_peers_are_listed_with_where_they_come_from(start_downloads, seeders, film):
    seeder, _ = seeders
    torrent = seeder.seed_new(film, name="film", private=True)
    seeder.limit(SLOW)
    async with start_downloads() as daemon:
        await upload(daemon, torrent)
        await meet(daemon, torrent, seeder)

        (peer,) = await wait_for(lambda: peers_of(daemon, torrent))
        (listed,) = (await item_of(daemon, torrent.infohash, get_peers=1))["peers"]

    assert peer["ip"] == "127.0.0.2"
    assert peer["port"] == seeder.port
    assert peer["connection_type"] == 0
    assert not any(peer[key] for key in ("from_dht", "from_pex", "from_lsd"))
    assert peer.keys() == listed.keys()


async def test_an_added_peer_is_met_again_after_a_kill(daemon_process, seeder, tmp_path, film):
    torrent = seeder.seed_new(film, name="film")
    seeder.limit(1000)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process("downloads", config=config) as daemon:
        await upload(daemon, torrent)
        await meet(daemon, torrent, seeder)
        daemon.kill()
        await daemon.start()
        seeder.limit(0)

        await wait_for_status(daemon, torrent.infohash, "SEEDING")


async def test_a_peer_that_a_magnet_names_counts_as_added_when_the_link_has_served(start_downloads, seeder, film):
    torrent = seeder.seed_new(film, name="film")
    async with start_downloads() as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        record = service(daemon, Downloads).get(torrent.infohash).record

    assert (record.magnet, record.swarm.peers) == ("", ((seeder.host, seeder.port),))


async def test_a_dropped_peer_is_gone_and_not_met_again(start_downloads, seeders, film):
    seeder, other = seeders
    torrent = seeder.seed_new(film, name="film")
    other.seed_new(film, name="film")
    seeder.limit(SLOW)
    other.limit(SLOW)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/peers"
        await meet(daemon, torrent, seeder)
        await meet(daemon, torrent, other)
        await wait_for(lambda: are_connected(daemon, torrent, "127.0.0.2", "127.0.0.3"))

        answer = await daemon.delete(path, json={"ip": "127.0.0.2"})

        assert answer == {"dropped": True, "banned": False}
        assert await are_connected(daemon, torrent, "127.0.0.3")
        assert service(daemon, PeerBans).banned() == {}
    seeder.close()  # it may come by itself
    async with start_downloads() as daemon:
        await wait_for(lambda: are_connected(daemon, torrent, "127.0.0.3"))


async def test_a_banned_peer_serves_nothing_any_more_also_after_a_kill(daemon_process, seeders, tmp_path, film):
    banned, other = seeders
    torrent = banned.seed_new(film, name="film")
    other.seed_new(film, name="film")
    banned.limit(SLOW)
    config = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process("downloads", config=config) as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/peers"
        await meet(daemon, torrent, banned)
        await wait_for(lambda: are_connected(daemon, torrent, "127.0.0.2"))

        answer = await daemon.delete(path, json={"ip": "127.0.0.2", "ban": True})

        assert answer == {"dropped": True, "banned": True}
        assert await peers_of(daemon, torrent) == []
        daemon.kill()
        await daemon.start()
        other.limit(SLOW)
        await meet(daemon, torrent, banned)
        await meet(daemon, torrent, other)
        await wait_for(lambda: are_connected(daemon, torrent, "127.0.0.3"))
        (ban,) = (await daemon.get("/banned_peers"))["banned_peers"]
        assert ban["ip"] == "127.0.0.2"

        await daemon.delete("/banned_peers", json={"ip": "127.0.0.2"})
        await meet(daemon, torrent, banned)
        await wait_for(lambda: are_connected(daemon, torrent, "127.0.0.2", "127.0.0.3"))


async def test_bans_are_listed_and_taken_back(start_downloads):
    written = {"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.2": "192.0.2.2", "198.51.100.7/24": "198.51.100.0/24"}
    written |= {
        "2001:DB8:0::1": "2001:db8::1",
        "2001:db8:1::/48": "2001:db8:1::/48",
        "::ffff:10.0.0.0/104": "10.0.0.0/8",
    }
    async with start_downloads() as daemon:
        for ip in (*written, "192.0.2.1"):
            assert await daemon.put("/banned_peers", json={"ip": ip}) == {"banned": True}
    async with start_downloads() as daemon:
        listed = (await daemon.get("/banned_peers"))["banned_peers"]
        for ip in (*written, "203.0.113.1"):
            assert await daemon.delete("/banned_peers", json={"ip": ip}) == {"unbanned": True}
        left = await daemon.get("/banned_peers")

    assert {ban["ip"] for ban in listed} == set(written.values())
    assert all(ban["since"] > 1_600_000_000 for ban in listed)
    assert left == {"banned_peers": []}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "ip parameter missing"),
        ({"ip": ""}, "ip parameter missing"),
        ({"ip": 7}, "ip must be a text, not 7"),
        ({"ip": "host.example"}, "ip must be an address or a network of IPv4 or IPv6, not 'host.example'"),
        ({"ip": "192.0.2.1/33"}, "ip must be an address or a network of IPv4 or IPv6, not '192.0.2.1/33'"),
        ({"ip": "fe80::1%lo"}, "ip must not name a network device, as 'fe80::1%lo' does"),
    ],
)
async def test_what_is_no_address_is_not_banned(start_downloads, method, body, error):
    async with start_downloads() as daemon:
        assert await daemon.call(method, "/banned_peers", json=body, status=400) == {"error": error}
        assert await daemon.get("/banned_peers") == {"banned_peers": []}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"port": 1}, "ip parameter missing"),
        ({"ip": "127.0.0.1"}, "port parameter missing"),
        ({"ip": "localhost", "port": 1}, "ip must be an address of IPv4 or IPv6, not 'localhost'"),
        ({"ip": "127.0.0.0/8", "port": 1}, "ip must be an address of IPv4 or IPv6, not '127.0.0.0/8'"),
        ({"ip": "0.0.0.0", "port": 1}, "ip must be the address of one peer, not '0.0.0.0'"),
        ({"ip": "ff02::1", "port": 1}, "ip must be the address of one peer, not 'ff02::1'"),
        ({"ip": "fe80::1%lo", "port": 1}, "ip must not name a network device, as 'fe80::1%lo' does"),
        ({"ip": 2130706433, "port": 1}, "ip must be a text, not 2130706433"),
        ({"ip": "127.0.0.1", "port": 0}, "port must be a number from 1 to 65535, not 0"),
        ({"ip": "127.0.0.1", "port": 65536}, "port must be a number from 1 to 65535, not 65536"),
        ({"ip": "127.0.0.1", "port": "1"}, "port must be a number from 1 to 65535, not 1"),
        ({"ip": "127.0.0.1", "port": True}, "port must be a number from 1 to 65535, not True"),
    ],
)
async def test_what_is_no_peer_is_not_added(start_downloads, tmp_path, body, error):
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/peers"

        assert await daemon.put(path, json=body, status=400) == {"error": error}


async def test_a_torrent_that_the_engine_lacks_takes_no_peer(start_downloads, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    async with start_downloads() as daemon:
        path = f"/downloads/{await upload(daemon, torrent)}/peers"
        engine = service(daemon, TorrentEngine)
        await wait_for(lambda: engine.has(torrent.infohash))
        await engine.remove(torrent.infohash)

        answer = await daemon.put(path, json={"ip": "127.0.0.1", "port": 9}, status=500)
        listed = await daemon.get(path)
        dropped = await daemon.delete(path, json={"ip": "127.0.0.1"})

    assert answer["error"]["code"] == "NotRunningError"
    assert listed == {"peers": []}
    assert dropped == {"dropped": True, "banned": False}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_download_that_is_not_there_has_no_peers(start_downloads, method):
    body = {"ip": "127.0.0.1", "port": 9}
    async with start_downloads() as daemon:
        missing = await daemon.call(method, f"/downloads/{'0' * 40}/peers", json=body, status=404)
        rubbish = await daemon.call(method, "/downloads/xyz/peers", json=body, status=400)

    assert missing == {"error": "this download does not exist"}
    assert rubbish == {"error": "Invalid infohash"}


async def meet(daemon, torrent, seeder):
    """Add a peer to a download."""
    await daemon.put(f"/downloads/{torrent.infohash}/peers", json={"ip": seeder.host, "port": seeder.port})


async def peers_of(daemon, torrent):
    """Return the connected peers of a download."""
    return (await daemon.get(f"/downloads/{torrent.infohash}/peers"))["peers"]


async def are_connected(daemon, torrent, *hosts):
    """Return whether exactly these addresses are connected."""
    return {peer["ip"] for peer in await peers_of(daemon, torrent)} == set(hosts)
