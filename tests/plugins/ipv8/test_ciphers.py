"""Keys and ciphers that stand in for those in Rust: each does what the other one does."""

import os
import subprocess
import sys

import ipv8_rust_tunnels as rust
import pytest

from tests.overlay.member import WITHOUT_RUST
from triblerd_ipv8 import ciphers


@pytest.mark.parametrize("direction", [0, 1])
def test_what_one_encrypts_the_other_decrypts(direction):
    secret = os.urandom(64)
    ours, theirs = ciphers.SessionKeys(secret), rust.generate_session_keys(secret)

    for content in (b"", b"data", os.urandom(1500)):
        assert theirs.decrypt_str(ours.encrypt_str(content, direction), direction) == content
        assert ours.decrypt_str(theirs.encrypt_str(content, direction), direction) == content
    assert ours.encrypt_str(b"again", direction) == theirs.encrypt_str(b"again", direction)


def test_what_was_changed_on_its_way_is_not_decrypted():
    keys = ciphers.SessionKeys(os.urandom(64))
    encrypted = keys.encrypt_str(b"data", 0)

    for spoilt in (encrypted[:-1], encrypted + b"x", bytes(len(encrypted)), encrypted[:8], b"x", b""):
        with pytest.raises(ValueError, match=r".+"):
            keys.decrypt_str(spoilt, 0)


def test_keys_and_signatures_are_the_same():
    ours = ciphers.PrivateKey.generate("curve25519")
    theirs = rust.PrivateKey(ours.key_to_bin())
    other = rust.PrivateKey.generate("curve25519")

    assert ours.pub().key_to_bin() == theirs.pub().key_to_bin()
    assert ours.signature(b"message") == theirs.signature(b"message")
    assert ours.pub().verify(theirs.signature(b"message"), b"message")
    assert not ours.pub().verify(theirs.signature(b"message"), b"another")
    assert ours.diffie_hellman(other.get_crypt_pk()) == other.diffie_hellman(ours.get_crypt_pk())
    assert (ours.get_crypt_pk(), ours.curve_name()) == (theirs.get_crypt_pk(), theirs.curve_name())
    assert ours.get_signature_length() == theirs.get_signature_length()
    tag = rust.crypto_auth(bytes(range(32)), b"message")
    assert ciphers.crypto_auth_verify(tag, bytes(range(32)), b"message")
    assert not ciphers.crypto_auth_verify(tag, bytes(range(32)), b"another")


def test_what_is_no_key_of_the_curve_is_refused():
    ours = ciphers.PrivateKey.generate("curve25519")

    for text in (b"", b"LibNaCLPK:", ours.key_to_bin(), ours.pub().key_to_bin()[:-1], os.urandom(74)):
        with pytest.raises(ValueError, match="no public key"):
            ciphers.PublicKey(text)
    for text in (b"", ours.pub().key_to_bin(), os.urandom(74)):
        with pytest.raises(ValueError, match="private key"):
            ciphers.PrivateKey(text)
    for point in (b"", bytes(32)):
        with pytest.raises(ValueError, match=r".+"):
            ours.diffie_hellman(point)
    with pytest.raises(ValueError, match="sect163k1"):
        ciphers.PrivateKey.generate("sect163k1")


def test_the_library_runs_on_them_where_the_others_are_not_installed():
    program = """
from triblerd_ipv8.ciphers import provide_ciphers
print(provide_ciphers(), "|", provide_ciphers())
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
print(type(default_eccrypto.generate_key("curve25519").ec).__module__)
"""
    environment = {**os.environ, "PYTHONPATH": str(WITHOUT_RUST)}

    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    reason = "there is no such package for this machine"
    assert ran.stdout.splitlines() == [f"{reason} | {reason}", "triblerd_ipv8.ciphers"]
    assert ciphers.provide_ciphers() == ""
