"""Nodes that take from one another, and the record that another implementation made."""

import msgspec

from tests.plugins.metadata.records import KEY_A, KEY_B
from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.records import countersigned, offered
from triblerd_identity.api import Curve25519Key

NOW = 1_700_000_000_000

VECTOR = LedgerRow(
    public_key_a=KEY_A.full_public_key,
    public_key_b=KEY_B.full_public_key,
    sequence_number=3,
    amount=123456789,
    timestamp=1600000000123,
    signature_a=bytes.fromhex(
        "ee9fca3e2c988c70b92bc7ac9766829dc9f2c148ec23451228b571f0a862e34428f15e8dc5041018073f492b14c51d78541e136e885388adf93d6f61"
        "3db38c0b"
    ),
    signature_b=bytes.fromhex(
        "80de2b8ea963e57213e4d9b07b24c0fa27c970565ccb15f40b2e8a2cc643ecd537e67b3dc45fd44516ea183a2bcf430b7280f95cc76ec20244d3e227"
        "b5a7860d"
    ),
)
"""Signed by another implementation."""


def person(number: int) -> Curve25519Key:
    """Return the key of somebody; the same number is the same one."""
    return Curve25519Key(b"LibNaCLSK:" + number.to_bytes(32) + (number + 1_000_000).to_bytes(32))


ME = person(1)


def half(a: Curve25519Key, b: Curve25519Key, amount: int, *, sequence: int = 1, then: int = NOW) -> LedgerRow:
    """Return what A says that he took from B."""
    return offered(a, b.full_public_key, sequence_number=sequence, amount=amount, timestamp=then)


def both(a: Curve25519Key, b: Curve25519Key, amount: int, *, sequence: int = 1, then: int = NOW) -> LedgerRow:
    """Return what A took from B, as both say."""
    return countersigned(b, half(a, b, amount, sequence=sequence, then=then))


def changed(row: LedgerRow, **changes: object) -> LedgerRow:
    """Return a row that is not what was signed."""
    return msgspec.structs.replace(row, **changes)
