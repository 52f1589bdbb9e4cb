import ipaddress

import pytest

from tests.plugins.libtorrent.conftest import QUIET
from triblerd.config import StoreConfig
from triblerd.errors import InvalidInputError
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_libtorrent.bans import MOST_BANS, Ban, open_bans
from triblerd_libtorrent.session import open_session
from triblerd_libtorrent.settings_pack import plain_settings
from triblerd_libtorrent.testing import Seeder


async def test_there_is_an_end_to_bans(tmp_path):
    first = int(ipaddress.ip_address("10.0.0.0"))
    async with Store(tmp_path / "store", StoreConfig(backup_interval=0)) as store:
        view = store.view("libtorrent")
        table = await view.table("banned", Ban)

        def fill(transaction):
            for number in range(MOST_BANS):
                transaction.put(table, f"{ipaddress.ip_address(first + number)}/32".encode(), Ban(1))

        await view.write(fill)
        bans = await open_bans(view)
        await bans.ban("10.0.0.0")  # which is there already

        with pytest.raises(InvalidInputError, match="There are 10000 banned addresses already"):
            await bans.ban("192.0.2.1")

        await bans.unban("10.0.0.0")
        await bans.ban("192.0.2.1")
        assert bans.banned()["192.0.2.1"] > 1


async def test_a_banned_peer_of_ipv6_is_not_met(start_engine, tmp_path):
    async with start_engine(listen_interface="::1") as bench:
        with Seeder(tmp_path / "seeder", host="::1") as seeder:
            torrent = seeder.seed_new(b"x" * 2_000_000)
            seeder.limit(200_000)
            await bench.engine.add(bench.wish(torrent))
            bench.swarm.connect_peer(torrent.infohash, "::1", seeder.port)
            await wait_for(lambda: bench.swarm.peers(torrent.infohash))

            await bench.bans.ban("::/64")

            await wait_for(lambda: is_alone(bench, torrent))
            assert not (await bench.row(torrent.infohash)).is_finished


async def is_alone(bench, torrent):
    return not await bench.swarm.peers(torrent.infohash)


async def test_bans_hold_in_the_plain_session_whichever_came_first(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(backup_interval=0)) as store:
        bans = await open_bans(store.view("libtorrent"))
        sessions = [await open_session(0, plain_settings(QUIET)) for _ in range(2)]
        bans.hold_in(sessions[0])
        await bans.ban("192.0.2.0/24")
        bans.hold_in(sessions[1])
        await bans.ban("2001:db8::1")
        filters = [session.raw.get_ip_filter() for session in sessions]
        for session in sessions:
            await session.close()
        await bans.unban("2001:db8::1")  # with nobody to tell

    for rules in filters:
        assert [rules.access(ip) for ip in ("192.0.2.255", "192.0.3.0", "2001:db8::1", "2001:db8::2")] == [1, 0, 1, 0]


async def test_an_address_is_banned_by_itself_or_with_its_network(tmp_path):
    async with Store(tmp_path / "store", StoreConfig(backup_interval=0)) as store:
        bans = await open_bans(store.view("libtorrent"))
        for ban in ("192.0.2.7", "198.51.100.0/24", "2001:db8::/32"):
            await bans.ban(ban)

        found = ["192.0.2.7", "198.51.100.200", "2001:db8:1::1", "::ffff:192.0.2.7"]
        others = ["192.0.2.8", "198.51.101.1", "2001:db9::1", "0.0.0.0"]
        assert [bans.is_banned(address) for address in (*found, *others)] == [True] * 4 + [False] * 4

        await bans.unban("198.51.100.0/24")
        assert not bans.is_banned("198.51.100.200")
