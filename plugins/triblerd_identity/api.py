"""What other plugins see of the node's identity: its key as a service, and how signatures are checked."""

from typing import Protocol, runtime_checkable

from triblerd_identity.keys import (
    PRIVATE_KIND,
    PUBLIC_KEY_SIZE,
    PUBLIC_KIND,
    Curve25519Key,
    public_key_of,
    verify,
)

__all__ = [
    "PRIVATE_KIND",
    "PUBLIC_KEY_SIZE",
    "PUBLIC_KIND",
    "Curve25519Key",
    "NodeKey",
    "OwnIdentity",
    "public_key_of",
    "verify",
]


@runtime_checkable
class NodeKey(Protocol):
    """The key that this node signs with, see ``verify`` for its counterpart. Any thread."""

    @property
    def public_key(self) -> bytes:
        """64 bytes, as records have it."""

    @property
    def full_public_key(self) -> bytes:
        """74 bytes: the same with ``LibNaCLPK:`` before it, as other messages have it."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``: 64 bytes (RFC 8032), always the same for the same data. Takes 0.05 ms."""


@runtime_checkable
class OwnIdentity(Protocol):
    """Who this node is: the key behind ``NodeKey``."""

    @property
    def private(self) -> bytes:
        """74 bytes: ``LibNaCLSK:``, the secret of X25519, the seed of Ed25519. For whoever speaks to other nodes."""

    async def adopt(self, private: bytes) -> None:
        """Go on with another key, from now on and at every start. The key before it is lost.

        Whoever has taken ``private`` before has to be started again.

        The caller has seen to it that nothing is signed with that, for nobody could change it any more.

        Args:
            private: 74 bytes: ``LibNaCLSK:``, the secret of X25519, the seed of Ed25519.

        Raises:
            ValueError: it is no such key.
        """
