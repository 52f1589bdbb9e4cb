"""Which exits are avoided because wrong data came by them."""

import pytest

from tests.plugins.tunnels.nodes import EXIT, RELAY
from tests.plugins.tunnels.test_circuits import service, settings
from tests.plugins.tunnels.test_policy import community_of
from triblerd.testing import wait_for
from triblerd_libtorrent.api import Tunnels
from triblerd_tunnels.forgeries import exits_to_avoid


@pytest.mark.parametrize(
    ("suspects", "known", "avoided"),
    [
        ("", "abc", ""),
        ("a", "a", ""),
        ("a", "ab", "a"),
        ("ab", "ab", "b"),
        ("ab", "abc", "b"),
        ("aba", "abc", "a"),
        ("abc", "abcd", "bc"),
        ("x", "", "x"),
        ("xa", "ab", "xa"),
    ],
)
def test_the_last_suspects_are_avoided_up_to_half_of_those_that_are_known(suspects, known, avoided):
    keys = [letter.encode() for letter in suspects]

    found = exits_to_avoid(keys, {letter.encode() for letter in known})

    assert found == {letter.encode() for letter in avoided}


@pytest.mark.parametrize("hops", [1, 2])
async def test_no_circuit_ends_at_an_exit_that_is_avoided_while_there_is_another(start_daemon, start_nodes, hops):
    nodes = await start_nodes(EXIT, EXIT, RELAY, RELAY)
    async with start_daemon("tunnels", config=settings(nodes, min_circuits=3, max_circuits=3)) as daemon:
        community = community_of(daemon)
        await wait_for(lambda: len(community.candidates) == len(nodes), what="peers")
        community.avoids = nodes[0].public_key.__eq__
        service(daemon, Tunnels).want(hops)
        await wait_for(lambda: len(community.find_circuits()) > 1, 20, what="circuits")

        assert {circuit.hops[-1].mid.hex() for circuit in community.find_circuits()} == {nodes[1].mid}
