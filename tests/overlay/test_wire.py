"""The proof of what a daemon sends is as good as what is seen of its place: here that is tried."""

import socket

from tests.overlay.wire import BLOCK, INSIDE, with_watched_place
from triblerd.testing import wait_for


def test_what_is_meant_for_the_world_is_seen_and_what_others_send_is_not():
    targets = (("203.0.113.7", 53), (f"{BLOCK}.3", 4000))

    async def scenario(place):
        with place.inside():
            inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with inside, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
            outside.sendto(b"not ours", targets[1])
            for target in targets:
                inside.sendto(b"a question", target)
            await wait_for(lambda: sum(packet.protocol == "udp" for packet in place.wire.packets) >= len(targets))

        seen = [packet for packet in place.wire.packets if packet.protocol == "udp"]
        assert {(packet.source[0], packet.target, packet.head) for packet in seen} == {
            (INSIDE, target, b"a question") for target in targets
        }

    with_watched_place(scenario)
