"""The overlay of the ledger: two messages, neither of them signed as a whole.

A packet is the prefix of the overlay, the number of the message, and its body.
"""

import logging
import random
from functools import partial
from typing import Any, Final

from ipv8.community import Community, CommunitySettings

from triblerd_bandwidth.exchange import Exchange
from triblerd_ipv8.api import NodeParts

log = logging.getLogger(__name__)

_TRANSACTION: Final = 1
_QUERY: Final = 2
_BODY: Final = 23
"""Where the body begins."""


class BandwidthCommunity(Community):
    """Passes on what comes in, if it comes from an address where a peer is known.

    Args:
        settings: Of every overlay.
        exchange: Knows what to do with it.
    """

    community_id = bytes.fromhex("79b25f2867739261780faefede8f25038de9975d")

    def __init__(self, settings: CommunitySettings, *, exchange: Exchange) -> None:
        super().__init__(settings)
        self._exchange = exchange
        self.add_message_handler(_TRANSACTION, self._on_transaction)
        self.add_message_handler(_QUERY, self._on_query)

    def is_member(self, public_key: bytes) -> bool:
        """Return whether a peer was met that takes part in this overlay."""
        peer = self.network.get_verified_by_public_key_bin(public_key)
        return peer is not None and self.community_id in self.network.get_services_for_peer(peer)

    def ask_somebody(self) -> None:
        """Ask one of the peers of this overlay for its transactions."""
        if peers := self.get_peers():
            self._send(_QUERY, random.choice(peers).address, b"")  # noqa: S311 - no secret

    def _on_transaction(self, address: Any, data: bytes) -> None:
        sender = self.network.get_verified_by_address(address)
        if sender is not None:
            key = sender.public_key.key_to_bin()
            self._exchange.transaction_came(key, data[_BODY:], partial(self._send, _TRANSACTION, address))

    def _on_query(self, address: Any, data: bytes) -> None:
        if len(data) == _BODY and self.network.get_verified_by_address(address) is not None:
            for body in self._exchange.query_came((address[0], address[1])):
                self._send(_TRANSACTION, address, body)

    def _send(self, number: int, address: Any, body: bytes) -> None:
        if self.endpoint.is_open():
            self.endpoint.send(address, self.get_prefix() + bytes((number,)) + body)


class TestBandwidthCommunity(BandwidthCommunity):
    """The same in the test network."""

    community_id = bytes.fromhex("e7de42f46f9ef225f4a5fc32ed0a0ce9a8ea4af6")


def make_community(parts: NodeParts, *, exchange: Exchange, testnet: bool) -> BandwidthCommunity:
    """Return the overlay on a node."""
    kind = TestBandwidthCommunity if testnet else BandwidthCommunity
    settings = CommunitySettings(my_peer=parts.my_peer, endpoint=parts.endpoint, network=parts.network)
    return kind(settings, exchange=exchange)
