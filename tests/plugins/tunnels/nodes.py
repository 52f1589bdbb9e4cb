"""Other people's nodes: what pyipv8 has, with Tribler's identifier, on 127.0.0.1 and without a word of the plugin."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, cast

from ipv8.dht.provider import DHTCommunityProvider
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity, HiddenTunnelSettings

from triblerd_ipv8.api import NodeParts
from triblerd_ipv8.config import EndpointKind, Ipv8Config
from triblerd_ipv8.node import Node
from triblerd_tunnels.carrier import Carrier
from triblerd_tunnels.community import make_community

RELAY = frozenset({1, 8})
EXIT = frozenset({1, 2, 4, 8, 32768})

EXIT_ADDRESS = "127.0.0.3"
"""Where traffic comes from that leaves at one of these nodes; everybody else is 127.0.0.1."""


class OtherTunnels(HiddenTunnelCommunity):
    community_id = bytes.fromhex("a3591a6bd89bbaca0974062a1287afcfbc6fd6bc")


class OtherNode:
    """A node of somebody else.

    Attributes:
        tunnels: Its community.
        received: Packets that were waited for.
    """

    endpoint: EndpointKind = "rust"

    def __init__(self, flags: Iterable[int], contacts: Sequence[str]) -> None:
        self._flags = set(flags)
        config = Ipv8Config(
            address="127.0.0.1", port=0, bootstrap=tuple(contacts), walk_interval=0.1, endpoint=self.endpoint
        )
        key = default_eccrypto.generate_key("curve25519").key_to_bin()
        self._node = Node(config=config, private_key=key, discovery=False, dht=True)
        self._walk: asyncio.Task[None] | None = None
        self.received: list[bytes] = []

    async def start(self) -> None:
        await self._node.open()
        if self.endpoint == "rust":
            self._node.parts.socket.set_exit_address((EXIT_ADDRESS, 0))
        self.tunnels: Any = self._node.join(self._make)
        self._walk = asyncio.create_task(self._node.walk())

    async def stop(self) -> None:
        if self._walk is not None:
            self._walk.cancel()
            await asyncio.gather(self._walk, return_exceptions=True)
            self._walk = None
            await self._node.close()

    async def vanish(self) -> None:
        """Fall silent, as if its machine had lost power: nobody is told."""
        await self._node.parts.socket.close(0)

    @property
    def contact(self) -> str:
        return f"127.0.0.1:{self._node.port}"

    @property
    def mid(self) -> str:
        return str(self._node.parts.my_peer.mid.hex())

    @property
    def port(self) -> int:
        return self._node.port

    @property
    def public_key(self) -> bytes:
        return bytes(self._node.parts.my_peer.public_key.key_to_bin())

    async def circuit(self, *, hops: int) -> Any:
        """Build a circuit, and wait until it is ready."""
        circuit = self.tunnels.create_circuit(hops)
        assert await circuit.ready
        return circuit

    def receive(self, number: int) -> None:
        """Keep the messages of a number in ``received``."""
        self.tunnels.add_message_handler(number, lambda _, packet: self.received.append(packet))

    def stores(self, swarm: bytes) -> bool:
        """Whether it has something in its part of the DHT for a hidden swarm."""
        return any(storage.get(swarm) for storage in cast("Any", self._node.parts.dht).storages.values())

    def _make(self, parts: NodeParts) -> Any:
        settings = HiddenTunnelSettings(
            my_peer=parts.my_peer,
            endpoint=parts.endpoint,
            network=parts.network,
            dht_provider=DHTCommunityProvider(cast("Any", parts.dht), 0),
        )
        settings.peer_flags = self._flags
        settings.remove_tunnel_delay = 0
        tunnels = OtherTunnels(settings)
        settings.endpoint = cast("Any", tunnels.crypto_endpoint)
        return tunnels


class PythonNode(OtherNode):
    """A node of ours, whose endpoint is the one in Python."""

    endpoint: EndpointKind = "python"

    @property
    def carrier(self) -> Carrier:
        carrier: Carrier = self.tunnels.carrier
        return carrier

    async def stop(self) -> None:
        if self._walk is not None:
            await self._node.leave(self.tunnels)
            await self.carrier.close()
        await super().stop()

    def _make(self, parts: NodeParts) -> Any:
        is_exit = self._flags >= {2, 4}
        return make_community(parts, is_exit=is_exit, most_joined=100 * bool(self._flags), is_test_network=False)
