"""A peer that is no triblerd: pyipv8 alone, with payloads as that library describes them."""

# ruff: noqa: RUF012 - so the library wants its payloads described

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ipv8.community import Community, CommunitySettings
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.lazy_community import lazy_wrapper_wd
from ipv8.messaging.interfaces.udp.endpoint import UDPEndpoint, UDPv4Address
from ipv8.messaging.lazy_payload import VariablePayload
from ipv8.peer import Peer
from ipv8.peerdiscovery.network import Network

from triblerd.testing import RunningDaemon, wait_for
from triblerd_ipv8.api import Overlays

COMMUNITY_ID = bytes.fromhex("9aca62f878969c437da9844cba29a134917e1648")


class Body(VariablePayload):
    format_list = ["raw"]
    names = ["body"]


class HealthRequest(VariablePayload):
    msg_id = 3
    format_list = ["B"]
    names = ["kind"]


class HealthItem(VariablePayload):
    format_list = ["20s", "I", "I", "Q", "varlenHutf8"]
    names = ["infohash", "seeders", "leechers", "checked", "tracker"]


class Health(VariablePayload):
    msg_id = 4
    format_list = ["B", [HealthItem], "raw"]
    names = ["kind", "items", "rest"]


class TorrentsHealth(VariablePayload):
    msg_id = 1
    format_list = ["I", "I", "varlenI", "raw"]
    names = ["randoms", "populars", "random", "popular"]


class Version(VariablePayload):
    msg_id = 102
    format_list = ["varlenI", "varlenI"]
    names = ["version", "platform"]


class Select(VariablePayload):
    msg_id = 201
    format_list = ["I", "varlenH"]
    names = ["request_id", "query"]


class SelectResponse(VariablePayload):
    msg_id = 202
    format_list = ["I", "raw"]
    names = ["request_id", "block"]


class BarePeer(Community):
    """Keeps what it is sent, and sends what it is told."""

    community_id = COMMUNITY_ID

    def __init__(self, settings: CommunitySettings) -> None:
        super().__init__(settings)
        self.cancel_pending_task("discover_lan_addresses")
        self.bodies: dict[int, list[bytes]] = defaultdict(list)
        for number in (1, 2, 3, 4, 101, 102, 201, 202):
            self.add_message_handler(number, self._on_any)

    @lazy_wrapper_wd(Body)
    def _on_any(self, _peer: Any, payload: Any, data: bytes, /) -> None:
        self.bodies[data[22]].append(payload.body)

    def read(self, kind: type[VariablePayload]) -> list[Any]:
        """All messages of a kind so far."""
        number = kind.msg_id  # type: ignore[attr-defined]
        return [self.serializer.unpack_serializable(kind, body)[0] for body in self.bodies[number]]

    def say(self, payload: VariablePayload) -> None:
        """Send a message to the daemon."""
        self.ez_send(self.daemon, payload)

    def say_raw(self, number: int, body: bytes = b"") -> None:
        self.endpoint.send(self.daemon.address, self.ezr_pack(number, Body(body)))

    @property
    def daemon(self) -> Peer:
        return self.get_peers()[0]

    async def ask(self, query: bytes, request_id: int = 1, answers: int = 1) -> list[bytes]:
        """Ask the daemon, and return the blocks of as many packets of its answer."""
        self.say(Select(request_id, query))

        def found() -> list[bytes]:
            return [one.block for one in self.read(SelectResponse) if one.request_id == request_id]

        await wait_for(lambda: len(found()) >= answers, what="an answer")
        return found()


def port_of(daemon: RunningDaemon) -> int:
    overlays = daemon.daemon.container.services().find(Overlays)
    assert overlays
    return overlays.port


@asynccontextmanager
async def bare_peer(daemon: RunningDaemon, key: bytes | None = None) -> AsyncIterator[BarePeer]:
    """A peer that the daemon knows, and that knows the daemon."""
    endpoint = UDPEndpoint(port=0, ip="127.0.0.1")
    assert await endpoint.open()
    private = default_eccrypto.key_from_private_bin(key) if key else default_eccrypto.generate_key("curve25519")
    settings = CommunitySettings(my_peer=Peer(private), endpoint=endpoint, network=Network())
    peer = BarePeer(settings)
    peer.my_estimated_lan = peer.my_estimated_wan = UDPv4Address(*endpoint.get_address())
    try:
        peer.walk_to(UDPv4Address("127.0.0.1", port_of(daemon)))
        await wait_for(peer.get_peers, what="the daemon's introduction")
        yield peer
    finally:
        await peer.unload()
        endpoint.close()
