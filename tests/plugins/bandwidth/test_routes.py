"""`/bandwidth` as clients see it."""

import pytest

from tests.plugins.bandwidth.people import both, half, person
from tests.plugins.downloads.conftest import service
from triblerd_bandwidth.api import BalanceThen, Ledger
from triblerd_identity.api import NodeKey, OwnIdentity

NOBODY = {"total_given": 0, "total_taken": 0, "num_peers_helped": 0, "num_peers_helped_by": 0}


async def test_a_new_node_took_and_gave_nothing(start_daemon):
    async with start_daemon("bandwidth") as daemon:
        statistics = (await daemon.get("/bandwidth/statistics"))["statistics"]

        key = service(daemon, NodeKey).full_public_key.hex()
        assert statistics == {"id": key, **NOBODY}
        assert (len(key), key[:20]) == (148, b"LibNaCLPK:".hex())
        assert await daemon.get("/bandwidth/history") == {"history": []}


async def test_what_this_node_took_and_gave_is_there_after_a_restart(start_daemon):
    me = person(7)
    async with start_daemon("bandwidth") as daemon:
        await service(daemon, OwnIdentity).adopt(me.private)
        rows = [both(person(2), me, 1_048_576), both(me, person(2), 500_000), half(me, person(3), 24_288)]
        await service(daemon, Ledger).take_over([*rows, both(person(2), person(3), 77)])
        await service(daemon, Ledger).take_over_history(
            me.full_public_key, [BalanceThen(1_700_000_000_123, 524_288), BalanceThen(1_600_000_000_000, -5)]
        )

    async with start_daemon("bandwidth") as daemon:
        assert await daemon.get("/bandwidth/statistics") == {
            "statistics": {
                "id": me.full_public_key.hex(),
                "total_given": 1_048_576,
                "total_taken": 524_288,
                "num_peers_helped": 2,
                "num_peers_helped_by": 1,
            }
        }
        assert await daemon.get("/bandwidth/history") == {
            "history": [
                {"timestamp": 1_600_000_000_000, "balance": -5},
                {"timestamp": 1_700_000_000_123, "balance": 524_288},
            ]
        }


async def test_both_take_no_parameters_and_are_not_of_the_later_dialect(start_daemon):
    async with start_daemon("bandwidth") as daemon:
        plain = await daemon.get("/bandwidth/statistics", params={"depth": "x", "refresh": "1"})

        assert await daemon.get("/bandwidth/statistics") == plain
        assert (await daemon.request("GET", "/bandwidth")).status == 404
        assert (await daemon.request("GET", "/api/bandwidth/statistics")).status == 404
        assert (await daemon.request("GET", "/bandwidth/history/")).status == 404
        assert (await daemon.request("POST", "/bandwidth/statistics", json={})).status == 405
        assert (await daemon.request("HEAD", "/bandwidth/history")).status == 200


async def test_the_section_is_what_clients_know(start_daemon):
    async with start_daemon("bandwidth", "settings") as daemon:
        settings = (await daemon.get("/settings"))["settings"]["bandwidth_accounting"]

        assert settings == {
            "testnet": False,
            "outgoing_query_interval": 30,
            "max_tx_returned_in_query": 10,
            "payouts": False,
        }
        changed = {"bandwidth_accounting": {"payouts": True, "outgoing_query_interval": 60}}
        assert (await daemon.post("/settings", json=changed))["modified"] is True
        assert (await daemon.get("/settings"))["settings"]["bandwidth_accounting"]["payouts"] is True


@pytest.mark.parametrize(
    "change",
    [{"outgoing_query_interval": 0}, {"max_tx_returned_in_query": -1}, {"payouts": 2}, {"testnet": None}, {"more": 1}],
)
async def test_a_wrong_setting_is_refused(start_daemon, change):
    async with start_daemon("bandwidth", "settings") as daemon:
        answer = await daemon.request("POST", "/settings", json={"bandwidth_accounting": change})

        assert answer.status == 400


async def test_a_ledger_that_is_turned_off_has_no_routes(start_daemon):
    async with start_daemon("settings") as daemon:
        assert (await daemon.request("GET", "/bandwidth/statistics")).status == 404
