"""What goes through rendezvous points of this node, which may be neither counted nor taken for a sign of life."""

import time
from typing import Final
from weakref import WeakKeyDictionary

from ipv8.messaging.anonymization.tunnel import RelayRoute

from triblerd_tunnels.community import TunnelsCommunity
from triblerd_tunnels.traffic import TrafficMeter

SIGN_OF_LIFE: Final = 256
"""Bytes through the rendezvous points of this node after which they are in use: less than two pings with their answers,
which come every 7.5 seconds when there is nothing else."""


class RendezvousMeter:
    """Counts what came in circuits and belongs to none that is counted: that went through rendezvous points.

    The endpoint in Rust knows how much came in all, and joins two circuits without a count of its own, so that pyipv8
    would part them after 20 seconds without activity, whatever goes through them. Several rendezvous points at the
    same time cannot be told apart: each is taken to have had all of it, and all are in use while one of them is.

    Args:
        community: Has the circuits.
        meter: Counts what is counted.
    """

    def __init__(self, *, community: TunnelsCommunity, meter: TrafficMeter) -> None:
        self._community = community
        self._meter = meter
        self._began: WeakKeyDictionary[RelayRoute, int] = WeakKeyDictionary()
        self._seen = self._alive = self._total()

    def look(self) -> None:
        """Keep those alive that are in use; to be called every second."""
        links = [relay for relay in self._community.relay_from_to.values() if relay.rendezvous_relay]
        for relay in links:
            self._began.setdefault(relay, self._seen)
        self._seen = self._total()
        if not links:
            self._alive = self._seen
        elif self._seen - self._alive >= SIGN_OF_LIFE:
            self._alive = self._seen
            oldest = time.time() - self._community.settings.max_time  # older ones have no owners any more
            for relay in links:
                if relay.creation_time > oldest:
                    relay.beat_heart()

    def carried(self, relay: RelayRoute) -> int:
        """Return the bytes that may have gone through a rendezvous point in both directions, at most a second more."""
        counted = self._meter.read(relay)
        return max(self._total() - self._began.get(relay, self._seen), counted.up + counted.down)

    def _total(self) -> int:
        carrier = self._community.carrier
        for tunnel in self._community.tunnels():
            carrier.refresh(tunnel)
            self._meter.read(tunnel)
        received = carrier.received()
        return 0 if received is None else received - self._meter.received
