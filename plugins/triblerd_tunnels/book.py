"""Keeps the book of circuits: tells of those that close, and of what went through them."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from weakref import WeakSet

from ipv8.messaging.anonymization.exit_socket import TunnelExitSocket
from ipv8.messaging.anonymization.tunnel import FORWARD, Circuit, Hop, RelayRoute, RoutingObject

from triblerd.events import Event
from triblerd_tunnels.api import CircuitClosed, PayoutMessage, RelayClosed, TunnelPeer, TunnelRemoved
from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.rendezvous import RendezvousMeter
from triblerd_tunnels.traffic import TrafficMeter

log = logging.getLogger(__name__)

_REMEMBER_SECONDS = 120.0
_MOST_REMEMBERED = 1000
_BECOMES_RELAY = frozenset({"", "linking circuit"})
"""Why the end of a circuit is taken away when the circuit goes on."""

ListenerT = TypeVar("ListenerT", bound=Callable[..., None])


class Book:
    """Implements ``CircuitBook`` (see ``triblerd_tunnels.api``), ``CircuitSlots`` and the community's ``Observer``.

    Args:
        community: Whose circuits they are.
        publish: Takes the events.
        slots: How many slots are shown of what goes through this node.

    Attributes:
        ready: Called with each circuit of ours that is ready.
        leaving: Called with each circuit of ours before it is taken away.
    """

    def __init__(self, *, community: TunnelsCommunity, publish: Callable[[Event], None], slots: int) -> None:
        self._community = community
        self._publish = publish
        self._slots = slots
        self._meter = TrafficMeter()
        self._rendezvous = RendezvousMeter(community=community, meter=self._meter)
        self._listeners: list[Callable[[CircuitClosed | RelayClosed], None]] = []
        self._payees: list[Callable[[tuple[str, int], PayoutMessage], None]] = []
        self._told: WeakSet[RelayRoute] = WeakSet()
        self._closed: dict[int, tuple[float, RelayClosed]] = {}
        self.ready: Callable[[Circuit], None] = lambda _: None
        self.leaving: Callable[[Circuit], None] = lambda _: None

    def read_counters(self) -> None:
        """Read all counters, once a second, and close what had more than its share of traffic.

        pyipv8 compares counters that begin anew after 4 GiB with a limit of 10 GiB.
        """
        self._rendezvous.look()
        for tunnel in self._community.tunnels():
            if sum(self.carried(tunnel)) > self._community.settings.max_traffic:
                self._community.drop(tunnel, "traffic limit exceeded")

    def carried(self, tunnel: RoutingObject) -> tuple[int, int]:
        """Return the bytes that were sent over a circuit, relay or exit, and received."""
        total = self._meter.read(tunnel)
        up = self._community.carrier.sent(tunnel, total.up) if isinstance(tunnel, Circuit) else total.up
        return up, total.down

    # --- CircuitBook ----------------------------------------------------------------------------------------------

    def listen(self, listener: Callable[[CircuitClosed | RelayClosed], None]) -> Callable[[], None]:
        """Call ``listener`` with each circuit that is closed."""
        return _added(self._listeners, listener)

    def on_payout(self, listener: Callable[[tuple[str, int], PayoutMessage], None]) -> Callable[[], None]:
        """Call ``listener`` with each message 30."""
        return _added(self._payees, listener)

    def send_payout(self, address: tuple[str, int], message: PayoutMessage) -> None:
        """Send one packet to a neighbour."""
        self._community.send_payout(address, message)

    def find_relayed(self, circuit_id: int) -> RelayClosed | None:
        """Return how a circuit stands that this node is a hop of, or was a moment ago."""
        relays = self._community.relay_from_to
        onward = relays.get(circuit_id)
        backward = onward and relays.get(onward.circuit_id)
        if onward is not None and backward is not None:
            return self._relayed(circuit_id, onward, backward)
        if (tunnel := self._community.exit_sockets.get(circuit_id)) is not None:
            return self._ended(tunnel)
        _, closed = self._closed.get(circuit_id, (0.0, None))
        return closed

    # --- Observer -------------------------------------------------------------------------------------------------

    def circuit_ready(self, circuit: Circuit) -> None:
        """Pass it on."""
        self.ready(circuit)

    def circuit_leaves(self, circuit: Circuit, reason: str) -> None:
        """Tell of a circuit of ours."""
        self.leaving(circuit)
        total = self._removed(circuit, circuit.circuit_id, reason)
        self._tell(
            CircuitClosed(
                circuit_id=circuit.circuit_id,
                kind=circuit.ctype,
                goal_hops=circuit.goal_hops,
                is_end_to_end=circuit.e2e or circuit.hs_session_keys is not None,
                bytes_up=total[0],
                bytes_down=total[1],
                first_hop=_peer(circuit.hops[0]) if circuit.hops else None,
            )
        )

    def relay_leaves(self, circuit_id: int, relay: RelayRoute, back: RelayRoute | None, reason: str) -> None:
        """Tell of one leg, and with the first of both, of the circuit, or of both that met here."""
        self._removed(relay, circuit_id, reason)
        if back is None or relay in self._told:
            return
        self._told.update((relay, back))
        if relay.rendezvous_relay:
            self._tell_relayed(self._relayed(circuit_id, relay, back))
            self._tell_relayed(self._relayed(relay.circuit_id, back, relay))
        elif relay.direction == FORWARD:
            self._tell_relayed(self._relayed(circuit_id, relay, back))
        else:
            self._tell_relayed(self._relayed(relay.circuit_id, back, relay))

    def exit_leaves(self, tunnel: TunnelExitSocket, reason: str) -> None:
        """Tell of the end of a circuit, unless that goes on from here now."""
        self._removed(tunnel, tunnel.circuit_id, reason)
        if reason not in _BECOMES_RELAY:
            self._tell_relayed(self._ended(tunnel))

    def payout_came(self, address: tuple[str, int], message: PayoutMessage) -> None:
        """Pass it on."""
        for listener in list(self._payees):
            listener(address, message)

    # --- CircuitSlots ---------------------------------------------------------------------------------------------

    def random(self) -> Sequence[int | None]:
        """Return the circuits that go through this node, or end here, in as many slots as are configured."""
        relays = [number for number, relay in self._community.relay_from_to.items() if relay.direction == FORWARD]
        joined = [*relays, *(number for number in self._community.exit_sockets if number not in relays)]
        return [*joined, *[None] * self._slots][: self._slots]

    def competing(self) -> Sequence[tuple[int, int | None]]:
        """Return nothing: no slot is given by balance."""
        return ()

    # --- inside ---------------------------------------------------------------------------------------------------

    def _removed(self, tunnel: RoutingObject, circuit_id: int, reason: str) -> tuple[int, int]:
        up, down = self.carried(tunnel)
        self._publish(
            TunnelRemoved(
                circuit_id=circuit_id,
                circuit_class=next(kind.__name__ for kind in _CLASSES if isinstance(tunnel, kind)),
                bytes_up=up,
                bytes_down=down,
                uptime=time.time() - tunnel.creation_time,
                additional_info=reason,
            )
        )
        return up, down

    def _relayed(self, circuit_id: int, onward: RelayRoute, backward: RelayRoute) -> RelayClosed:
        if onward.rendezvous_relay:  # the end of two circuits
            carried = self._rendezvous.carried(onward)
            return _end_of(circuit_id, backward.hop, carried, carried)
        # Each leg counts what came from its own hop, and nothing of what was sent there.
        return RelayClosed(
            circuit_id=circuit_id,
            previous_hop=_peer(backward.hop),
            next_hop=_peer(onward.hop),
            next_circuit_id=onward.circuit_id,
            bytes_up=self.carried(backward)[1],
            bytes_down=self.carried(onward)[1],
        )

    def _ended(self, tunnel: TunnelExitSocket) -> RelayClosed:
        return _end_of(tunnel.circuit_id, tunnel.hop, *self.carried(tunnel))

    def _tell_relayed(self, closed: RelayClosed) -> None:
        now = time.monotonic()
        fresh = [(number, entry) for number, entry in self._closed.items() if now - entry[0] < _REMEMBER_SECONDS]
        self._closed = dict(fresh[-_MOST_REMEMBERED:]) | {closed.circuit_id: (now, closed)}
        self._tell(closed)

    def _tell(self, closed: CircuitClosed | RelayClosed) -> None:
        for listener in list(self._listeners):
            try:
                listener(closed)
            except Exception:  # a border: another plugin
                log.exception("Whoever keeps accounts failed on a closed circuit")


_CLASSES = (Circuit, RelayRoute, TunnelExitSocket)


def _end_of(circuit_id: int, hop: Hop, up: int, down: int) -> RelayClosed:
    return RelayClosed(
        circuit_id=circuit_id,
        previous_hop=_peer(hop),
        next_hop=None,
        next_circuit_id=0,
        bytes_up=up,
        bytes_down=down,
    )


def _peer(hop: Hop) -> TunnelPeer:
    return TunnelPeer(hop.public_key_bin, (str(hop.address[0]), int(hop.address[1])))


def _added(listeners: list[ListenerT], listener: ListenerT) -> Callable[[], None]:
    listeners.append(listener)

    def unlisten() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return unlisten
