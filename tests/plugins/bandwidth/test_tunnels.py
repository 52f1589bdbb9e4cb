"""Real circuits of real daemons are paid for, and the graph shows it."""

import os
from contextlib import AsyncExitStack

import pytest

from tests.plugins.bandwidth.owed import accounts, drawn, expected_drawing
from tests.plugins.tunnels.test_circuits import service
from tests.plugins.tunnels.test_downloads import add, complete
from triblerd.testing import RunningDaemon, wait_for
from triblerd_bandwidth.api import Ledger
from triblerd_bandwidth.prices import LEAST
from triblerd_identity.api import NodeKey
from triblerd_ipv8.api import Overlays
from triblerd_libtorrent.testing import Seeder, make_torrent
from triblerd_tunnels.api import CircuitBook, CircuitClosed, RelayClosed, TunnelPeer, TunnelView

SIZE = 2 * 1024 * 1024


@pytest.fixture
def start_paying(start_daemon, tmp_path):
    """Run daemons that know each other and pay each other, by their names; the one named ``exit`` is one.

    Those who only build circuits for themselves are no hops of others.
    """

    async def start(stack, *names, only_owners=()):
        daemons: dict[str, RunningDaemon] = {}
        for name in names:
            contacts = [f"127.0.0.1:{service(one, Overlays).port}" for one in list(daemons.values())[:1]]
            config = {
                "ipv8": {"bootstrap": contacts},
                "tunnel_community": {"exitnode_enabled": name == "exit", "min_circuits": 1, "max_circuits": 1},
                "tunnels": {"max_joined_circuits": 0 if name in only_owners else 100},
                "bandwidth_accounting": {"payouts": True},
            }
            plugins = ("tunnels", "bandwidth", "trustview", "events")
            daemon = start_daemon(*plugins, config=config, state_dir=tmp_path / name)
            daemons[name] = await stack.enter_async_context(daemon)
        await wait_for(lambda: all(knows(one, len(names) - 1) for one in daemons.values()), 20, what="each other")
        helpers = len(names) - len(only_owners)
        await wait_for(lambda: all(candidates(one) >= helpers - 1 for one in daemons.values()), 20, what="what they do")
        return daemons

    return start


def knows(daemon, others):
    bandwidth = next(one for one in service(daemon, Overlays).overlays if type(one).__name__ == "BandwidthCommunity")
    return len(bandwidth.get_peers()) == others and len(service(daemon, TunnelView).peers()) == others


def candidates(daemon):
    return sum(bool(peer.flags) for peer in service(daemon, TunnelView).peers())


def key(daemon):
    return service(daemon, NodeKey).full_public_key


def close_circuits(daemon):
    """Close all circuits as the tunnels do when they are not needed; return those that are closed later."""
    book = service(daemon, CircuitBook)
    closed: list[CircuitClosed | RelayClosed] = []
    book.listen(closed.append)
    community = book._community
    for number in list(community.circuits):
        community.register_anonymous_task(f"close {number}", community.remove_circuit, number, "test")
    return closed


def amounts(daemon):
    """Return who took how much from whom, as both have signed it."""
    rows = service(daemon, Ledger).rows()
    return {(row.public_key_a, row.public_key_b): row.amount for row in rows if row.signature_b}


async def test_a_download_over_two_hops_is_paid_for_by_who_took_it(start_paying, tmp_path):
    async with AsyncExitStack() as stack:
        seeder = stack.enter_context(Seeder(tmp_path / "theirs"))
        torrent = seeder.seed_new(os.urandom(SIZE), piece_length=256 * 1024)
        exit_, relay, owner = (await start_paying(stack, "exit", "relay", "owner")).values()
        await add(owner, torrent, tmp_path / "mine", hops=2, peers=[(seeder.host, seeder.port)])
        await complete(owner, torrent)
        view = service(owner, TunnelView)
        await wait_for(lambda: any(row.bytes_down > SIZE for row in view.circuits()), what="counters, a second behind")

        closed = close_circuits(owner)

        def taken():
            used = (one for one in closed if isinstance(one, CircuitClosed) and one.bytes_down >= LEAST)
            return sum(one.bytes_down for one in used)

        def owned():
            return {(key(owner), key(relay)): 3 * taken()}

        def passed_on():
            return {(key(relay), key(exit_)): 2 * taken()}

        await wait_for(lambda: taken() > SIZE and amounts(owner) == owned(), 15, what="what the owner owes")
        await wait_for(lambda: amounts(exit_) == passed_on(), 15, what="what the exit gets")
        await wait_for(lambda: amounts(relay) == owned() | passed_on(), 15, what="what the relay passes on")
        statistics = (await relay.get("/bandwidth/statistics"))["statistics"]
        nodes = (await relay.get("/trustview", params={"refresh": 1}))["graph"]["node"]
        assert (statistics["total_given"], statistics["total_taken"]) == (3 * taken(), 2 * taken())
        assert {node["key"]: node["total_down"] for node in nodes} == {
            key(relay).hex(): 2 * taken(),
            key(owner).hex(): 3 * taken(),
            key(exit_).hex(): 0,
        }


async def test_a_circuit_that_closes_as_soon_as_there_are_tunnels_is_paid_for(start_paying):
    async with AsyncExitStack() as stack:
        daemons = await start_paying(stack, "exit", "owner", only_owners=("owner",))
        for daemon in daemons.values():
            for is_on in (False, True):
                await daemon.patch("/plugins/tunnels", json={"enabled": is_on})
        exit_, owner = daemons.values()
        first, last = (
            TunnelPeer(key(daemon), ("127.0.0.1", service(daemon, Overlays).port)) for daemon in (exit_, owner)
        )

        # Made up: a real one takes a moment in which the listeners could come late.
        end = {"circuit_id": 77, "bytes_up": 0, "bytes_down": SIZE}
        service(exit_, CircuitBook)._tell_relayed(
            RelayClosed(previous_hop=last, next_hop=None, next_circuit_id=0, **end)
        )
        service(owner, CircuitBook)._tell(
            CircuitClosed(kind="DATA", goal_hops=1, is_end_to_end=False, first_hop=first, **end)
        )

        await wait_for(lambda: amounts(owner) == amounts(exit_) == {(key(owner), key(exit_)): SIZE}, 15)


def has_point(daemon):
    return any(row.type == "IP_SEEDER" and row.state == "READY" for row in service(daemon, TunnelView).circuits())


async def test_a_hidden_seeder_and_its_visitor_each_pay_the_hops_of_their_own_circuit(start_paying, tmp_path):
    torrent = make_torrent(tmp_path / "theirs", os.urandom(SIZE))
    async with AsyncExitStack() as stack:
        owners = ("seeder", "owner")
        daemons = await start_paying(stack, "exit", "relay", *owners, only_owners=owners)
        paid = await stack.enter_async_context(accounts(daemons, *owners))
        seeder, owner = (daemons[name] for name in owners)
        await add(seeder, torrent, torrent.folder, is_verified=True)
        await wait_for(lambda: has_point(seeder), what="an introduction point")
        await add(owner, torrent, tmp_path / "mine")
        await complete(owner, torrent)
        await paid.turn_tunnels_off_and_on()

        async def is_shown():
            return await paid.figures() == paid.expected_figures()

        await wait_for(is_shown, 18, what="the payouts")
        used = {name: watch.used() for name, watch in paid.watches.items()}
        totals, edges = await drawn(owner)
        kinds = {name: [(kind, len(hops)) for kind, hops, _ in circuits] for name, circuits in used.items()}
        assert kinds == {"seeder": [("RP_SEEDER", 1)], "owner": [("RP_DOWNLOADER", 2)]}
        [(_, _, received)], [(_, _, given)] = used["owner"], used["seeder"]
        assert SIZE < received < SIZE * 1.2
        assert SIZE < given < SIZE * 1.2
        assert totals[key(owner).hex()] == (0, 3 * received)
        assert edges <= expected_drawing(key(owner).hex(), paid.debts())[1]
