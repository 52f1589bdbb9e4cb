"""A network of our daemons alone: what goes through it anonymously is paid for, to the byte."""

import asyncio
import os
import shutil
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.overlay.member import Member, join
from tests.plugins.bandwidth.owed import accounts, drawn, expected_drawing
from triblerd.testing import wait_for

MIB = 1 << 20
SIZE = 256 * MIB
HELPERS = ("exit", "relay", "other relay")
OWNERS = ("hidden seeder", "owner")
_DOWNLOAD_SECONDS = 900.0
_LEDGER_SECONDS = 120.0
"""Every ledger asks once a second, and is answered once in ten."""


@asynccontextmanager
async def paying_daemons(network, folder):
    """Run a network in which everybody pays, and yield the daemons by their names when all know each other."""
    async with AsyncExitStack() as stack:
        members: dict[str, Member] = {}
        for name in (*HELPERS, *OWNERS):
            (folder / name).mkdir()
            known = [await member.address() for member in members.values()]
            members[name] = await stack.enter_async_context(
                join(
                    network,
                    folder / name,
                    "bandwidth",
                    "trustview",
                    ipv8={"bootstrap": [f"{host}:{port}" for host, port in known]},
                    tunnel_community={"exitnode_enabled": name == "exit"},
                    tunnels={"max_joined_circuits": 0 if name in OWNERS else 100},
                    bandwidth_accounting={"payouts": True, "outgoing_query_interval": 1},
                )
            )
        await wait_for(lambda: all_know_all(members), 60, what="each other")
        yield members


async def all_know_all(members):
    for member in members.values():
        peers = (await member.get("/ipv8/tunnel/peers"))["peers"]
        overlays = (await member.get("/ipv8/overlays"))["overlays"]
        ledger = next(one for one in overlays if one["overlay_name"] == "BandwidthCommunity")
        if len(ledger["peers"]) < len(members) - 1 or sum(bool(peer["flags"]) for peer in peers) < len(HELPERS) - 1:
            return False
    return True


async def seed_hidden(daemon, torrent):
    """Have a daemon seed what it has, as a hidden service alone."""
    daemon.saved.mkdir(exist_ok=True)
    await asyncio.to_thread(shutil.copyfile, torrent.folder / torrent.name, daemon.saved / torrent.name)
    file = daemon.saved.parent / "hidden.torrent"
    file.write_bytes(torrent.metainfo)
    await daemon.add(file.as_uri(), hops=1)
    await daemon.wait_for_status(torrent, "SEEDING", limit_seconds=_DOWNLOAD_SECONDS)


@pytest.mark.soak
async def test_256_mib_each_over_one_and_two_hops_and_from_a_hidden_seeder_are_paid_for_to_the_byte(
    network, plain_seeder, tmp_path
):
    torrents = [plain_seeder.seed_new(os.urandom(SIZE), name=name) for name in ("one hop", "two hops", "hidden")]
    async with paying_daemons(network, tmp_path) as members, accounts(members, *OWNERS) as paid:
        seeder, owner = (members[name] for name in OWNERS)
        for hops, torrent in enumerate(torrents[:2], start=1):
            await owner.add(plain_seeder.magnet(torrent), hops=hops)
            await owner.wait_for_progress(torrent, 1.0, _DOWNLOAD_SECONDS)
        plain_seeder.close()
        await seed_hidden(seeder, torrents[2])
        await owner.add(torrents[2].magnet, hops=1)
        await owner.wait_for_progress(torrents[2], 1.0, _DOWNLOAD_SECONDS)
        unharmed = [torrent.name for torrent in torrents if owner.has(torrent)]
        await paid.turn_tunnels_off_and_on()

        debts, expected = paid.debts(), paid.expected_figures()
        await wait_until_equal(paid.figures, expected)
        for name in ("owner", *HELPERS):
            await wait_until_equal(lambda name=name: drawn(members[name]), expected_drawing(paid.ids[name], debts))
        received = sum(size for _, _, size in paid.watches["owner"].used())
        given = sum(size for _, _, size in paid.watches["hidden seeder"].used())

    assert unharmed == ["one hop", "two hops", "hidden"]
    assert 3 * SIZE < received < 3 * SIZE * 1.25
    assert SIZE < given < SIZE * 1.25


async def wait_until_equal(look, expected):
    """Wait until what is looked at is as expected; after that it has to stay so, since there is nothing left to pay."""
    try:
        await wait_for(lambda: is_equal(look, expected), _LEDGER_SECONDS)
    except TimeoutError:
        assert await look() == expected


async def is_equal(look, expected):
    return await look() == expected
