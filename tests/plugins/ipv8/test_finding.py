"""Nodes find each other."""

import logging

import pytest
from ipv8.messaging.interfaces.lan_addresses.interfaces import get_providers

from tests.plugins.ipv8.conftest import node_of, peers_of
from tests.plugins.ipv8.neighbour import Neighbour
from triblerd.testing import wait_for
from triblerd_ipv8.config import PUBLIC_SERVERS, Ipv8Config
from triblerd_ipv8.introducers import Introducers, Introductions

ONE_EACH = {"DiscoveryCommunity": 1, "DHTDiscoveryCommunity": 1}


async def test_two_daemons_find_each_other_through_a_bootstrap_list(start_overlay):
    first = await start_overlay("first")
    second = await start_overlay("second", bootstrap=[f"localhost:{node_of(first).port}"])

    await wait_for(lambda: peers_of(node_of(first)) == ONE_EACH, what="the second daemon")
    await wait_for(lambda: peers_of(node_of(second)) == ONE_EACH, what="the first daemon")


async def test_a_daemon_hears_of_others_from_the_one_that_it_knows(start_overlay, neighbour):
    async with Neighbour() as stranger:
        stranger.walk_to(neighbour.port)
        await wait_for(neighbour.discovery.get_peers, what="the stranger to be known")
        daemon = await start_overlay(bootstrap_override=f"127.0.0.1:{neighbour.port}", bootstrap=["127.0.0.1:9"])

        await wait_for(lambda: peers_of(node_of(daemon))["DiscoveryCommunity"] == 2, what="the stranger")


async def test_in_private_nobody_looks_for_other_addresses_of_the_machine(start_overlay, neighbour):
    looked = [provider.addresses_ts for provider in get_providers()]
    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"])
    await wait_for(lambda: peers_of(node_of(daemon)) == ONE_EACH, what="the neighbour")
    async with Neighbour() as other:
        other.walk_to(node_of(daemon).port)
        await wait_for(lambda: peers_of(node_of(daemon))["DiscoveryCommunity"] == 2, what="an introduction")

    assert [provider.addresses_ts for provider in get_providers()] == looked
    for overlay in node_of(daemon).overlays:
        assert overlay.guess_address("UDPIPv4") == ("127.0.0.1", node_of(daemon).port)
        assert overlay.address_is_lan("127.0.0.1")


async def test_who_comes_later_than_we_ask_is_found_all_the_same(start_overlay):
    async with Neighbour() as early:
        port = early.port
    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{port}"], walk_interval=0.02)
    sent = await wait_for(lambda: node_of(daemon).traffic.sent, what="the first question")

    async with Neighbour(port):
        await wait_for(lambda: peers_of(node_of(daemon)) == ONE_EACH, what="the neighbour")

    assert sent


async def test_without_an_introducer_nobody_is_asked(start_overlay, neighbour):
    daemon = await start_overlay()

    neighbour.walk_to(node_of(daemon).port)
    await wait_for(lambda: peers_of(node_of(daemon)) == ONE_EACH, what="the neighbour, who asks us")

    assert node_of(daemon).introducers.addresses == []


async def test_the_public_servers_are_asked_and_are_no_peers(start_overlay):
    daemon = await start_overlay()
    overlay = node_of(daemon).overlays[0]
    servers = Introducers(["127.0.0.1:9", *PUBLIC_SERVERS], walk_interval=0.5)

    introductions = Introductions(servers)

    assert len(introductions.blacklist()) == 13  # those that are addresses, names are not resolved yet
    assert not {server for server in introductions.blacklist() if server[0] == "127.0.0.1"}
    assert await introductions.initialize(overlay) is introductions.initialized is True
    assert servers.pause == 30


async def test_what_is_no_introducer_is_left_out_with_a_word(caplog):
    caplog.set_level(logging.INFO)

    servers = Introducers(["127.0.0.1:0", "127.0.0.1:99999", "::1:1", "..:2"], walk_interval=0.5)

    assert await servers.all() == []
    assert {record.message for record in caplog.records if "introducer" in record.message} == {
        "The introducer 127.0.0.1:0 is left out: there is no such port",
        "The introducer 127.0.0.1:99999 is left out: there is no such port",
        "The introducer ::1:1 has no address",
        "The introducer ..:2 has no address",
    }


def test_the_documented_list_is_the_public_one():
    assert Ipv8Config().bootstrap == PUBLIC_SERVERS
    assert len(set(PUBLIC_SERVERS)) == 20


@pytest.mark.parametrize(("discovery", "dht"), [(False, True), (True, False), (False, False)])
async def test_each_overlay_can_be_turned_off(start_daemon, discovery, dht):
    config = {"discovery_community": {"enabled": discovery}, "dht": {"enabled": dht}}
    async with start_daemon("ipv8", config=config) as daemon:
        names = [overlay["overlay_name"] for overlay in (await daemon.get("/ipv8/overlays"))["overlays"]]

    assert names == ["DiscoveryCommunity"] * discovery + ["DHTDiscoveryCommunity"] * dht
