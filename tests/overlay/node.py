"""A foreign node of the overlay, made of bare pyipv8 as Tribler 8.4 makes it, and steered over a socket.

``nursery.py`` forks one process for each. A node is told what to do in lines of JSON and answers each with one.
"""

import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from ipv8 import overlay as overlays
from ipv8.bootstrapping.bootstrapper_interface import Bootstrapper
from ipv8.community import Community, CommunitySettings
from ipv8.configuration import DISPERSY_BOOTSTRAPPER
from ipv8.dht.discovery import DHTDiscoveryCommunity
from ipv8.dht.provider import DHTCommunityProvider
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity, HiddenTunnelSettings
from ipv8.messaging.interfaces.dispatcher.endpoint import DispatcherEndpoint
from ipv8.messaging.interfaces.lan_addresses import interfaces
from ipv8.messaging.interfaces.udp.endpoint import UDPEndpoint, UDPv4Address
from ipv8.peerdiscovery.discovery import RandomWalk
from ipv8_rust_tunnels import Endpoint
from ipv8_service import IPv8

from tests.overlay.fetching import Fetching

_TUNNELS = "a3591a6bd89bbaca0974062a1287afcfbc6fd6bc"
_OTHER_LIMIT = 64 << 20  # bytes of one order
_FLOOD_BATCH = 50

# A node guesses no address of its own from this machine's interfaces, and knows no public server.
for module in (overlays, interfaces):
    module.get_providers = list  # type: ignore[attr-defined]
DISPERSY_BOOTSTRAPPER["init"].update(ip_addresses=[], dns_addresses=[])


class Contacts(Bootstrapper):
    """Nodes that are asked for others as long as an overlay knows nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[UDPv4Address] = []

    async def initialize(self, overlay: Community) -> bool:  # noqa: ARG002 - part of the interface
        self.initialized = True
        return True

    async def get_addresses(self, overlay: Community, timeout: float) -> Iterable[UDPv4Address]:  # noqa: ARG002, ASYNC109
        return self.addresses

    def keep_alive(self, overlay: Community) -> None:
        for address in self.addresses:
            overlay.walk_to(address)

    def blacklist(self) -> Iterable[UDPv4Address]:
        return []

    def unload(self) -> None:
        self.initialized = False


class Tunnels(HiddenTunnelCommunity):
    """Tribler's tunnels. An exit that lies does so with all that comes back to it.

    Attributes:
        lie: ``forge`` changes a byte of each full packet, ``drop`` keeps everything, ``nonsense`` makes noise of it.
    """

    community_id = bytes.fromhex(_TUNNELS)
    lie = ""
    lies = 0

    def send_data(self, target: Any, circuit_id: int, destination: Any, source: Any, data: bytes) -> None:
        if self.lie and circuit_id in self.exit_sockets:
            self.lies += 1
            if self.lie == "drop":
                return
            data = os.urandom(len(data)) if self.lie == "nonsense" else _forged(data)
        super().send_data(target, circuit_id, destination, source, data)


def _forged(data: bytes) -> bytes:
    if len(data) < 1000:  # handshakes and requests stay whole, so that pieces are asked for
        return data
    return data[:-1] + bytes([data[-1] ^ 0x55])


class Node:
    """One node: its overlays, and the orders that it takes.

    Args:
        host: The address that it is bound to.
        flags: What it does for others: 1 relays, 2 exits BitTorrent, 4 exits IPv8, 8 speed tests, 32768 exits HTTP.
        rust: Whether packets go through the Rust endpoint; a node that lies needs Python's.
        lie: See ``Tunnels``.
    """

    def __init__(self, *, host: str, flags: list[int], rust: bool = True, lie: str = "") -> None:
        self._host = host
        endpoint: Any = Endpoint(0, host, 2) if rust else UDPEndpoint(0, host)
        self.endpoint = endpoint
        dispatcher = DispatcherEndpoint([])
        dispatcher.interfaces["UDPIPv4"] = self.endpoint
        dispatcher.interface_order.append("UDPIPv4")
        dispatcher._preferred_interface = self.endpoint
        keys = [{"alias": "me", "generation": "curve25519", "file": ""}]
        self._ipv8 = IPv8(
            {
                "interfaces": [],
                "keys": keys,
                "overlays": [],
                "logger": {"level": "ERROR"},
                "working_directory": ".",
                "walker_interval": 0.5,
            },
            endpoint_override=dispatcher,
        )
        parts = {"my_peer": self._ipv8.keys["me"], "endpoint": dispatcher, "network": self._ipv8.network}
        self._contacts = Contacts()
        dht = DHTDiscoveryCommunity(CommunitySettings(**parts))
        settings = HiddenTunnelSettings(**parts, dht_provider=DHTCommunityProvider(dht, 0))
        settings.peer_flags = set(flags)
        settings.swarm_lookup_interval = 2  # seconds: a test does not wait as long as people do
        self.tunnels = Tunnels(settings)
        self.tunnels.lie = lie
        settings.endpoint = self.endpoint
        self._overlays = (dht, self.tunnels)
        for overlay in self._overlays:
            overlay.my_estimated_lan = UDPv4Address(host, 0)
            overlay.bootstrappers.append(self._contacts)
            self._ipv8.overlays.append(overlay)
            self._ipv8.strategies.append((RandomWalk(overlay), 20))
        self._fetching = Fetching(self.endpoint, self.tunnels)

    async def start(self) -> tuple[str, int]:
        """Open the socket; return its address."""
        await self._ipv8.start()
        if isinstance(self.endpoint, Endpoint):
            self.endpoint.set_exit_address((self._host, 0))
        address = self.endpoint.get_address()
        for overlay in self._overlays:
            overlay.my_estimated_lan = overlay.my_estimated_wan = UDPv4Address(*address)
        return address[0], address[1]

    @property
    def mid(self) -> str:
        """The id by which peers know it, 40 hex digits."""
        return str(self.tunnels.my_peer.mid.hex())

    async def stop(self) -> None:
        """End it as a program does that leaves in order."""
        self._fetching.close()
        await self._ipv8.stop()

    async def meet(self, addresses: list[tuple[str, int]]) -> None:
        """Ask these nodes for an acquaintance, and go on asking while nobody is known."""
        self._contacts.addresses = [UDPv4Address(*address) for address in addresses]
        for overlay in self._overlays:
            for address in self._contacts.addresses:
                overlay.walk_to(address)

    async def candidates(self) -> dict[str, list[int]]:
        """Return the flags of the nodes that it knows, by ``host:port``."""
        return {f"{peer.address[0]}:{peer.address[1]}": flags for peer, flags in self.tunnels.candidates.items()}

    async def figures(self) -> dict[str, Any]:
        """Return what it does for others, and how much of that went through."""
        relays, exits = self.tunnels.relay_from_to, self.tunnels.exit_sockets
        return {
            "relays": {str(number): relay.bytes_up + relay.bytes_down for number, relay in relays.items()},
            "exits": {str(number): one.bytes_up + one.bytes_down for number, one in exits.items()},
            "circuits": [
                [circuit.ctype, circuit.state, circuit.goal_hops, circuit.closing_info]
                for circuit in self.tunnels.circuits.values()
            ],
            "introduces": len(self.tunnels.intro_point_for),
            "lies": self.tunnels.lies,
        }

    async def fetch(self, **order: Any) -> dict[str, float]:
        """Download anonymously; see ``Fetching.fetch``."""
        return await self._fetching.fetch(**order)

    async def seed(self, **order: Any) -> None:
        """Seed as a hidden service; see ``Fetching.seed``."""
        await self._fetching.seed(**order)

    async def flood(self, host: str, port: int, packets: int) -> int:
        """Send a node packets of all kinds as fast as possible: noise, torn and repeated ones of our overlays."""
        for number in range(packets):
            prefix = random.choice(self._overlays).get_prefix()
            body = bytes([random.randrange(256)]) + os.urandom(random.randrange(600))
            self.endpoint.send((host, port), (prefix if number % 4 else b"") + body)
            if number % _FLOOD_BATCH == 0:
                await asyncio.sleep(0)
        return packets


async def run(config: dict[str, Any], socket_name: str) -> None:
    """Be a node until told to stop, or until whoever steers it is gone."""
    reader, writer = await asyncio.open_unix_connection(f"\0{socket_name}", limit=_OTHER_LIMIT)
    name = config.pop("name")
    node = Node(**config)
    address = await node.start()
    orders: dict[str, Callable[..., Awaitable[Any]]] = {
        do.__name__: do for do in (node.meet, node.candidates, node.figures, node.fetch, node.seed, node.flood)
    }

    async def obey(number: int, do: str, with_: dict[str, Any]) -> None:
        try:
            answer = {"id": number, "answer": await orders[do](**with_)}
        except Exception as error:  # noqa: BLE001 - whoever steers it is told
            answer = {"id": number, "error": repr(error)}
        writer.write(json.dumps(answer).encode() + b"\n")

    hello = {"name": name, "pid": os.getpid(), "mid": node.mid, "address": address, "flags": config["flags"]}
    writer.write(json.dumps(hello).encode() + b"\n")
    async with asyncio.TaskGroup() as tasks:
        work = []
        while (line := await reader.readline()) and (order := json.loads(line))["do"] != "stop":
            work.append(tasks.create_task(obey(order["id"], order["do"], order["with"])))
        for task in work:
            task.cancel()
    await node.stop()
    writer.close()
