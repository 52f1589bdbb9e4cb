"""``bandwidth.db`` of version 7.13: who took how much from whom, as both of them signed it."""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import TypeVar

import msgspec

from triblerd_bandwidth.api import BalanceThen, LedgerRow
from triblerd_upgrader.foreign.tribler.database import ROWS, Database, Row
from triblerd_upgrader.foreign.values import ForeignRecords, NotTaken

KIND = "transactions"
BALANCES = "balances"

T = TypeVar("T")

MOST_OF_OTHERS = 10_000
"""Transactions between other people, which are hearsay; the newest are taken."""

_UNSIGNED = b"0" * 64
"""How the ledger writes a signature that is missing."""
_TYPES = (int, bytes, bytes, bytes, bytes, int, int)
_QUERY = (
    "SELECT sequence_number, public_key_a, public_key_b, signature_a, signature_b, amount, timestamp"
    " FROM BandwidthTransaction WHERE rowid BETWEEN ? AND ?"
)


class OwnedRow(msgspec.Struct, frozen=True, gc=False):
    """A row of the ledger of somebody, who has a public key of 74 bytes, or of somebody unknown."""

    owner: bytes
    row: LedgerRow


class OwnedBalance(msgspec.Struct, frozen=True, gc=False):
    """A balance of somebody who has a public key of 74 bytes."""

    owner: bytes
    then: BalanceThen


def read_ledger(database: Database, owner: bytes) -> Iterator[ForeignRecords | NotTaken]:
    """Yield the owner's transactions, then those of others, in portions, then the history of the balance.

    Args:
        database: The ledger.
        owner: The owner's public key, 74 bytes; empty when it is not known.
    """
    others: list[LedgerRow] = []
    damaged = too_many = 0
    for rows in database.walk("BandwidthTransaction", lambda first, last: database.rows(_QUERY, (first, last))):
        found = [row for row in map(_ledger_row, rows) if row is not None]
        damaged += len(rows) - len(found)
        own = [OwnedRow(owner, row) for row in found if owner in {row.public_key_a, row.public_key_b}]
        if own:
            yield ForeignRecords(kind=KIND, values=own)
        others += [row for row in found if owner not in {row.public_key_a, row.public_key_b}]
        too_many += max(len(others) - MOST_OF_OTHERS, 0)
        others = heapq.nlargest(MOST_OF_OTHERS, others, key=attrgetter("timestamp"))
    for part in _portions([OwnedRow(owner, row) for row in others]):
        yield ForeignRecords(kind=KIND, values=part)
    if too_many:
        yield NotTaken(f"transactions ({too_many})", "they are old ones between other people")
    if damaged or database.lost:
        yield NotTaken(f"transactions ({damaged + database.lost})", "they are damaged")
    if owner:
        yield from _balances(database, owner)


def _ledger_row(row: Row) -> LedgerRow | None:
    if not all(isinstance(value, kind) for value, kind in zip(row, _TYPES, strict=True)):
        return None
    sequence_number, public_key_a, public_key_b, signature_a, signature_b, amount, timestamp = row
    return LedgerRow(
        public_key_a=public_key_a,
        public_key_b=public_key_b,
        sequence_number=sequence_number,
        amount=amount,
        timestamp=timestamp,
        signature_a=b"" if signature_a == _UNSIGNED else signature_a,
        signature_b=b"" if signature_b == _UNSIGNED else signature_b,
    )


def _balances(database: Database, owner: bytes) -> Iterator[ForeignRecords | NotTaken]:
    try:
        rows = database.rows("SELECT timestamp, balance FROM BandwidthHistory ORDER BY timestamp")
    except sqlite3.DatabaseError as error:
        yield NotTaken("the history of the balance", str(error))
        return
    balances = [OwnedBalance(owner, BalanceThen(*row)) for row in rows if all(isinstance(value, int) for value in row)]
    for part in _portions(balances):
        yield ForeignRecords(kind=BALANCES, values=part)


def _portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), ROWS):
        yield values[first : first + ROWS]
