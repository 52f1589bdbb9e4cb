"""What is the same in both dialects: the engine's diagnostics, and those of the overlay in their own forms."""

import pytest

SIZES = "invalid request or response size specified"
WRONG = [
    ("GET", "/tunnel/circuits/x/test", None, 400, {"error": "circuit_id must be an integer"}),
    ("GET", "/tunnel/circuits/1/test?test_time_ms=0", None, 400, {"error": "invalid test time specified"}),
    ("GET", "/tunnel/circuits/1/test?request_size=x", None, 400, {"error": SIZES}),
    ("GET", "/tunnel/circuits/test?goal_hops=9", None, 400, {"error": "invalid number of hops specified"}),
    ("GET", "/tunnel/circuits/test", None, 404, {"error": "TunnelCommunity is not initialized"}),
    ("GET", "/dht/peers/rubbish", None, 400, {"success": False, "error": "incorrect parameters"}),
    ("PUT", "/asyncio/drift", b"{}", 400, {"error": "incorrect parameters"}),
    ("PUT", "/asyncio/debug", b"{}", 400, {"success": False, "error": "incorrect parameters"}),
    ("POST", "/overlays/statistics", b"{}", 412, {"success": False, "error": "StatisticsEndpoint is not enabled."}),
    ("POST", "/isolation", b"{}", 400, {"success": False, "error": "Parameters 'ip' and 'port' are required"}),
]  # fmt: skip
EMPTY = {
    "/tunnel/circuits": {"circuits": []},
    "/tunnel/relays": {"relays": []},
    "/tunnel/exits": {"exits": []},
    "/tunnel/swarms": {"swarms": []},
    "/tunnel/peers": {"peers": []},
    "/tunnel/peers/dht": [],
    "/tunnel/peers/pex": [],
}


async def test_the_overlay_keeps_its_own_forms_and_has_empty_lists_without_tunnels(start_daemon):
    async with start_daemon("tribler8", "ipv8", "statistics") as daemon:
        for method, path, body, status, text in WRONG:
            answer = await daemon.request(method, f"/api/ipv8{path}", data=body)

            assert (answer.status, answer.json()) == (status, text), path
        for path, empty in EMPTY.items():
            assert await daemon.get(f"/api/ipv8{path}") == empty
        for path, key in (("overlays", "overlays"), ("asyncio/tasks", "tasks"), ("network", "peers")):
            assert key in await daemon.get(f"/api/ipv8/{path}")
        traffic = await daemon.get("/api/statistics/ipv8")
        unknown = await daemon.get("/api/ipv8/nothing", status=404)

    assert traffic["ipv8_statistics"].keys() == {"total_up", "total_down"}
    assert unknown == {"error": {"handled": True, "message": "Could not find /api/ipv8/nothing"}}


@pytest.mark.parametrize("part", ["settings", "session"])
async def test_the_engine_shows_its_sessions(start_daemon, part):
    async with start_daemon("tribler8", "libtorrent") as daemon:
        shown = await daemon.get(f"/api/libtorrent/{part}?hop=")
        none = await daemon.get(f"/api/libtorrent/{part}?hop=-1")
        wrong = await daemon.get(f"/api/libtorrent/{part}?hop=one", status=400)
        plain = await daemon.get(f"/libtorrent/{part}")

    assert shown.keys() == {"hop", part}
    assert shown["hop"] == 0
    assert shown[part].keys() == plain[part].keys()
    assert none == {"hop": -1, part: {}}
    assert wrong == {"error": {"handled": True, "message": "hop must be an integer"}}
    if part == "settings":
        assert bytes.fromhex(shown[part]["peer_fingerprint"]).startswith(b"-TL")
        assert len(shown[part]["peer_fingerprint"]) == 16
        assert isinstance(shown[part]["dht_max_torrents"], int)  # of those that version 8.4 has in addition
    else:
        assert isinstance(shown[part]["disk.file_pool_hits"], int)


async def test_all_that_is_not_there_has_the_form_of_version_8(start_daemon):
    async with start_daemon("tribler8") as daemon:
        unknown = await daemon.get("/api/nothing", status=404)
        wrong_method = await daemon.call("DELETE", "/api/settings", status=405)
        daemon.key = "wrong"
        refused = await daemon.get("/api/ipv8/overlays", status=401)

    assert unknown == {"error": {"handled": True, "message": "Could not find /api/nothing"}}
    assert wrong_method == {"error": {"handled": True, "message": "Method Not Allowed"}}
    assert refused == {"error": {"handled": True, "message": "Unauthorized access"}}
