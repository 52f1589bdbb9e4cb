"""Who says something: this node, and peers."""

from triblerd_identity.api import Curve25519Key
from triblerd_knowledge.api import Deed, Operation, Predicate
from triblerd_knowledge.signing import signed

DEBIAN = "0123456789abcdef0123456789abcdef01234567"
SINTEL = "ffffffffffffffffffffffffffffffffffffffff"


def _key(number: int) -> Curve25519Key:
    return Curve25519Key(b"LibNaCLSK:" + bytes([number]) * 64)


ME = _key(1)
PEERS = [_key(number) for number in range(2, 8)]


def said(  # noqa: PLR0913 - an operation has so many parts
    key: Curve25519Key,
    tag: str,
    *,
    infohash: str = DEBIAN,
    deed: int = Deed.ADD,
    clock: int = 1,
    predicate: int = Predicate.TAG,
) -> Operation:
    """Return what the owner of a key said, signed."""
    operation = Operation(
        author=key.public_key,
        infohash=infohash,
        predicate=predicate,
        object=tag,
        deed=deed,
        clock=clock,
        signature=b"",
    )
    return signed(operation, key)
