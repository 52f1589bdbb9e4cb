"""The overlay as ``ipv8`` knows it. No other module of the plugin touches that library."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any

from ipv8.community import Community, CommunitySettings
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.lazy_payload import VariablePayload
from ipv8.peer import Peer

from triblerd_discovery.limits import Gate
from triblerd_discovery.link import PeerId, Receiver
from triblerd_discovery.messages import MalformedError, MessageNumber
from triblerd_ipv8.api import NodeParts, Overlays

COMMUNITY_ID = bytes.fromhex("9aca62f878969c437da9844cba29a134917e1648")

_KEY_START, _KEY_SIZE, _SIGNATURE_SIZE = 25, 74, 64
_KEY_LENGTH = _KEY_SIZE.to_bytes(2)
_SMALLEST_PACKET = _KEY_START + _KEY_SIZE + _SIGNATURE_SIZE
_MOST_SENDERS = 500
_MALFORMED_COUNTS_FOR = 10.0


class _Body(VariablePayload):
    """What stands between key and signature, as ``messages`` makes it."""

    format_list = ["raw"]  # noqa: RUF012 - ipv8's way
    names = ["body"]  # noqa: RUF012 - ipv8's way


class ContentDiscoveryCommunity(Community):
    """The overlay: the ``Link`` to its peers.

    Who sends too much is not listened to, and what is malformed is dropped without a word: anybody could fill the log
    otherwise. How many packets come of one address is limited before they get here.

    Args:
        parts: Of the node.
        gate: Keeps floods out.
    """

    community_id = COMMUNITY_ID

    def __init__(self, parts: NodeParts, gate: Gate) -> None:
        super().__init__(CommunitySettings(my_peer=parts.my_peer, endpoint=parts.endpoint, network=parts.network))
        self._gate = gate
        self._receive: Receiver | None = None
        self._senders: OrderedDict[PeerId, Peer] = OrderedDict()
        self.received = Counter[str]()
        for message in MessageNumber:
            self.add_message_handler(message.value, self._on_message)

    def listen(self, receive: Receiver) -> None:
        """Hand each message to ``receive`` from now on."""
        self._receive = receive

    def peers(self) -> Sequence[PeerId]:
        """Return who takes part; see ``Link``."""
        return [peer.mid for peer in self.get_peers() if not self._gate.is_ignored(peer.public_key.key_to_bin())]

    def send(self, peer: PeerId, number: MessageNumber, body: bytes) -> bool:
        """Send a message; see ``Link``."""
        known = next((one for one in self.get_peers() if one.mid == peer), None) or self._senders.get(peer)
        if known is None:
            return False
        self.endpoint.send(known.address, self.ezr_pack(number, _Body(body)))
        return True

    def forget(self, peer: PeerId) -> None:
        """Ask this one no more; see ``Link``. In other overlays, which share the peers, it stays."""
        self._senders.pop(peer, None)
        for one in self.get_peers():
            if one.mid == peer:
                self.network.services_per_peer.get(one.public_key.key_to_bin(), set()).discard(self.community_id)

    def _on_message(self, source: Any, data: bytes) -> None:
        key = data[_KEY_START : _KEY_START + _KEY_SIZE]
        peer = self.network.verified_by_public_key_bin.get(key)
        # Packets bear no time: what is sent again from elsewhere must not be held against who signed it.
        teller = key if peer is None or peer.address == source else key + str(source).encode()
        if self._gate.is_ignored(teller) or not _is_signed(data):  # the signature takes nearly all of the time
            return
        peer = peer or Peer(key, source)
        if peer.mid == self.my_peer.mid:
            return
        if not self._gate.admits_message(teller):
            self.received["ignored"] += 1
            if teller == key:
                self.forget(peer.mid)
            return
        self._senders[peer.mid] = peer
        self._senders.move_to_end(peer.mid)
        if len(self._senders) > _MOST_SENDERS:
            self._senders.popitem(last=False)
        self._hand_over(
            peer.mid, teller, MessageNumber(data[_KEY_START - 3]), data[_KEY_START + _KEY_SIZE : -_SIGNATURE_SIZE]
        )

    def _hand_over(self, peer: PeerId, teller: bytes, number: MessageNumber, body: bytes) -> None:
        self.received[number.name.lower()] += 1
        if self._receive is None:
            return
        try:
            self._receive(peer, number, body)
        except MalformedError:
            self.received["malformed"] += 1
            self._gate.admits_message(teller, _MALFORMED_COUNTS_FOR)


def join(*, overlays: Overlays, gate: Gate) -> ContentDiscoveryCommunity:
    """Return the overlay, which is part of the node from now on."""
    return overlays.join(partial(ContentDiscoveryCommunity, gate=gate))


def _is_signed(data: bytes) -> bool:
    """Return whether a packet bears a key of the only kind that is in use, and its signature."""
    if len(data) < _SMALLEST_PACKET or data[_KEY_START - 2 : _KEY_START] != _KEY_LENGTH:
        return False
    try:
        key = default_eccrypto.key_from_public_bin(data[_KEY_START : _KEY_START + _KEY_SIZE])
    except ValueError:
        return False
    return default_eccrypto.is_valid_signature(key, data[:-_SIGNATURE_SIZE], data[-_SIGNATURE_SIZE:])
