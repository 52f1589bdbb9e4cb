"""Keys and signatures, with those that another implementation made."""

import contextlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.metadata.records import KEY_A, KEY_B, PRIVATE_A, PUBLIC_A, PUBLIC_B
from triblerd_identity.keys import Curve25519Key, generate_private_key, verify

SIGNED = bytes.fromhex(
    "d27cd3a65a239e39c5a803a44a7c8dcc39235671d8ecaa69591bc05e893c257b"
    "706fd8cf22e33b5593b3f95714e22a226647068e621ac3240bf9461dc8a71c0d"
)


def test_a_private_key_has_the_public_key_that_other_programs_give_it():
    assert (KEY_A.full_public_key, KEY_B.full_public_key) == (PUBLIC_A, PUBLIC_B)
    assert KEY_A.public_key == PUBLIC_A[10:]


def test_a_signature_is_that_of_other_programs():
    assert KEY_A.sign(b"triblerd") == SIGNED
    assert verify(KEY_A.public_key, SIGNED, b"triblerd")


@pytest.mark.parametrize(
    ("key", "signature", "data"),
    [
        (KEY_B.public_key, SIGNED, b"triblerd"),
        (KEY_A.public_key, SIGNED, b"tribler"),
        (KEY_A.public_key, SIGNED[:-1], b"triblerd"),
        (KEY_A.public_key, bytes(64), b"triblerd"),
        (KEY_A.full_public_key, SIGNED, b"triblerd"),
        (b"", SIGNED, b"triblerd"),
    ],
)
def test_a_wrong_signature_is_noticed(key, signature, data):
    assert not verify(key, signature, data)


@settings(deadline=None)
@given(key=st.binary(min_size=64, max_size=64), signature=st.binary(max_size=70), data=st.binary(max_size=70))
def test_rubbish_is_no_signature(key, signature, data):
    assert not verify(key, signature, data)


@pytest.mark.parametrize("private", [b"", PRIVATE_A[:-1], PRIVATE_A[10:], b"LibNaCLPK:" + PRIVATE_A[10:]])
def test_rubbish_is_no_key(private):
    with pytest.raises(ValueError, match="a private key has 74 bytes"):
        Curve25519Key(private)


def test_a_key_does_not_show_its_private_half():
    key = Curve25519Key(generate_private_key())

    assert key.private[10:].hex() not in repr(key)
    assert key.public_key.hex() in repr(key)


@pytest.mark.parametrize(
    "point",
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ],
)
def test_a_key_by_which_anybody_can_sign_signs_nothing(point):
    weak = bytes.fromhex(point)
    forged = [(weak + bytes(32), str(number).encode()) for number in range(64)]  # of S = 0 and R of small order
    forged += [(weak[:31] + bytes([weak[31] ^ 0x80]) + bytes(32), data) for _, data in forged]
    forged += [(b"\1" + bytes(63), data) for _, data in forged[:64]]

    assert _accepted_by_openssl(weak, forged)
    assert not any(verify(bytes(32) + weak, signature, data) for signature, data in forged)


def _accepted_by_openssl(point: bytes, forged: list[tuple[bytes, bytes]]) -> bool:
    key = Ed25519PublicKey.from_public_bytes(point)
    for signature, data in forged:
        with contextlib.suppress(InvalidSignature):
            key.verify(signature, data)
            return True
    return False
