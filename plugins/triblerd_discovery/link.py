"""The border to the network: what messages come over, and go by."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol, runtime_checkable

from triblerd_discovery.messages import MessageNumber

PeerId = bytes
"""20 bytes: SHA-1 of the peer's public key."""
Receiver = Callable[[PeerId, MessageNumber, bytes], None]
"""Gets each message whose signature is right. It may raise ``MalformedError``."""

Spawn = Callable[[str, Coroutine[object, object, None]], object]
"""Starts background work under a name."""


@runtime_checkable
class Link(Protocol):
    """Sends to peers, and knows some. For the event loop's thread."""

    def peers(self) -> Sequence[PeerId]:
        """Return who takes part in the overlay, as far as is known."""

    def send(self, peer: PeerId, number: MessageNumber, body: bytes) -> bool:
        """Send a message to a peer, or to whoever sent one a moment ago; return whether its address is known."""

    def forget(self, peer: PeerId) -> None:
        """Ask this one no more, until it shows up again."""
