"""This node in the tunnel overlay: what pyipv8 has, with Tribler's identifiers and some habits of its own.

With what carries the data, the one place in the plugin that touches what pyipv8 keeps to itself.
"""

import asyncio
import struct
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast
from weakref import WeakSet

from ipv8.dht.provider import DHTCommunityProvider
from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity, HiddenTunnelSettings
from ipv8.messaging.anonymization.payload import CreatedPayload, ExtendedPayload
from ipv8.messaging.anonymization.tunnel import (
    CIRCUIT_STATE_READY,
    CIRCUIT_TYPE_DATA,
    CIRCUIT_TYPE_IP_SEEDER,
    DESTROY_REASON_SHUTDOWN,
    DESTROY_REASON_UNKNOWN,
    PEER_FLAG_EXIT_BT,
    PEER_FLAG_EXIT_IPV8,
    PEER_FLAG_RELAY,
    PEER_FLAG_SPEED_TEST,
    Circuit,
    RelayRoute,
    RoutingObject,
)
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address
from ipv8.messaging.payload import IntroductionResponsePayload, NewIntroductionResponsePayload
from ipv8.messaging.payload_headers import GlobalTimeDistributionPayload
from ipv8.peer import Peer

from triblerd_ipv8.api import NodeParts
from triblerd_tunnels.api import PayoutMessage
from triblerd_tunnels.carrier import Carrier
from triblerd_tunnels.python.carrier import PythonCarrier
from triblerd_tunnels.python.requests import EXIT_HTTP
from triblerd_tunnels.rust_carrier import RustCarrier

COMMUNITY_ID = bytes.fromhex("a3591a6bd89bbaca0974062a1287afcfbc6fd6bc")
TEST_COMMUNITY_ID = bytes.fromhex("b02540cb9d6179d936e1228ff2f6f351f580b543")

BACKUP_EXIT = 16384
HELPER_FLAGS = frozenset({PEER_FLAG_RELAY, PEER_FLAG_SPEED_TEST})
EXIT_FLAGS = HELPER_FLAGS | {PEER_FLAG_EXIT_BT, PEER_FLAG_EXIT_IPV8, EXIT_HTTP}

POINT_SECONDS = 3000
"""Age of an introduction point of ours that is replaced: it is announced to the DHT once, and kept there an hour."""

_PAYOUT = 30
_PAYOUT_FORM = struct.Struct(">296sII")
_BODY = 23  # where a message begins, after the prefix and its number
_NOWHERE = ("0.0.0.0", 0)  # noqa: S104 - what stands in messages for no address


class Observer(Protocol):
    """Whoever is told what becomes of circuits. Plain functions, called on the event loop."""

    def circuit_ready(self, circuit: Circuit) -> None:
        """All hops of a circuit of ours have answered."""

    def circuit_leaves(self, circuit: Circuit, reason: str) -> None:
        """A circuit of ours is about to be taken away; told once."""

    def relay_leaves(self, circuit_id: int, relay: RelayRoute, back: RelayRoute | None, reason: str) -> None:
        """One leg of somebody's circuit is about to be taken away; told once for each.

        Args:
            circuit_id: What comes by this number goes out over ``relay``.
            relay: The leg.
            back: The leg in the other direction, if it is still there.
            reason: Why.
        """

    def exit_leaves(self, tunnel: TunnelExitSocket, reason: str) -> None:
        """A circuit that ends here is about to be taken away, or to be made longer; told once."""

    def payout_came(self, address: tuple[str, int], message: PayoutMessage) -> None:
        """Somebody sent message 30."""


class TunnelsCommunity(HiddenTunnelCommunity):
    """The overlay, as Tribler's nodes speak it.

    Args:
        settings: pyipv8's.
        socket: The node's.

    Attributes:
        avoids: Says of the public key of an exit whether others are taken instead, if there are others.
        observer: Told what becomes of circuits; nobody at first.
        carrier: What carries the data, and listens for SOCKS5.
    """

    community_id = COMMUNITY_ID

    def __init__(self, settings: HiddenTunnelSettings, socket: Any) -> None:
        self.avoids: Callable[[bytes], bool] = lambda _: False
        self.observer: Observer | None = None
        self._leaving: WeakSet[RoutingObject] = WeakSet()
        super().__init__(settings)
        carry = RustCarrier if socket.kind == "rust" else PythonCarrier
        self.carrier: Carrier = carry(self, socket)
        self.add_message_handler(_PAYOUT, self._on_payout)

    async def unload(self) -> None:
        """Tell the neighbours of all circuits, take these away, and leave the overlay.

        The tables belong to the endpoint, which outlives the overlay when only that is left: nothing may stay there.
        """
        leaving = [
            *(self.remove_circuit(number, "unload", True, DESTROY_REASON_SHUTDOWN) for number in list(self.circuits)),
            *(
                self.remove_relay(number, "unload", True, DESTROY_REASON_SHUTDOWN)
                for number in list(self.relay_from_to)
            ),
            *(
                self.remove_exit_socket(number, "unload", True, DESTROY_REASON_SHUTDOWN)
                for number in list(self.exit_sockets)
            ),
        ]
        await asyncio.gather(*leaving, return_exceptions=True)
        self.observer = None
        await super().unload()

    # --- what becomes of circuits --------------------------------------------------------------------------------

    def _ours_on_created_extended(self, circuit_id: int, payload: CreatedPayload | ExtendedPayload) -> None:
        super()._ours_on_created_extended(circuit_id, payload)
        circuit = self.circuits.get(circuit_id)
        if circuit is not None and circuit.state == CIRCUIT_STATE_READY and self.observer is not None:
            self.observer.circuit_ready(circuit)

    def remove_circuit(
        self, circuit_id: int, additional_info: str = "", remove_now: bool = False, destroy: bool | int = False
    ) -> Coroutine[Any, Any, None]:
        """Tell of a circuit that leaves, and take it away."""
        circuit = self.circuits.get(circuit_id)
        if circuit is not None and self._is_news(circuit) and self.observer is not None:
            self.carrier.refresh(circuit)
            self.observer.circuit_leaves(circuit, additional_info)
        return super().remove_circuit(circuit_id, additional_info, remove_now, destroy)

    def remove_relay(
        self, circuit_id: int, additional_info: str = "", remove_now: bool = False, destroy: bool | int = False
    ) -> Any:
        """Tell of one leg of a circuit that leaves, and take it away."""
        relay = self.relay_from_to.get(circuit_id)
        if relay is not None and self._is_news(relay) and self.observer is not None:
            back = self.relay_from_to.get(relay.circuit_id)
            for leg in filter(None, (relay, back)):
                self.carrier.refresh(leg)
            self.observer.relay_leaves(circuit_id, relay, back, additional_info)
        return super().remove_relay(circuit_id, additional_info, remove_now, destroy)

    def remove_exit_socket(
        self, circuit_id: int, additional_info: str = "", remove_now: bool = False, destroy: bool | int = False
    ) -> Coroutine[Any, Any, TunnelExitSocket | None]:
        """Tell of a circuit's end that leaves, and take it away."""
        tunnel = self.exit_sockets.get(circuit_id)
        if tunnel is not None and self._is_news(tunnel) and self.observer is not None:
            self.carrier.refresh(tunnel)
            self.observer.exit_leaves(tunnel, additional_info)
        self.carrier.exit_leaves(circuit_id)
        return super().remove_exit_socket(circuit_id, additional_info, remove_now, cast("bool", destroy))

    def tunnels(self) -> list[RoutingObject]:
        """Return all circuits, legs of others' circuits, and ends of them."""
        tables = self.circuits, self.relay_from_to, self.exit_sockets
        return [tunnel for table in tables for tunnel in table.values()]

    def _is_news(self, tunnel: RoutingObject) -> bool:
        """Say whether nobody was told yet that it leaves; pyipv8 takes things away again and again."""
        if tunnel in self._leaving:
            return False
        self._leaving.add(tunnel)
        return True

    def get_max_time(self, circuit_id: int) -> float:
        """Return how old a circuit may become, in seconds."""
        circuit = self.circuits.get(circuit_id)
        if circuit is not None and circuit.ctype == CIRCUIT_TYPE_IP_SEEDER:
            return POINT_SECONDS
        return super().get_max_time(circuit_id)

    def drop(self, tunnel: RoutingObject, reason: str) -> None:
        """Take away a circuit, a relay or an exit, and tell the neighbours."""
        removers = (
            (self.circuits, self.remove_circuit),
            (self.relay_from_to, self.remove_relay),
            (self.exit_sockets, self.remove_exit_socket),
        )
        for table, remove in removers:
            for number in [number for number, other in table.items() if other is tunnel]:
                _ = remove(number, reason, destroy=DESTROY_REASON_UNKNOWN)

    # --- whom we take and meet ------------------------------------------------------------------------------------

    def get_candidates(self, *requested_flags: int) -> list[Peer]:
        """Return the peers with these flags.

        Exits that are avoided, or want to be the last resort, are among them only while there are no others.
        """
        peers = super().get_candidates(*requested_flags)
        if PEER_FLAG_EXIT_BT in requested_flags:
            peers = [peer for peer in peers if not self.avoids(peer.public_key.key_to_bin())] or peers
            return [peer for peer in peers if BACKUP_EXIT not in self.candidates[peer]] or peers
        return peers

    def all_exits(self) -> list[Peer]:
        """Return all exits that are known, those that are avoided and those of last resort, too."""
        return super().get_candidates(PEER_FLAG_EXIT_BT)

    def send_extend(self, circuit: Circuit, candidates: list[bytes], max_tries: int) -> None:
        """Make a circuit longer by one of those whom its last hop proposes, which may be exits that are avoided."""
        if circuit.ctype == CIRCUIT_TYPE_DATA and len(circuit.hops) == circuit.goal_hops - 1:
            candidates = [key for key in candidates if not self.avoids(key)]
        super().send_extend(circuit, candidates, max_tries)

    def introduction_response_callback(
        self,
        peer: Peer,
        dist: GlobalTimeDistributionPayload,
        payload: IntroductionResponsePayload | NewIntroductionResponsePayload,
    ) -> None:
        """Learn what the peer does, and where whom it introduces may be found, too.

        A router that keeps the inner port leads to the peer by its outer address with that port.
        """
        super().introduction_response_callback(peer, dist, payload)
        outer, inner = payload.wan_introduction_address, payload.lan_introduction_address
        if _NOWHERE not in (outer, inner) and outer[0] != self.my_estimated_wan[0]:
            self.network.discover_address(peer, UDPv4Address(outer[0], inner[1]), self.community_id)

    # --- message 30 -----------------------------------------------------------------------------------------------

    def send_payout(self, address: tuple[str, int], message: PayoutMessage) -> None:
        """Send a transaction to a neighbour."""
        body = _PAYOUT_FORM.pack(message.record, message.circuit_id, message.base)
        self.endpoint.send(UDPv4Address(*address), self.get_prefix() + bytes([_PAYOUT]) + body)

    def _on_payout(self, address: tuple[str, int], data: bytes) -> None:
        if self.observer is not None and len(data) == _BODY + _PAYOUT_FORM.size:
            record, circuit_id, base = _PAYOUT_FORM.unpack_from(data, _BODY)
            message = PayoutMessage(record=record, circuit_id=circuit_id, base=base)
            self.observer.payout_came((address[0], address[1]), message)


class TestNetworkCommunity(TunnelsCommunity):
    """The same, among those who try things out."""

    __test__ = False  # pytest is not meant
    community_id = TEST_COMMUNITY_ID


def make_community(parts: NodeParts, *, is_exit: bool, most_joined: int, is_test_network: bool) -> TunnelsCommunity:
    """Make the overlay for this node.

    Args:
        parts: What overlays are made of.
        is_exit: Whether strangers' traffic leaves from here.
        most_joined: Circuits of others that go through this node; with 0 it helps nobody.
        is_test_network: Whether it shall be among those who try things out.
    """
    settings = HiddenTunnelSettings(
        my_peer=parts.my_peer,
        endpoint=parts.endpoint,
        network=parts.network,
        dht_provider=None if parts.dht is None else DHTCommunityProvider(parts.dht, 0),
    )
    # Assigned, never changed in place: the set is one for all settings in the process, and would make each an exit.
    settings.peer_flags = set((EXIT_FLAGS if is_exit else HELPER_FLAGS) if most_joined else ())
    settings.max_joined_circuits = most_joined
    # A closed circuit would go on to be used for five seconds. Nothing travels over it afterwards here.
    settings.remove_tunnel_delay = 0
    return (TestNetworkCommunity if is_test_network else TunnelsCommunity)(settings, parts.socket)
