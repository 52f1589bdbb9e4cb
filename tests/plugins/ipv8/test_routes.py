"""The routes of ``/ipv8`` that show the node, its overlays and its peers."""

import base64

import pytest
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address

from tests.plugins.ipv8.conftest import node_of, peers_of
from triblerd.testing import wait_for

DISCOVERY_ID = "7e313685c1912a141279f8248fc8db5899c5df5a"
DHT_ID = "8d0be1845d74d175f178197cad001591d04d73cc"
INCORRECT = {"success": False, "error": "incorrect parameters"}
NOTHING = "00" * 20


@pytest.fixture
async def met(start_overlay, neighbour):
    """A daemon that knows the neighbour."""
    daemon = await start_overlay("state", "settings", "statistics", "state", bootstrap=[f"127.0.0.1:{neighbour.port}"])
    await wait_for(lambda: all(peers_of(node_of(daemon)).values()), what="the neighbour")
    return daemon


async def test_overlays_show_whom_they_know(met, neighbour):
    discovery, dht = (await met.get("/ipv8/overlays"))["overlays"]

    port = node_of(met).port
    key = neighbour.me.public_key.key_to_bin().hex()
    assert discovery["peers"] == dht["peers"] == [{"ip": "127.0.0.1", "port": neighbour.port, "public_key": key}]
    assert (discovery["id"], discovery["overlay_name"], discovery["is_isolated"]) == (
        DISCOVERY_ID,
        "DiscoveryCommunity",
        False,
    )
    assert (dht["id"], dht["overlay_name"], dht["is_isolated"]) == (DHT_ID, "DHTDiscoveryCommunity", True)
    assert discovery["my_estimated_wan"] == discovery["my_estimated_lan"] == {"ip": "127.0.0.1", "port": port}
    assert discovery["my_peer"] == node_of(met).parts.my_peer.public_key.key_to_bin().hex()
    assert discovery["global_time"] > 0
    assert (discovery["statistics"], discovery["max_peers"]) == ({}, 30)
    assert discovery["strategies"] == [
        {"name": "RandomWalk", "target_peers": 20},
        {"name": "RandomChurn", "target_peers": -1},
        {"name": "PeriodicSimilarity", "target_peers": -1},
    ]


async def test_known_peers_are_shown_by_their_ids(met, neighbour):
    def encoded(value):
        return base64.b64encode(value).decode()

    async def shown():
        peers = (await met.get("/ipv8/network"))["peers"]
        peer = peers.get(encoded(neighbour.me.mid))
        return peers if peer and len(peer["services"]) > 1 else None

    peers = await wait_for(shown, what="what the neighbour takes part in")

    assert peers == {
        encoded(neighbour.me.mid): {
            "ip": "127.0.0.1",
            "port": neighbour.port,
            "public_key": encoded(neighbour.me.public_key.key_to_bin()),
            "services": sorted([encoded(bytes.fromhex(DISCOVERY_ID)), encoded(bytes.fromhex(DHT_ID))]),
        }
    }


async def test_messages_are_counted_where_the_settings_allow_it(met, neighbour):
    refusal = await met.post("/ipv8/overlays/statistics", json={"enable": True, "all": True}, status=412)
    before = (await met.get("/ipv8/overlays/statistics"))["statistics"]
    await met.post("/settings", json={"ipv8": {"statistics": True}})
    node_of(met).overlays[0].walk_to(neighbour.address)

    async def counted():
        discovery, _ = (await met.get("/ipv8/overlays/statistics"))["statistics"]
        messages = discovery["DiscoveryCommunity"]
        wanted = ("246:on_old_introduction_request", "245:on_old_introduction_response")
        return [messages[name] for name in wanted if name in messages and sum(bytes_of(messages[name]))] or None

    request, *_ = await wait_for(counted, what="a question and its answer")
    aggregate = (await met.get("/ipv8/overlays"))["overlays"][0]["statistics"]

    assert refusal == {"success": False, "error": "StatisticsEndpoint is not enabled."}
    assert before == [{"DiscoveryCommunity": {}}, {"DHTDiscoveryCommunity": {}}]
    assert request["identifier"] == 246
    assert request["num_up"] >= 1
    assert request["bytes_up"] > 163
    assert 0 < request["first_measured_up"] <= request["last_measured_up"]
    assert set(aggregate) == {"num_up", "num_down", "bytes_up", "bytes_down", "diff_time"}
    assert aggregate["bytes_up"] >= request["bytes_up"]


def bytes_of(message):
    return message["bytes_up"], message["bytes_down"]


async def test_what_to_count_has_to_be_said(start_overlay):
    daemon = await start_overlay(statistics=True)

    for body, status, text in [
        ({}, 400, "Parameter 'enable' is required"),
        ({"all": True}, 400, "Parameter 'enable' is required"),
        ({"enable": True}, 412, "Parameter 'all' or 'overlay_name' is required"),
        ({"enable": "perhaps", "all": True}, 400, "incorrect parameters"),
        ({"enable": True, "overlay_name": 5}, 400, "incorrect parameters"),
        ([], 400, "incorrect parameters"),
    ]:
        answer = await daemon.post("/ipv8/overlays/statistics", json=body, status=status)

        assert answer == {"success": False, "error": text}


async def test_one_overlay_may_be_counted_by_its_name(start_overlay):
    daemon = await start_overlay(statistics=True)
    await daemon.post("/ipv8/overlays/statistics", json={"enable": False, "all": True})

    await daemon.post("/ipv8/overlays/statistics", json={"enable": True, "overlay_name": "DiscoveryCommunity"})
    for overlay in node_of(daemon).overlays:
        overlay.walk_to(UDPv4Address("127.0.0.1", 9))

    discovery, dht = (await daemon.get("/ipv8/overlays/statistics"))["statistics"]
    assert discovery["DiscoveryCommunity"]["246:on_old_introduction_request"]["num_up"] == 1
    assert dht == {"DHTDiscoveryCommunity": {}}


async def test_traffic_stands_in_statistics_state_and_settings(met):
    figures = (await met.get("/statistics/ipv8"))["ipv8_statistics"]
    everything = (await met.get("/statistics"))["statistics"]["ipv8"]

    assert figures["total_up"] > 0 < figures["total_down"]
    assert everything["peers"] == 1
    assert everything["refused_packets"] == everything["dropped_packets"] == 0
    report = (await met.get("/state"))["plugins"]["ipv8"]["report"]
    assert report == f"1 peer known on UDP port {node_of(met).port}"
    assert node_of(met).port in (await met.get("/settings"))["ports"]


async def test_figures_are_there_for_prometheus(start_overlay):
    daemon = await start_overlay("state", "prometheus")

    page = (await daemon.request("GET", "/metrics")).body.decode()

    assert 'triblerd_ipv8_peers{overlay="DiscoveryCommunity"} 0.0' in page
    assert 'triblerd_ipv8_ignored_packets_total{limit="address"} 0.0' in page


async def test_an_introducer_may_be_named_while_it_runs(start_overlay, neighbour):
    daemon = await start_overlay()

    body = {"ip": "127.0.0.1", "port": neighbour.port, "bootstrapnode": None}
    assert await daemon.post("/ipv8/isolation", json=body) == {"success": True}

    await wait_for(lambda: all(peers_of(node_of(daemon)).values()), what="the neighbour")
    assert (await daemon.get("/ipv8/overlays"))["overlays"][0]["peers"][0]["port"] == neighbour.port


async def test_whom_to_ask_has_to_be_said(start_overlay):
    daemon = await start_overlay()

    for body, status, text in [
        ({}, 400, "Parameters 'ip' and 'port' are required"),
        ({"ip": "127.0.0.1", "exitnode": 1}, 400, "Parameters 'ip' and 'port' are required"),
        ({"ip": "127.0.0.1", "port": 9}, 400, "Parameter 'exitnode' or 'bootstrapnode' is required"),
        ({"ip": "localhost", "port": 9, "exitnode": 1}, 400, "incorrect parameters"),
        ({"ip": "127.0.0.1\0", "port": 9, "exitnode": 1}, 400, "incorrect parameters"),
        ({"ip": "127.0.0.1", "port": 0, "bootstrapnode": 1}, 400, "incorrect parameters"),
        ({"ip": "127.0.0.1", "port": 65536, "bootstrapnode": 1}, 400, "incorrect parameters"),
        ({"ip": 5, "port": 9, "bootstrapnode": 1}, 400, "incorrect parameters"),
        ({"ip": "127.0.0.1", "port": 9, "exitnode": False}, 404, "tunnel community not found"),
    ]:
        answer = await daemon.post("/ipv8/isolation", json=body, status=status)

        assert answer == {"success": False, "error": text}


async def test_without_tunnels_their_lists_are_empty(start_overlay):
    daemon = await start_overlay()

    empty: list[tuple[str, object]] = [
        ("settings", {"settings": {}}),
        ("circuits", {"circuits": []}),
        ("relays", {"relays": []}),
        ("exits", {"exits": []}),
        ("swarms", {"swarms": []}),
        (f"swarms/{NOTHING}/size", {"swarm_size": 0}),
        (f"swarms/{NOTHING}/size?hops=3", {"swarm_size": 0}),
        ("peers", {"peers": []}),
        ("peers/dht", []),
        ("peers/pex", []),
    ]
    for path, answer in empty:
        assert await daemon.get(f"/ipv8/tunnel/{path}") == answer


async def test_a_hidden_swarm_is_asked_for_rightly_or_not_at_all(start_overlay):
    daemon = await start_overlay()

    for path in [
        f"swarms/{NOTHING}/size?hops=4",
        f"swarms/{NOTHING}/size?hops=x",
        f"swarms/{NOTHING}/size?hops={'9' * 5000}",
        "swarms/00/size",
    ]:
        assert await daemon.get(f"/ipv8/tunnel/{path}", status=400) == INCORRECT


SIZES = {"request_size": 10, "response_size": 10}
WHOLE = {**SIZES, "num_requests": 1}


async def test_a_test_of_requests_is_asked_for_rightly(start_overlay):
    daemon = await start_overlay()

    for path, body, status, text in [
        ("test", {}, 400, "invalid request or response size specified"),
        ("test", {"request_size": 2001, "response_size": 0}, 400, "invalid request or response size specified"),
        ("test", SIZES, 400, "number of requests is not specified"),
        ("test", {**SIZES, "num_requests": 0}, 400, "number of requests is not specified"),
        ("test", {**WHOLE, "goal_hops": 4}, 400, "invalid number of hops specified"),
        ("test", WHOLE, 404, "TunnelCommunity is not initialized"),
        ("x/test", WHOLE, 400, "circuit_id must be an integer"),
        ("1/test", WHOLE, 404, "TunnelCommunity is not initialized"),
    ]:
        assert await daemon.post(f"/ipv8/tunnel/circuits/{path}", json=body, status=status) == {"error": text}


async def test_a_test_of_some_time_is_asked_for_rightly(start_overlay):
    daemon = await start_overlay()

    for path, status, text in [
        ("test?goal_hops=0", 400, "invalid number of hops specified"),
        ("test?goal_hops=x", 400, "invalid number of hops specified"),
        ("test?request_size=2001", 400, "invalid request or response size specified"),
        ("test?test_time_ms=60001", 400, "invalid test time specified"),
        ("test?test_time_ms=", 400, "invalid test time specified"),
        ("test", 404, "TunnelCommunity is not initialized"),
        ("-1/test", 400, "circuit_id must be an integer"),
        (f"{'9' * 50}/test", 404, "TunnelCommunity is not initialized"),
    ]:
        assert await daemon.get(f"/ipv8/tunnel/circuits/{path}", status=status) == {"error": text}


async def test_there_are_no_attestations(start_overlay):
    daemon = await start_overlay()

    for method in ["GET", "POST"]:
        answer = await daemon.call(method, "/ipv8/attestation?type=peers", status=404)

        assert answer == {"error": "attestation or identity community not found"}


async def test_there_are_no_pseudonyms(start_overlay):
    daemon = await start_overlay()

    empty: list[tuple[str, object]] = [
        ("", {"names": []}),
        ("/me/schemas", {"schemas": []}),
        ("/me/credentials", {"names": []}),
        ("/me/credentials/a%2Fb", {"names": []}),
        ("/me/peers", {"peers": []}),
        ("/me/outstanding/attestations", {"requests": []}),
        ("/me/outstanding/verifications", {"requests": []}),
        ("/me/verifications", {"outputs": []}),
    ]
    for path, answer in empty:
        assert await daemon.get(f"/ipv8/identity{path}") == answer


async def test_of_a_pseudonym_nothing_is_known(start_overlay):
    daemon = await start_overlay()

    for path in ["public_key", "unload", "remove"]:
        answer = await daemon.get(f"/ipv8/identity/me/{path}", status=404)

        assert answer == {"success": False, "error": "identity community not found"}


async def test_nothing_is_done_for_a_pseudonym(start_overlay):
    daemon = await start_overlay()

    for path, body in [
        ("allow", {"name": "a"}),
        ("disallow", {"name": "a"}),
        ("request", {"name": "a", "schema": "b"}),
        ("attest", {"name": "a", "value": "Yg=="}),
        ("verify", {"hash": "YQ==", "value": "Yg==", "schema": "b"}),
    ]:
        refused = await daemon.put(f"/ipv8/identity/me/{path}/key", json={}, status=400)
        answer = await daemon.put(f"/ipv8/identity/me/{path}/key", json=body, status=404)

        assert refused == {"error": "incorrect parameters"}
        assert answer == {"success": False, "error": "identity community not found"}
