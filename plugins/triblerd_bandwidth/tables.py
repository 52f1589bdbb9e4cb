"""The ledger on disk. Everything that follows from a row is changed in the transaction that stores it.

Keys of the tables are public keys without their kind, 64 bytes each.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_bandwidth.api import BalanceThen, LedgerRow, LedgerTotals
from triblerd_bandwidth.records import is_newer
from triblerd_identity.api import PUBLIC_KEY_SIZE, PUBLIC_KIND

BALANCES_KEPT: Final = 100

MOST: Final = 2**63 - 1
"""No total is told that is larger: others can owe others whatever they like, and integers of clients end here."""

_NUMBER = struct.Struct(">Q")
_TOTALS = struct.Struct(">16s16sII")
"""Taken and given, which may need more than 64 bits, givers and takers."""
_WIDE = 16
_REVISION = b"revision"
_ARRIVAL = b"arrival"
_HERE = b"\x01"


class StoredRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the key, which is those of A and B, does not say.

    Attributes:
        arrival: Counts rows of other people as they arrive; 0 for those in which this node takes part.
    """

    sequence_number: int
    amount: int
    timestamp: int
    signature_a: bytes
    signature_b: bytes
    arrival: int = 0


@dataclass(frozen=True)
class Tables:
    """The plugin's part of the store, but for what is offered.

    Attributes:
        row: By the keys of A and B.
        by_giver: By the keys of B and A, for rows of B.
        by_arrival: The keys of A and B of other people's rows by the number of their arrival.
        totals: By a key; follows from the rows.
        balance: By the key of an owner and the time.
        state: The revision, and the number of the last arrival.
        most_of_others: Rows of other people that are kept; those that arrived first go.
    """

    row: Table[StoredRow]
    by_giver: Table[bytes]
    by_arrival: Table[bytes]
    totals: Table[bytes]
    balance: Table[int]
    state: Table[int]
    most_of_others: int

    @classmethod
    async def open(cls, store: StoreView, most_of_others: int) -> Self:
        """Open them, made when they are missing."""
        return cls(
            row=await store.table("transaction", StoredRow),
            by_giver=await store.table("by_giver", bytes),
            by_arrival=await store.table("by_arrival", bytes),
            totals=await store.table("totals", bytes),
            balance=await store.table("balance", int),
            state=await store.table("state", int),
            most_of_others=most_of_others,
        )

    def revision(self) -> int:
        """Return the number of changes so far."""
        return self.state.get(_REVISION) or 0

    def totals_of(self, transaction: Transaction | None, public_key: bytes) -> LedgerTotals:
        """Return what somebody took and gave, within a transaction or by itself."""
        key = short(public_key)
        taken, given, givers, takers = _totals(
            transaction.get(self.totals, key) if transaction else self.totals.get(key)
        )
        return LedgerTotals(taken=min(taken, MOST), given=min(given, MOST), givers=givers, takers=takers)

    def find(self, transaction: Transaction, public_key_a: bytes, public_key_b: bytes) -> LedgerRow | None:
        """Return the row of two."""
        key = short(public_key_a) + short(public_key_b)
        stored = transaction.get(self.row, key)
        return row_of(key, stored) if stored else None

    def rows_with(self, transaction: Transaction, public_key: bytes) -> Iterator[LedgerRow]:
        """Yield the rows of somebody, first those in which he is A."""
        key = short(public_key)
        for both, stored in transaction.items(self.row, key):
            yield row_of(both, stored)
        for turned in transaction.keys(self.by_giver, key):
            both = _turned(turned)
            found = transaction.get(self.row, both)
            if found:
                yield row_of(both, found)

    def add(self, transaction: Transaction, row: LedgerRow, own: bytes) -> bool:
        """Store a row if it is newer than what there is of the same two; return whether it is.

        Args:
            transaction: In which all of it happens.
            row: Checked before.
            own: The public key of this node, 74 bytes.
        """
        key = short(row.public_key_a) + short(row.public_key_b)
        before = transaction.get(self.row, key)
        if not is_newer(row, row_of(key, before) if before else None):
            return False
        arrival = 0 if own in {row.public_key_a, row.public_key_b} else self._step(transaction, _ARRIVAL)
        stored = StoredRow(row.sequence_number, row.amount, row.timestamp, row.signature_a, row.signature_b, arrival)
        transaction.put(self.row, key, stored)
        transaction.put(self.by_giver, _turned(key), _HERE)
        self._count(transaction, key, row.amount - (before.amount if before else 0), 0 if before else 1)
        if before and before.arrival:
            transaction.delete(self.by_arrival, _NUMBER.pack(before.arrival))
        if arrival:
            transaction.put(self.by_arrival, _NUMBER.pack(arrival), key)
            self._forget_oldest(transaction)
        self._step(transaction, _REVISION)
        return True

    def note_balance(self, transaction: Transaction, owner: bytes, now: int) -> None:
        """Remember an owner's balance as it is now; times rise, whatever the clock does."""
        prefix = short(owner)
        keys = list(transaction.keys(self.balance, prefix))
        last = _NUMBER.unpack(keys[-1][-_NUMBER.size :])[0] if keys else -1
        then = _NUMBER.pack(max(now, last + 1))
        transaction.put(self.balance, prefix + then, self.totals_of(transaction, owner).balance)
        for key in keys[: max(len(keys) + 1 - BALANCES_KEPT, 0)]:
            transaction.delete(self.balance, key)

    def add_balances(self, transaction: Transaction, owner: bytes, balances: Sequence[BalanceThen]) -> int:
        """Store earlier balances; return how many are new, and among the last ones."""
        prefix = short(owner)
        new = {prefix + _NUMBER.pack(then.timestamp): then.balance for then in balances}
        for key in transaction.keys(self.balance, prefix):
            new.pop(key, None)
        transaction.put_many(self.balance, sorted(new.items()))
        keys = list(transaction.keys(self.balance, prefix))
        for key in keys[: max(len(keys) - BALANCES_KEPT, 0)]:
            transaction.delete(self.balance, key)
            new.pop(key, None)
        return len(new)

    def balances(self, owner: bytes) -> list[BalanceThen]:
        """Return an owner's balances, the oldest first."""
        found = self.balance.items(short(owner))
        return [BalanceThen(_NUMBER.unpack(key[-_NUMBER.size :])[0], balance) for key, balance in found]

    def _forget_oldest(self, transaction: Transaction) -> None:
        while transaction.count(self.by_arrival) > self.most_of_others:
            number, key = next(transaction.items(self.by_arrival))
            transaction.delete(self.by_arrival, number)
            stored = transaction.get(self.row, key)
            if stored:
                transaction.delete(self.row, key)
                transaction.delete(self.by_giver, _turned(key))
                self._count(transaction, key, -stored.amount, -1)

    def _count(self, transaction: Transaction, key: bytes, amount: int, rows: int) -> None:
        taker, giver = key[:PUBLIC_KEY_SIZE], key[PUBLIC_KEY_SIZE:]
        self._change_totals(transaction, taker, (amount, 0, rows, 0))
        self._change_totals(transaction, giver, (0, amount, 0, rows))

    def _change_totals(self, transaction: Transaction, key: bytes, change: tuple[int, int, int, int]) -> None:
        before = _totals(transaction.get(self.totals, key))
        taken, given, givers, takers = (old + more for old, more in zip(before, change, strict=True))
        if givers or takers:
            packed = _TOTALS.pack(taken.to_bytes(_WIDE), given.to_bytes(_WIDE), givers, takers)
            transaction.put(self.totals, key, packed)
        else:
            transaction.delete(self.totals, key)

    def _step(self, transaction: Transaction, name: bytes) -> int:
        number = (transaction.get(self.state, name) or 0) + 1
        transaction.put(self.state, name, number)
        return number


def short(public_key: bytes) -> bytes:
    """Return a public key without its kind."""
    return public_key.removeprefix(PUBLIC_KIND)


def row_of(key: bytes, stored: StoredRow) -> LedgerRow:
    """Return a row by the keys of its two, without their kinds, and what is stored of it."""
    return LedgerRow(
        public_key_a=PUBLIC_KIND + key[:PUBLIC_KEY_SIZE],
        public_key_b=PUBLIC_KIND + key[PUBLIC_KEY_SIZE:],
        sequence_number=stored.sequence_number,
        amount=stored.amount,
        timestamp=stored.timestamp,
        signature_a=stored.signature_a,
        signature_b=stored.signature_b,
    )


def _turned(key: bytes) -> bytes:
    return key[PUBLIC_KEY_SIZE:] + key[:PUBLIC_KEY_SIZE]


def _totals(packed: bytes | None) -> tuple[int, int, int, int]:
    if packed is None:
        return 0, 0, 0, 0
    taken, given, givers, takers = _TOTALS.unpack(packed)
    return int.from_bytes(taken), int.from_bytes(given), givers, takers
