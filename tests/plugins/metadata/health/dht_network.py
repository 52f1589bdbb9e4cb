"""A network of real nodes of the DHT: engines on addresses of this machine, which know nobody else."""

from contextlib import asynccontextmanager

import libtorrent as lt

from triblerd.testing import wait_for
from triblerd_libtorrent.session import open_session

SETTINGS = {
    "enable_dht": True,
    "dht_bootstrap_nodes": "",
    "dht_upload_rate_limit": 1_000_000,  # beyond it answers are dropped, here with neighbours' greetings alone
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_ignore_dark_internet": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "webtorrent_stun_server": "",
}
_SEED = 1
_FIRST = 40


class DhtNetwork:
    """Some nodes, each with an address of its own."""

    def __init__(self, nodes):
        self.nodes = nodes

    @property
    def addresses(self):
        """Where they are."""
        return [(f"127.0.0.{_FIRST + number}", node.listen_port()) for number, node in enumerate(self.nodes)]

    def announce(self, infohash, *, seeds=(), others=()):
        """Have nodes, by their numbers, say that they have a torrent."""
        for numbers, flags in ((seeds, _SEED), (others, 0)):
            for number in numbers:
                self.nodes[number].dht_announce(lt.sha1_hash(infohash), 6881, flags)


@asynccontextmanager
async def dht_network(count):
    """Run some nodes that know one another."""
    sessions = []
    try:
        for number in range(count):
            settings = {**SETTINGS, "listen_interfaces": f"127.0.0.{_FIRST + number}:0"}
            sessions.append(await open_session(0, settings))  # type: ignore[arg-type]
        network = DhtNetwork([session.raw for session in sessions])
        for node in network.nodes:
            for address in network.addresses:
                node.add_dht_node(address)
        least = min(count - 1, 8)
        await wait_for(lambda: all(neighbours(node) >= least for node in network.nodes), what="neighbours")
        yield network
    finally:
        for session in sessions:
            await session.close()


def neighbours(node):
    """Return how many a node knows."""
    params = node.session_state(lt.save_state_flags_t.save_dht_state)
    state = lt.write_session_params(params, lt.save_state_flags_t.save_dht_state)[b"dht state"]
    return len(state.get(b"nodes", ()))
