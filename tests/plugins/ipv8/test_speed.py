"""The tests of circuits, between a daemon and one that is an exit."""

import json
import statistics

import pytest

from tests.plugins.ipv8.conftest import node_of
from triblerd.testing import wait_for


@pytest.fixture(params=[("rust", "rust"), ("rust", "python"), ("python", "rust")], ids="-to-".join)
async def tunnelling(start_daemon, tmp_path, request):
    """A daemon that knows an exit, each with one of both endpoints."""
    mine, theirs = request.param
    exits = {"tunnel_community": {"exitnode_enabled": True}, "ipv8": {"endpoint": theirs}}
    async with start_daemon("tunnels", state_dir=tmp_path / "exit", config=exits) as other:
        contact = {"ipv8": {"bootstrap": [f"127.0.0.1:{node_of(other).port}"], "endpoint": mine}}
        async with start_daemon("tunnels", "statistics", state_dir=tmp_path / "state", config=contact) as daemon:

            async def knows_it():
                peers = (await daemon.get("/ipv8/tunnel/peers"))["peers"]
                return any(8 in peer["flags"] for peer in peers)

            await wait_for(knows_it, what="the exit")
            yield daemon


async def test_both_kinds_of_tests_tell_how_fast_a_new_circuit_is(tunnelling):
    figures = await tunnelling.post(
        "/ipv8/tunnel/circuits/test", json={"request_size": 50, "response_size": 1000, "num_requests": 20}
    )
    before = (await tunnelling.get("/statistics/ipv8"))["ipv8_statistics"]
    answer = await tunnelling.request("GET", "/ipv8/tunnel/circuits/test?test_time_ms=700")
    after = (await tunnelling.get("/statistics/ipv8"))["ipv8_statistics"]

    assert (figures["messages_sent"], figures["messages_received"]) == (20, 20)
    assert figures["speed_down"] > figures["speed_up"] > 0
    assert answer.headers["content-type"] == "text/event-stream"
    samples = [json.loads(line.removeprefix(b"speed: ")) for line in answer.body.splitlines()]
    assert statistics.mean(sample["down"] for sample in samples) > 0
    assert set(samples[0]) == {"up", "down"}
    received = after["total_down"] - before["total_down"]
    assert received > 100_000  # what never reaches Python counts, too


async def test_a_circuit_that_is_not_there_cannot_be_tested(tunnelling):
    body = {"request_size": 50, "response_size": 1000, "num_requests": 20}

    for answer in (
        await tunnelling.post("/ipv8/tunnel/circuits/5/test", json=body, status=404),
        await tunnelling.get("/ipv8/tunnel/circuits/5/test", status=404),
    ):
        assert answer == {"error": "could not find requested circuit"}
