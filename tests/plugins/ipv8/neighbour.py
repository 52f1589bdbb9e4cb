"""A neighbour in the overlay: the library by itself, on 127.0.0.1, without anything of this project around it."""

import asyncio
from typing import Self

from ipv8.community import Community, CommunitySettings
from ipv8.dht.discovery import DHTDiscoveryCommunity
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.interfaces.dispatcher.endpoint import DispatcherEndpoint
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address
from ipv8.peer import Peer
from ipv8.peerdiscovery.community import DiscoveryCommunity
from ipv8.peerdiscovery.network import Network

from triblerd_ipv8.library import tell_addresses


class Neighbour:
    """A node that walks to whom it is told of, and else only answers."""

    def __init__(self, port: int = 0) -> None:
        self._wanted_port = port

    async def __aenter__(self) -> Self:
        self.endpoint = DispatcherEndpoint(["UDPIPv4"], UDPIPv4={"port": self._wanted_port, "ip": "127.0.0.1"})
        await self.endpoint.open()
        self.port = self.endpoint.get_address()[1]
        self.address = UDPv4Address("127.0.0.1", self.port)
        self.me = Peer(default_eccrypto.generate_key("curve25519"))
        self.network = Network()
        self.overlays: list[Community] = []
        self.discovery = self.join(DiscoveryCommunity)
        self.dht = self.join(DHTDiscoveryCommunity)
        return self

    def join(self, kind):
        """Take part in an overlay."""
        overlay = kind(CommunitySettings(my_peer=self.me, endpoint=self.endpoint, network=self.network))
        tell_addresses(overlay, lambda: ["127.0.0.1"], self.port)
        overlay.my_estimated_lan = overlay.my_estimated_wan = self.address
        self.overlays.append(overlay)
        return overlay

    def walk_to(self, port: int) -> None:
        """Ask somebody for introductions, in every overlay."""
        for overlay in self.overlays:
            overlay.walk_to(UDPv4Address("127.0.0.1", port))

    async def __aexit__(self, *_: object) -> None:
        for overlay in self.overlays:
            await overlay.unload()
        await self.endpoint.close()
        await asyncio.sleep(0)  # the transport says goodbye
