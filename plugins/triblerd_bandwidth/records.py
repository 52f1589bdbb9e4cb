"""A transaction as it is signed and sent, and what may be wrong with it.

Layout: ``/bandwidth`` of Tribler 7.13; all numbers are big-endian.
"""

import struct
from typing import Final

import msgspec

from triblerd_bandwidth.api import LedgerRow
from triblerd_identity.api import PUBLIC_KEY_SIZE, PUBLIC_KIND, NodeKey, verify

RECORD_SIZE: Final = 296
UNSIGNED: Final = b"0" * 64
"""A signature that is missing: the character, not the number."""
AMOUNT_END: Final = 1 << 60
SEQUENCE_END: Final = 1 << 32
DAY_MS: Final = 86_400_000

_RECORD = struct.Struct(">I74s74s64s64sQQ")
_NO_REQUEST = bytes(4)
_KEY_SIZE = len(PUBLIC_KIND) + PUBLIC_KEY_SIZE
_SIGNATURE_SIZE = 64


def pack(row: LedgerRow) -> bytes:
    """Return the 296 bytes of a row."""
    return _RECORD.pack(
        row.sequence_number,
        row.public_key_a,
        row.public_key_b,
        row.signature_a or UNSIGNED,
        row.signature_b or UNSIGNED,
        row.amount,
        row.timestamp,
    )


def unpack(data: bytes) -> LedgerRow:
    """Return the row that 296 bytes stand for, whatever it says.

    Raises:
        ValueError: there are more or fewer bytes.
    """
    if len(data) != RECORD_SIZE:
        msg = f"a record has {RECORD_SIZE} bytes, not {len(data)}"
        raise ValueError(msg)
    sequence_number, key_a, key_b, signature_a, signature_b, amount, timestamp = _RECORD.unpack(data)
    return LedgerRow(
        public_key_a=key_a,
        public_key_b=key_b,
        sequence_number=sequence_number,
        amount=amount,
        timestamp=timestamp,
        signature_a=b"" if signature_a == UNSIGNED else signature_a,
        signature_b=b"" if signature_b == UNSIGNED else signature_b,
    )


def is_key(key: bytes) -> bool:
    """Return whether something has the form of a public key, 74 bytes with its kind."""
    return len(key) == _KEY_SIZE and key.startswith(PUBLIC_KIND)


def is_newer(row: LedgerRow, before: LedgerRow | None) -> bool:
    """Return whether a row takes the place of another one of the same two: what was taken once stays taken."""
    return before is None or (row.sequence_number > before.sequence_number and row.amount >= before.amount)


def offered(  # a record has as many fields
    key: NodeKey, public_key_b: bytes, *, sequence_number: int, amount: int, timestamp: int
) -> LedgerRow:
    """Return what this node took from B, signed by this node alone."""
    row = LedgerRow(
        public_key_a=key.full_public_key,
        public_key_b=public_key_b,
        sequence_number=sequence_number,
        amount=amount,
        timestamp=timestamp,
        signature_a=b"",
        signature_b=b"",
    )
    return msgspec.structs.replace(row, signature_a=key.sign(signed_bytes(row, by_b=False)))


def countersigned(key: NodeKey, row: LedgerRow) -> LedgerRow:
    """Return what somebody took from this node, signed by this node, too."""
    return msgspec.structs.replace(row, signature_b=key.sign(signed_bytes(row, by_b=True)))


def flaw(row: LedgerRow, own: bytes, now: int) -> str:
    """Return why a row is not believed, an empty text when it is. Takes 0.3 ms.

    What this node takes part in needs the signature of A alone: B may not have answered yet. What happened between
    others is hearsay, and needs both.

    Args:
        row: From anybody.
        own: The public key of this node, 74 bytes.
        now: Unix time in milliseconds.
    """
    keys = (row.public_key_a, row.public_key_b)
    checks = (
        (all(map(is_key, keys)), "a key is none"),
        (row.public_key_a != row.public_key_b, "nobody takes from himself"),
        (0 < row.sequence_number < SEQUENCE_END, "the sequence number is out of range"),
        (0 <= row.amount < AMOUNT_END, "the amount is out of range"),
        (0 <= row.timestamp <= now + DAY_MS, "the time is out of range"),
        (len(row.signature_a) == _SIGNATURE_SIZE, "who took has not signed"),
        (len(row.signature_b) == _SIGNATURE_SIZE or (own in keys and not row.signature_b), "who gave has not signed"),
    )
    return next((reason for fits, reason in checks if not fits), "") or _wrong_signature(row)


def _wrong_signature(row: LedgerRow) -> str:
    if not verify(row.public_key_a.removeprefix(PUBLIC_KIND), row.signature_a, signed_bytes(row, by_b=False)):
        return "the signature of who took is wrong"
    if not row.signature_b:
        return ""
    if not verify(row.public_key_b.removeprefix(PUBLIC_KIND), row.signature_b, signed_bytes(row, by_b=True)):
        return "the signature of who gave is wrong"
    return ""


def signed_bytes(row: LedgerRow, *, by_b: bool) -> bytes:
    """Return the 300 bytes that A signs, without any signature, or that B signs, over that of A."""
    signature_a = row.signature_a if by_b else b""
    return pack(msgspec.structs.replace(row, signature_a=signature_a, signature_b=b"")) + _NO_REQUEST
