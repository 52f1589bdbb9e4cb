"""What leaves the daemon in the course of an anonymous download: packets of the overlay, and nothing else."""

import os
from collections import Counter

import pytest

from tests.overlay.member import join, wait_until_met
from tests.overlay.network import EXIT, RELAY, private_network
from tests.overlay.wire import BLOCK, INSIDE, with_watched_place
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import Seeder

MIB = 1 << 20
OVERLAY = b"\x00\x02"
ICMP, NEIGHBOURS = "ip 1", ("arp", "ip 0", "ip 58")  # the kernel's own; 0 and 58 are those of IPv6


def leaks(place, network, daemon):
    """Return what went over the wire and was neither of the overlay nor of the API, and how often."""
    nodes = {node.address for node in network.nodes}

    def is_leak(packet):
        ours, other = sorted((packet.source, packet.target), key=lambda address: address[0] != INSIDE)
        if packet.protocol in NEIGHBOURS:
            return False
        if packet.protocol == ICMP:  # nobody listens there any more
            return other[0] not in {node[0] for node in nodes}
        if packet.protocol == "tcp":
            return ours[1] not in daemon.ports
        return other not in nodes or not packet.head.startswith(OVERLAY)

    return Counter((packet.protocol, packet.source, packet.target) for packet in place.wire.packets if is_leak(packet))


async def provoke(daemon, torrent, seeder):
    """Make the daemon look for peers in every way that a client has, whatever it says to that."""
    place = f"/downloads/{torrent.infohash}"
    await daemon.request("PUT", f"{place}/tracker_force_announce", json={})
    await daemon.request("PUT", f"{place}/peers", json={"ip": seeder.host, "port": seeder.port})


class Story:
    """A daemon in a watched place, its network outside, and a slow download."""

    def __init__(self, place, network, seeder, daemon):
        self.place, self.network, self.seeder, self.daemon = place, network, seeder, daemon
        self.exits = []

    async def begins_without_exits(self):
        seeder = self.seeder
        self.torrent = seeder.seed_new(os.urandom(3 * MIB))
        trackers = (f"udp://{seeder.host}:6969", f"http://{seeder.host}:6969/announce", "udp://tracker.invalid:6969")
        await self.daemon.add("&tr=".join((seeder.magnet(self.torrent), *trackers)), hops=1)
        await self.daemon.wait_for_status(self.torrent, "EXIT_NODES")
        await provoke(self.daemon, self.torrent, seeder)

    async def gets_data_when_there_are_exits(self):
        self.exits = await self.network.add(EXIT, EXIT)
        await wait_until_met(self.network, self.daemon)
        await self.gets_more()

    async def loses_all_circuits(self):
        for node in self.exits:
            await node.stop()
        await self.daemon.wait_for_status(self.torrent, "EXIT_NODES", "CIRCUITS")
        await provoke(self.daemon, self.torrent, self.seeder)

    async def goes_on_with_new_circuits(self):
        await self.gets_data_when_there_are_exits()

    async def loses_the_plugin(self):
        await self.daemon.turn("tunnels", on=False)
        await provoke(self.daemon, self.torrent, self.seeder)
        await self.daemon.turn("tunnels", on=True)
        await wait_until_met(self.network, self.daemon)
        await self.daemon.wait_for_status(self.torrent, "DOWNLOADING")
        await provoke(self.daemon, self.torrent, self.seeder)
        await self.gets_more()

    async def changes_the_number_of_hops(self):
        await self.daemon.patch(f"/downloads/{self.torrent.infohash}", json={"anon_hops": 2})
        await self.gets_more()

    async def is_killed_and_comes_back(self):
        self.daemon.kill()
        await self.daemon.start()
        await wait_until_met(self.network, self.daemon)
        await provoke(self.daemon, self.torrent, self.seeder)

    async def completes(self):
        self.seeder.limit(0)
        await self.daemon.wait_for_progress(self.torrent, 1.0)
        await wait_for(lambda: self.daemon.has(self.torrent))

    async def gets_more(self):
        before = (await self.daemon.row(self.torrent))["progress"]
        await self.daemon.wait_for_progress(self.torrent, before + 0.02)


SHORT = (
    Story.begins_without_exits,
    Story.gets_data_when_there_are_exits,
    Story.loses_the_plugin,
    Story.completes,
)
LONG = (
    Story.begins_without_exits,
    Story.gets_data_when_there_are_exits,
    Story.loses_all_circuits,
    Story.goes_on_with_new_circuits,
    Story.loses_the_plugin,
    Story.changes_the_number_of_hops,
    Story.is_killed_and_comes_back,
    Story.completes,
)


async def tell(place, folder, chapters):
    """Live through the story, looking after each chapter at what was sent, then see that a plain download is seen."""
    (folder / "seeder").mkdir()
    async with private_network(folder, BLOCK) as network:
        await network.add(RELAY, RELAY, RELAY)
        with Seeder(folder / "seeder", host=network.new_host(), upload_limit=MIB // 2) as seeder:
            async with join(network, folder, place=place) as daemon:
                story = Story(place, network, seeder, daemon)
                for chapter in chapters:
                    await chapter(story)
                    assert not leaks(place, network, daemon), chapter.__name__

                plain = seeder.seed_new(b"in the clear" * 5000, name="plain")
                await daemon.put("/downloads", json={"uri": seeder.magnet(plain)})
                await daemon.wait_for_progress(plain, 1.0)
                assert {target[0] for _, _, target in leaks(place, network, daemon)} >= {seeder.host}


def test_an_anonymous_download_shows_the_world_nothing_but_the_overlay(tmp_path):
    with_watched_place(lambda place: tell(place, tmp_path, SHORT))


@pytest.mark.soak
def test_nothing_is_shown_without_circuits_with_other_hops_and_after_being_killed(tmp_path):
    with_watched_place(lambda place: tell(place, tmp_path, LONG))
