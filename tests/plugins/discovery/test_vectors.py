"""Whole packets of another program are taken, and ours are what it would send."""

from tests.plugins.discovery import bare, vectors
from tests.plugins.discovery.bare import bare_peer
from triblerd.testing import wait_for

A_PRIVATE, A_PEER_ID = vectors.A_PRIVATE, vectors.A_PEER_ID


async def test_packets_that_another_program_signed_are_answered(start_daemon):
    async with start_daemon("discovery", "search") as daemon, bare_peer(daemon, A_PRIVATE) as peer:
        for packet in (vectors.SELECT_PACKET, vectors.HEALTH_REQUEST_PACKET, vectors.VERSION_REQUEST_PACKET):
            peer.endpoint.send(peer.daemon.address, packet)

        await wait_for(lambda: peer.bodies[202] and peer.bodies[4] and peer.bodies[102])

    assert peer.my_peer.mid == A_PEER_ID
    assert peer.bodies[202] == [vectors.EMPTY_RESPONSE]
    assert peer.bodies[4][0] == b"\x02\x00"  # nothing was checked here, and that is told, too


def test_the_bare_peer_signs_as_the_vectors_say():
    from ipv8.keyvault.crypto import default_eccrypto as crypto  # noqa: PLC0415 - one test's own

    packet = vectors.SELECT_PACKET
    assert crypto.create_signature(crypto.key_from_private_bin(A_PRIVATE), packet[:-64]) == packet[-64:]
    assert packet[99:-64] == vectors.SELECT
    assert packet[2:22] == bare.COMMUNITY_ID
