"""Whom an anonymous download meets again."""

import asyncio
from typing import Any

from triblerd_libtorrent.api import Infohash
from triblerd_tunnels.reunion import Reunion

INFOHASH = Infohash("ab" * 20)
PEER = "127.0.0.1", 6881


class SlowSwarm:
    """Takes a while to forget peers, and notes who is connected to."""

    def __init__(self):
        self.forgets = asyncio.Event()
        self.connected = []

    async def drop_peers(self, _infohash, *_hosts):
        await self.forgets.wait()

    def connect_peer(self, _infohash, host, port):
        self.connected.append((host, port))


async def test_a_peer_that_is_given_up_while_it_is_being_forgiven_is_not_met():
    swarm, tasks = SlowSwarm(), []
    unused: dict[str, Any] = dict.fromkeys(("community", "sessions", "engine"))
    peers: Any = swarm
    reunion = Reunion(**unused, peers=peers, spawn=lambda _, work: tasks.append(asyncio.create_task(work)))
    reunion.forgive(INFOHASH, PEER)
    await asyncio.sleep(0)

    reunion.give_up(INFOHASH, PEER)
    swarm.forgets.set()
    await asyncio.gather(*tasks)

    assert swarm.connected == []
    reunion.forgive(INFOHASH, PEER)
    await asyncio.gather(*tasks)
    assert swarm.connected == [PEER]
