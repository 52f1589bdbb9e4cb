"""Keys and signatures.

A key is two keys side by side, as IPv8 has them: X25519, by which two nodes agree on a secret (RFC 7748), and Ed25519,
which signs (RFC 8032).
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

PUBLIC_KIND = b"LibNaCLPK:"
"""What stands before the 64 bytes of a public key wherever keys of several kinds may stand."""
PRIVATE_KIND = b"LibNaCLSK:"

PUBLIC_KEY_SIZE = 64
"""Bytes of a public key without its kind."""

HALF = 32
"""Bytes of each of the two keys that a key is made of, private or public."""
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
_PRIVATE_SIZE = len(PRIVATE_KIND) + 2 * HALF


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
        secret, seed = private[-2 * HALF : -HALF], private[-HALF:]
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
    if len(public_key) != PUBLIC_KEY_SIZE or _is_weak(public_key[HALF:]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key[HALF:]).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _is_weak(point: bytes) -> bool:
    return int.from_bytes(point, "little") & ~(1 << 255) in _WEAK_POINTS
