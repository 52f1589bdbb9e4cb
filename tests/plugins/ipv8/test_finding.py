"""Nodes find each other."""

from triblerd.testing import wait_for
from triblerd_ipv8.api import Overlays


def overlays_of(daemon):
    return daemon.daemon.container.services().find(Overlays)


def peers_of(node):
    return {type(overlay).__name__: len(overlay.get_peers()) for overlay in node.overlays}


async def test_two_daemons_find_each_other_through_a_bootstrap_list(start_daemon, tmp_path):
    async with start_daemon("ipv8", state_dir=tmp_path / "first") as first:
        contact = f"127.0.0.1:{overlays_of(first).port}"
        config = {"ipv8": {"bootstrap": [contact]}}
        async with start_daemon("ipv8", state_dir=tmp_path / "second", config=config) as second:
            everybody = {"DiscoveryCommunity": 1, "DHTDiscoveryCommunity": 1}
            await wait_for(lambda: peers_of(overlays_of(first)) == everybody, what="the second daemon")
            await wait_for(lambda: peers_of(overlays_of(second)) == everybody, what="the first daemon")
