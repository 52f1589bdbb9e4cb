"""Keys and ciphers for the library where ``ipv8_rust_tunnels`` is not installed, made of the package ``cryptography``.

The library imports six names from that module, whichever endpoint it runs on. Their meanings are known from what the
module answers: X25519 (RFC 7748), Ed25519 (RFC 8032), HKDF (RFC 5869), ChaCha20-Poly1305 (RFC 8439), HSalsa20.
"""

import hashlib
import hmac
import importlib
import struct
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from triblerd_identity.api import PRIVATE_KIND, PUBLIC_KEY_SIZE, PUBLIC_KIND, Curve25519Key, verify

RUST: Final = "ipv8_rust_tunnels"
CURVE: Final = "curve25519"
_HALF: Final = 32
_SIGNATURE_BYTES: Final = 64
_SALT_BYTES: Final = 4
_COUNTER_BYTES: Final = 8
_TAG_BYTES: Final = 32

_SIGMA: Final = struct.unpack("<4I", b"expand 32-byte k")
_WORD: Final = 2**32 - 1
_DOUBLE_ROUNDS: Final = 10
_COLUMNS: Final = ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11))
_ROWS: Final = ((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14))


def provide_ciphers() -> str:
    """Have the library find keys and ciphers. To be called before anything of it is imported.

    Returns:
        Why they are those of this module; empty when they are those of ``ipv8_rust_tunnels``.
    """
    try:
        module = importlib.import_module(RUST)
    except ImportError as error:
        sys.modules[RUST] = module = _module(str(error))
    return str(getattr(module, "why_not", ""))


class PublicKey:
    """A public key.

    Args:
        keystring: 74 bytes: ``LibNaCLPK:``, the point of X25519, that of Ed25519.

    Raises:
        ValueError: it is another one. Those of other curves, which the first nodes of IPv8 had, are not known here.
    """

    def __init__(self, keystring: bytes) -> None:
        if len(keystring) != len(PUBLIC_KIND) + PUBLIC_KEY_SIZE or not keystring.startswith(PUBLIC_KIND):
            msg = "this is no public key of curve25519"
            raise ValueError(msg)
        self._points = bytes(keystring[len(PUBLIC_KIND) :])

    def verify(self, signature: bytes, msg: bytes) -> bool:
        """Return whether the owner signed a message."""
        return verify(self._points, signature, msg)

    def key_to_bin(self) -> bytes:
        """Return the 74 bytes."""
        return PUBLIC_KIND + self._points

    def key_to_pem(self) -> bytes:
        """Return the point of X25519 alone (RFC 8410)."""
        key = X25519PublicKey.from_public_bytes(self.get_crypt_pk())
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def get_signature_length(self) -> int:
        """Return the bytes of a signature."""
        return _SIGNATURE_BYTES

    def get_crypt_pk(self) -> bytes:
        """Return the point of X25519."""
        return self._points[:_HALF]

    def curve_name(self) -> str:
        """Return what all of these are called."""
        return CURVE


class PrivateKey(PublicKey):
    """A private key, see ``triblerd_identity.api.OwnIdentity``.

    Raises:
        ValueError: it is none.
    """

    def __init__(self, keystring: bytes) -> None:
        self._key = Curve25519Key(bytes(keystring))
        self._secret = X25519PrivateKey.from_private_bytes(self._key.private[-2 * _HALF : -_HALF])
        super().__init__(self._key.full_public_key)

    @staticmethod
    def generate(curve_name: str) -> "PrivateKey":
        """Return a new one.

        Raises:
            ValueError: another curve is wanted.
        """
        if curve_name != CURVE:
            msg = f"keys of {curve_name} cannot be made without {RUST}"
            raise ValueError(msg)
        secret, seed = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        return PrivateKey(PRIVATE_KIND + secret.private_bytes_raw() + seed.private_bytes_raw())

    def key_to_bin(self) -> bytes:
        """Return the 74 bytes."""
        return self._key.private

    def key_to_pem(self) -> bytes:
        """Return the secret of X25519 alone (RFC 8410)."""
        return self._secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def signature(self, msg: bytes) -> bytes:
        """Sign a message."""
        return self._key.sign(msg)

    def pub(self) -> PublicKey:
        """Return its public half."""
        return PublicKey(self._key.full_public_key)

    def diffie_hellman(self, peer_public_key: bytes) -> bytes:
        """Return the secret that is shared with the owner of a point of X25519, as ``crypto_box`` of NaCl makes it.

        Raises:
            ValueError: that is no point, or one with which everybody has the same secret.
        """
        return hsalsa20(self._secret.exchange(X25519PublicKey.from_public_bytes(peer_public_key)))


class SessionKeys:
    """The keys of one hop. What is encrypted has the message's number in front of it, 8 bytes, and a tag behind it.

    Args:
        shared_secret: What the hop and the owner of the circuit share.
    """

    def __init__(self, shared_secret: bytes) -> None:
        material = HKDFExpand(hashes.SHA256(), 2 * (_HALF + _SALT_BYTES), b"key_generation").derive(shared_secret)
        backward, forward = ChaCha20Poly1305(material[:_HALF]), ChaCha20Poly1305(material[_HALF : 2 * _HALF])
        salts = material[2 * _HALF :]
        self._ciphers = forward, backward  # by direction: 0 is forward
        self._salts = salts[_SALT_BYTES:], salts[:_SALT_BYTES]
        self._counters = [1, 1]

    def encrypt_str(self, content: bytes, direction: int) -> bytes:
        """Return a message as the hop at the other end decrypts it."""
        self._counters[direction] += 1
        counter = self._counters[direction].to_bytes(_COUNTER_BYTES)
        return counter + self._ciphers[direction].encrypt(self._salts[direction] + counter, content, None)

    def decrypt_str(self, content: bytes, direction: int) -> bytes:
        """Return what was encrypted.

        Raises:
            ValueError: it was changed on its way, or is none of this hop's.
        """
        nonce = self._salts[direction] + content[:_COUNTER_BYTES]
        try:
            return self._ciphers[direction].decrypt(nonce, content[_COUNTER_BYTES:], None)
        except InvalidTag:
            msg = "the message is none of this hop's"
            raise ValueError(msg) from None


def hsalsa20(key: bytes) -> bytes:
    """Return HSalsa20 of a key of 32 bytes and a nonce of zeros (Bernstein, "Extending the Salsa20 nonce", 2011)."""
    words = struct.unpack("<8I", key)
    state = [_SIGMA[0], *words[:4], _SIGMA[1], 0, 0, 0, 0, _SIGMA[2], *words[4:], _SIGMA[3]]
    for _ in range(_DOUBLE_ROUNDS):
        for quarter in _COLUMNS + _ROWS:
            _quarter_round(state, *quarter)
    return struct.pack("<8I", *(state[number] for number in (0, 5, 10, 15, 6, 7, 8, 9)))


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for to, one, other, turn in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
        added = (state[one] + state[other]) & _WORD
        state[to] ^= (added << turn | added >> (32 - turn)) & _WORD


def crypto_auth(key: bytes, message: bytes) -> bytes:
    """Return the tag of a message, HMAC-SHA512 cut to 32 bytes."""
    return hmac.digest(key, message, hashlib.sha512)[:_TAG_BYTES]


def crypto_auth_verify(tag: bytes, key: bytes, message: bytes) -> bool:
    """Return whether a tag is that of a message."""
    return hmac.compare_digest(tag, crypto_auth(key, message))


def _module(why_not: str) -> ModuleType:
    module = ModuleType(RUST, "What the library imports from ipv8_rust_tunnels, which is not installed.")
    module.__spec__ = ModuleSpec(RUST, None)
    names = {
        "PublicKey": PublicKey,
        "PrivateKey": PrivateKey,
        "SessionKeys": SessionKeys,
        "generate_session_keys": SessionKeys,
        "crypto_auth": crypto_auth,
        "crypto_auth_verify": crypto_auth_verify,
        "why_not": why_not,
    }
    vars(module).update(names)
    return module
