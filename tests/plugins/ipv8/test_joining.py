"""Plugins bring overlays along."""

from ipv8.community import Community

from tests.plugins.ipv8.conftest import node_of
from triblerd.plugin import hookimpl
from triblerd.testing import wait_for
from triblerd_ipv8.api import RANDOM_WALK, Walker
from triblerd_ipv8.node import settings_of

ID = b"\x11" * 20


class Tea(Community):
    community_id = ID


async def test_an_overlay_is_supplied_with_peers_and_told_to_others(start_overlay, neighbour):
    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"])
    theirs = neighbour.join(Tea)

    ours = node_of(daemon).join(lambda parts: Tea(settings_of(parts)))

    await wait_for(ours.get_peers, what="a peer in the new overlay")
    await wait_for(theirs.get_peers, what="us among their peers")
    listed = {overlay["overlay_name"]: overlay for overlay in (await daemon.get("/ipv8/overlays"))["overlays"]}
    assert listed["Tea"]["id"] == ID.hex()
    assert listed["Tea"]["strategies"] == [{"name": "RandomWalk", "target_peers": 20}]


async def test_an_overlay_that_was_left_takes_part_in_nothing(start_overlay):
    daemon = await start_overlay()
    node = node_of(daemon)
    tea = node.join(lambda parts: Tea(settings_of(parts)), [*RANDOM_WALK, Walker(make=RANDOM_WALK[0].make, peers=-1)])

    await node.leave(tea)
    await node.leave(tea)

    assert tea not in node.overlays
    assert ID not in node.parts.network.service_overlays
    assert list(node.walkers_of(tea)) == []
    assert tea.get_tasks() == []


async def test_a_walk_that_fails_does_not_stop_the_others(start_overlay, neighbour):
    class Lost(Community):
        community_id = b"\x22" * 20

        def get_peers(self):
            raise RuntimeError

    daemon = await start_overlay(bootstrap=[f"127.0.0.1:{neighbour.port}"])
    node = node_of(daemon)
    lost = node.join(lambda parts: Lost(settings_of(parts)))

    tea = node.join(lambda parts: Tea(settings_of(parts)))
    neighbour.join(Tea)
    await wait_for(tea.get_peers, what="a peer in another overlay")

    await node.leave(lost)


class Guest:
    """What a plugin that profits from the network keeps: joined overlays come and go in ``log``."""

    def __init__(self):
        self.log = []

    @hookimpl(optionalhook=True)
    def triblerd_overlays(self, overlays):
        tea = overlays.join(lambda parts: Tea(settings_of(parts)))
        self.log.append("joined")

        async def leave():
            await overlays.leave(tea)
            self.log.append("left")

        return leave


async def test_a_plugin_that_is_there_first_joins_and_leaves_with_the_network(start_overlay):
    daemon = await start_overlay()
    guest = Guest()
    daemon.daemon.container.plugins().hooks.add("identity", guest)

    await daemon.patch("/plugins/ipv8", json={"reload": True})
    names = [overlay["overlay_name"] for overlay in (await daemon.get("/ipv8/overlays"))["overlays"]]
    await daemon.patch("/plugins/ipv8", json={"enabled": False})

    assert "Tea" in names
    assert guest.log == ["joined", "left"]


async def test_who_leaves_before_the_network_is_not_asked_again(start_overlay):
    daemon = await start_overlay()
    left = []

    async def leave():
        left.append(True)

    take_back = node_of(daemon).when_stopping(leave)
    node_of(daemon).when_stopping(leave)
    take_back()
    take_back()
    await daemon.patch("/plugins/ipv8", json={"enabled": False})

    assert left == [True]
