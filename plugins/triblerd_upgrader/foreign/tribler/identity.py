"""The key that a user of Tribler signs with; called ``.pem``, which it is not."""

from pathlib import Path

import msgspec

from triblerd_identity.api import PRIVATE_KIND, PUBLIC_KIND, public_key_of

FILE = "ec_multichain.pem"
KIND = "identity"

_BARE = 64


class ForeignIdentity(msgspec.Struct, frozen=True):
    """A private key of 74 bytes, which nobody sees."""

    private: bytes

    def __repr__(self) -> str:
        return "ForeignIdentity(…)"


def read_identity(file: Path) -> ForeignIdentity:
    """Return the key of either generation: version 7 leaves its kind out.

    Raises:
        ValueError: it is none.
    """
    raw = file.read_bytes()
    private = PRIVATE_KIND + raw if len(raw) == _BARE else raw
    public_key_of(private)
    return ForeignIdentity(private)


def full_public_key(identity: ForeignIdentity) -> bytes:
    """Return the public key, 74 bytes."""
    return PUBLIC_KIND + public_key_of(identity.private)
