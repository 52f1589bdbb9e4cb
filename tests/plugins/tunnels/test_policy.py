"""What this node does for others, whom it asks, and whom it takes."""

import pytest
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.peer import Peer

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from triblerd.testing import wait_for
from triblerd_ipv8.api import Overlays
from triblerd_libtorrent.api import Tunnels, TunnelState
from triblerd_tunnels.api import TunnelRemoved, TunnelView
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.culling import MOST_PEERS, Culling
from triblerd_tunnels.exits import decode, encode


def community_of(daemon):
    return next(overlay for overlay in service(daemon, Overlays).overlays if isinstance(overlay, TunnelsCommunity))


async def flags_seen(node):
    """Return the flags of the only daemon that a node knows, as it was told."""
    return set(await wait_for(lambda: next(iter(node.tunnels.candidates.values()), None), what="the daemon"))


async def test_a_node_is_an_exit_only_while_its_operator_says_so(start_daemon, start_nodes, caplog, tmp_path):
    seen = []
    for number, exitnode_enabled in enumerate((False, True, False)):
        (node,) = await start_nodes(RELAY)
        config = settings([node], exitnode_enabled=exitnode_enabled)
        async with start_daemon("tunnels", config=config, state_dir=tmp_path / str(number)) as daemon:
            seen.append(await flags_seen(node))
            shown = service(daemon, TunnelView).settings()
            assert (shown["exitnode_enabled"], shown["peer_flags"]) == (exitnode_enabled, sorted(seen[-1]))
        await node.stop()

    assert seen == [{1, 8}, {1, 2, 4, 8, 32768}, {1, 8}]
    warnings = [record.getMessage() for record in caplog.records if record.name == "triblerd_tunnels.plugin"]
    assert len(warnings) == 1
    assert "traffic of strangers leaves from this machine" in warnings[0]


async def test_without_room_for_circuits_of_others_it_is_no_hop(start_daemon, start_nodes):
    (node,) = await start_nodes(EXIT)
    config = {**settings([node]), "tunnels": {"max_joined_circuits": 0}}
    async with start_daemon("tunnels", config=config) as daemon:
        await wait_for(lambda: node.tunnels.candidates, what="the daemon")

        assert list(node.tunnels.candidates.values()) == [[]]
        assert service(daemon, TunnelView).settings()["peer_flags"] == []


async def test_turned_off_by_its_documented_key_there_are_no_tunnels(start_daemon, start_nodes):
    (node,) = await start_nodes(EXIT)
    async with start_daemon("tunnels", config=settings([node], enabled=False)) as daemon:
        assert service(daemon, Tunnels) is None
        assert await daemon.get("/ipv8/tunnel/circuits") == {"circuits": []}
        assert await daemon.get("/ipv8/tunnel/settings") == {"settings": {}}


@pytest.mark.parametrize("section", ["tunnel_community", "general"])
async def test_the_test_network_is_another_one(start_daemon, start_nodes, section):
    (node,) = await start_nodes(EXIT)
    config = settings([node])
    config.setdefault(section, {})["testnet"] = True
    async with start_daemon("tunnels", config=config) as daemon:
        identifier = community_of(daemon).community_id.hex()

    assert identifier == "b02540cb9d6179d936e1228ff2f6f351f580b543"


async def test_an_exit_that_was_known_is_asked_again_after_a_restart(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        await wait_for(lambda: service(daemon, TunnelView).peers(), what="the exit")

    async with start_daemon("tunnels", config={"ipv8": {"bootstrap": []}}) as daemon:
        tunnels = service(daemon, Tunnels)
        assert tunnels.state(1) is TunnelState.NO_EXITS
        await wait_for(lambda: tunnels.state(1) is TunnelState.NO_CIRCUITS, what="the exit")


async def test_a_circuit_that_had_its_share_of_traffic_is_closed(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        service(daemon, Tunnels).want(1)
        await wait_for(lambda: service(daemon, Tunnels).state(1) is TunnelState.READY, what="a circuit")

        with daemon.events(TunnelRemoved) as removed:
            community_of(daemon).settings.max_traffic = 100
            event = await removed.next()

    assert (event.circuit_class, event.additional_info) == ("Circuit", "traffic limit exceeded")
    assert event.bytes_up + event.bytes_down > 100


async def test_the_state_says_how_it_stands(start_daemon, start_nodes):
    nodes = await start_nodes(EXIT)
    async with start_daemon("state", "tunnels", config=settings(nodes)) as daemon:
        service(daemon, Tunnels).want(1)
        await wait_for(lambda: service(daemon, Tunnels).state(1) is TunnelState.READY, what="a circuit")

        report = (await daemon.get("/state"))["plugins"]["tunnels"]["report"]
        ready = len(service(daemon, TunnelView).circuits())
        assert report == f"{ready} circuits ready, 1 exits known, part of 0 circuits of others"


def test_exits_are_kept_in_the_form_of_the_overlay():
    data = encode([("127.0.0.1", 7759), ("::1", 9), ("192.0.2.255", 65535)])

    assert data == bytes.fromhex("01 7f000001 1e4f 01 c00002ff ffff")
    assert list(decode(data + b"\x01\x7f")) == [("127.0.0.1", 7759), ("192.0.2.255", 65535)]
    assert list(decode(b"\x03" + bytes(18))) == []


async def test_an_exit_of_last_resort_is_taken_only_when_there_is_no_other(start_daemon, start_nodes):
    backup, other = await start_nodes(EXIT | {16384}, EXIT)
    async with start_daemon("tunnels", config=settings([backup])) as daemon:
        community = community_of(daemon)
        await wait_for(lambda: len(community.candidates) == 2, what="both exits")
        both = community.get_candidates(2)
        await other.stop()
        community.network.remove_peer(both[0])
        community.do_remove()

        assert [peer.mid.hex() for peer in both] == [other.mid]
        assert [peer.mid.hex() for peer in community.get_candidates(2)] == [backup.mid]


@pytest.mark.parametrize(("exits", "leaves"), [(MOST_PEERS + 1, 2), (MOST_PEERS // 2 + 2, 2), (9, 1)])
async def test_among_many_peers_the_kind_that_is_too_many_loses_one(start_daemon, start_nodes, exits, leaves):
    nodes = await start_nodes(RELAY)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        community = community_of(daemon)
        community.max_peers = 0  # nobody else comes in
        for peer in community.get_peers():
            community.network.remove_peer(peer)
        peers = [Peer(default_eccrypto.generate_key("curve25519").pub(), ("127.0.0.9", n + 1)) for n in range(24)]
        for number, peer in enumerate(peers):
            community.network.add_verified_peer(peer)
            community.network.discover_services(peer, [community.community_id])
            community.candidates[peer] = [1, 2] if number < exits else [1]

        Culling(community).take_step()

        gone = set(peers) - set(community.get_peers())
        assert len(gone) == 1
        assert max(community.candidates[gone.pop()]) == leaves


async def test_peers_of_whom_nothing_is_known_are_asked_once_in_a_while(start_daemon, start_nodes):
    nodes = await start_nodes(RELAY)
    async with start_daemon("tunnels", config=settings(nodes)) as daemon:
        community = community_of(daemon)
        await wait_for(lambda: community.candidates, what="the other")
        community.candidates.clear()
        culling = Culling(community)

        culling.take_step()
        await wait_for(lambda: community.candidates, what="its answer")
        community.candidates.clear()
        sent = community.endpoint.bytes_up
        culling.take_step()

        assert community.endpoint.bytes_up == sent
