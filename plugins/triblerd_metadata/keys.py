"""The node's key, and who signed what.

A key is two keys side by side, as IPv8 has them: X25519, by which two nodes agree on a secret (RFC 7748), and Ed25519,
which signs (RFC 8032).
"""

from typing import Protocol, runtime_checkable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from triblerd.store import StoreView, Table
from triblerd_metadata.values import PUBLIC_KEY_SIZE

PUBLIC_KIND = b"LibNaCLPK:"
"""What stands before the 64 bytes of a public key wherever keys of several kinds may stand."""
PRIVATE_KIND = b"LibNaCLSK:"

_HALF = 32
_PRIME = 2**255 - 19
_WEAK_POINTS = frozenset(
    {
        0,
        1,
        _PRIME - 1,
        _PRIME,
        _PRIME + 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)
"""The points of Ed25519 whose order is at most 8, without their signs: to sign for one takes no secret."""
_PRIVATE_SIZE = len(PRIVATE_KIND) + 2 * _HALF
_ROW = b"node"


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

    async def adopt(self, private: bytes) -> None:
        """Go on with another key, from now on and at every start. The key before it is lost.

        The caller has seen to it that nothing is signed with that, for nobody could change it any more.

        Args:
            private: 74 bytes: ``LibNaCLSK:``, the secret of X25519, the seed of Ed25519.

        Raises:
            ValueError: it is no such key.
        """


class Curve25519Key:
    """A private key.

    Args:
        private: 74 bytes: ``LibNaCLSK:``, the secret of X25519, the seed of Ed25519.

    Raises:
        ValueError: it is no such key.
    """

    def __init__(self, private: bytes) -> None:
        if len(private) != _PRIVATE_SIZE or not private.startswith(PRIVATE_KIND):
            msg = f"a private key has {_PRIVATE_SIZE} bytes and begins with {PRIVATE_KIND.decode()}"
            raise ValueError(msg)
        secret, seed = private[-2 * _HALF : -_HALF], private[-_HALF:]
        self._signer = Ed25519PrivateKey.from_private_bytes(seed)
        agreement = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        self.private = private
        self.public_key = agreement + self._signer.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"Curve25519Key({self.public_key.hex()})"  # never the private half

    @property
    def full_public_key(self) -> bytes:
        """74 bytes: the public key with its kind before it."""
        return PUBLIC_KIND + self.public_key

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``: 64 bytes, always the same for the same data. Takes 0.05 ms."""
        return self._signer.sign(data)


def generate_private_key() -> bytes:
    """Return a new private key of 74 bytes."""
    secret, seed = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    return PRIVATE_KIND + secret.private_bytes_raw() + seed.private_bytes_raw()


def public_key_of(private: bytes) -> bytes:
    """Return the 64 bytes of the public key that belongs to a private one of 74.

    Raises:
        ValueError: it is no private key.
    """
    return Curve25519Key(private).public_key


def verify(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Return whether the owner of a public key of 64 bytes signed ``data``.

    Keys for which anybody can sign, such as one of zeros, have no owner. Takes 0.1 ms: many at once belong in a thread.
    """
    if len(public_key) != PUBLIC_KEY_SIZE or _is_weak(public_key[_HALF:]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key[_HALF:]).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _is_weak(point: bytes) -> bool:
    return int.from_bytes(point, "little") & ~(1 << 255) in _WEAK_POINTS


class StoredKey:
    """The key of this node: the services ``NodeKey`` and ``OwnIdentity``.

    Args:
        key: As it is now.
        table: Where it is stored.
    """

    def __init__(self, key: Curve25519Key, table: Table[bytes]) -> None:
        self._key = key
        self._table = table

    def __repr__(self) -> str:
        return repr(self._key)

    @property
    def public_key(self) -> bytes:
        """64 bytes, as records have it."""
        return self._key.public_key

    @property
    def full_public_key(self) -> bytes:
        """74 bytes: the public key with its kind before it."""
        return self._key.full_public_key

    def sign(self, data: bytes) -> bytes:
        """Return the signature of ``data``; see ``NodeKey``."""
        return self._key.sign(data)

    async def adopt(self, private: bytes) -> None:
        """Go on with another key; see ``OwnIdentity``."""
        key = Curve25519Key(private)
        await self._table.put(_ROW, private)
        self._key = key


async def load_key(view: StoreView) -> StoredKey:
    """Return the node's key, which is made and stored at the first start.

    Raises:
        ValueError: what is stored is no key.
    """
    table = await view.table("node_key", bytes)
    private = table.get(_ROW)
    if private is None:
        private = generate_private_key()
        await table.put(_ROW, private)
    return StoredKey(Curve25519Key(private), table)
