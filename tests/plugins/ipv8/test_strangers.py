"""What strangers send: rubbish, floods, thousands of peers. Nothing of it may hold or fill the daemon."""

import asyncio
import random
import socket
import time

import pytest
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address
from ipv8.peer import Peer

from tests.plugins.ipv8.conftest import node_of
from triblerd.testing import wait_for
from triblerd_ipv8.intake import BURST
from triblerd_ipv8.library import MOST_ADDRESSES, MOST_INTRODUCED, MOST_PEERS, MOST_SERVICES, KnownPeers

SEED = 20261126
AT_ONCE = 64


@pytest.fixture
async def complaints():
    """Collect what reaches the loop's handler of exceptions."""
    loop = asyncio.get_running_loop()
    collected: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: collected.append(context))
    yield collected
    loop.set_exception_handler(None)


def send(port, packets):
    """Send packets to a port, all of them from another one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind(("127.0.0.1", 0))
        for packet in packets:
            out.sendto(packet, ("127.0.0.1", port))


@pytest.mark.parametrize("endpoint", ["rust", "python"])
async def test_rubbish_of_every_kind_changes_nothing(start_overlay, complaints, caplog, endpoint):
    daemon = await start_overlay(endpoint=endpoint)
    node = node_of(daemon)
    chance = random.Random(SEED)
    rubbish = [
        overlay.get_prefix() + bytes([number]) + chance.randbytes(size)
        for overlay in node.overlays
        for size in (0, 74, 300)
        for number in range(256)
    ]
    for start in range(0, len(rubbish), AT_ONCE):  # more than that does not fit into the socket's buffer
        some = [node.overlays[0].get_prefix(), *rubbish[start : start + AT_ONCE]]
        wanted = node.traffic.received + sum(map(len, some))
        send(node.port, some)
        await wait_for(lambda: node.traffic.received >= wanted, what="the rubbish")  # noqa: B023 - at once
    await wait_for(lambda: not node.socket.intake._waiting, what="the rubbish to be handled")

    assert await daemon.get("/ipv8/network") == {"peers": {}}
    assert complaints == []
    assert len([record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]) < 100


@pytest.mark.parametrize("endpoint", ["rust", "python"])
async def test_a_flood_from_one_address_is_refused_and_requests_are_answered(start_overlay, neighbour, endpoint):
    daemon = await start_overlay("state", "statistics", endpoint=endpoint)
    node = node_of(daemon)
    packet = neighbour.discovery.create_introduction_request(UDPv4Address("127.0.0.1", node.port))

    send(node.port, [packet] * 3000)
    await wait_for(lambda: node.socket.intake.refused, what="a refusal")
    answer = await daemon.get("/statistics")

    assert answer["statistics"]["ipv8"]["refused_packets"] > 0
    assert node.overlays[0].global_time <= BURST + 200  # each answer ticks


def stranger():
    return Peer(default_eccrypto.generate_key("curve25519").pub(), UDPv4Address("192.0.2.1", 1))


def test_peers_addresses_and_overlays_have_a_limit():
    network = KnownPeers()
    first = stranger()
    network.add_verified_peer(first)
    for number in range(MOST_PEERS + 5):
        peer = stranger()
        peer.address = UDPv4Address(f"192.0.{number >> 8}.{number & 255}", 1)
        network.add_verified_peer(peer)
    for number in range(MOST_ADDRESSES + 1000):
        network.discover_address(first, UDPv4Address(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 9))
    network.discover_services(first, [bytes([number]) * 20 for number in range(MOST_SERVICES)])
    network.discover_services(first, [b"one more"])
    unknown = stranger()
    network.discover_services(unknown, [b"x" * 20])

    assert len(network.verified_peers) == MOST_PEERS
    assert first in network.verified_peers
    assert len(network._all_addresses) <= MOST_ADDRESSES
    assert len(network.reverse_intro_lookup[first]) == MOST_INTRODUCED
    assert len(network.get_services_for_peer(first)) == MOST_SERVICES
    assert network.get_services_for_peer(unknown) == set()


def test_who_says_one_word_and_is_gone_can_be_dropped():
    network = KnownPeers()
    peer = stranger()

    network.add_verified_peer(peer)

    assert time.time() - peer.last_response < 10
