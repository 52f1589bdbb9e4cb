"""Keeps exits and others among the peers in a useful proportion, and asks peers what they do."""

import random
import time

from ipv8.messaging.anonymization.tunnel import PEER_FLAG_EXIT_BT
from ipv8.peer import Peer
from ipv8.peerdiscovery.discovery import DiscoveryStrategy

from triblerd_tunnels.community import TunnelsCommunity

MOST_PEERS = 23
SHARE_OF_OTHERS = 9 / 16
"""How many of the peers should be no exits."""
ASK_AGAIN_SECONDS = 300.0


class Culling(DiscoveryStrategy[TunnelsCommunity]):
    """One step is to ask all peers of whom nothing is known, and to part with one if there are many."""

    def __init__(self, overlay: TunnelsCommunity) -> None:
        super().__init__(overlay)
        self._asked: dict[bytes, float] = {}

    def take_step(self) -> None:
        """Do both."""
        with self.walk_lock:
            peers = self.overlay.get_peers()
            self._ask(peers)
            if len(peers) > MOST_PEERS:
                self._part_with_one(peers)

    def _ask(self, peers: list[Peer]) -> None:
        """Other overlays have met them, so that they never said what they do in this one."""
        now = time.monotonic()
        present = {peer.mid for peer in peers}
        self._asked = {
            mid: asked for mid, asked in self._asked.items() if mid in present and now - asked < ASK_AGAIN_SECONDS
        }
        for peer in peers:
            if not self.overlay.candidates.get(peer) and peer.mid not in self._asked:
                self._asked[peer.mid] = now
                self.overlay.send_introduction_request(peer)

    def _part_with_one(self, peers: list[Peer]) -> None:
        exits = [peer for peer in peers if PEER_FLAG_EXIT_BT in self.overlay.candidates.get(peer, ())]
        others = [peer for peer in peers if peer not in exits]
        too_many = exits if len(others) / len(peers) < SHARE_OF_OTHERS else others
        neighbours = {circuit.hop.peer for circuit in self.overlay.circuits.values()}
        leaving = [peer for peer in too_many if peer not in neighbours]
        if leaving:
            self.overlay.network.remove_peer(random.choice(leaving))  # noqa: S311 - anyone will do
