"""Ledgers of bandwidth that were taken over, on disk until a plugin takes them up."""

import asyncio
import struct
import time
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_identity.api import PUBLIC_KIND, verify
from triblerd_upgrader.api import BalanceThen, LedgerRow, LedgerTotals
from triblerd_upgrader.foreign.tribler.ledger import BALANCES, KIND, OwnedBalance, OwnedRow
from triblerd_upgrader.foreign.values import Kept, NotTaken

_RECORD = struct.Struct(">I74s74s64s64sQQI")
_UNSIGNED = b"0" * 64
"""The character, not the number."""
_KEY_SIZE = 74
_SIGNATURE_SIZE = 64
_SEQUENCE_END = 1 << 32
_AMOUNT_END = 1 << 60
_DAY_MS = 86_400_000
_TIME = struct.Struct(">Q")


class StoredRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the key, which is those of A and B, does not say."""

    sequence_number: int
    amount: int
    timestamp: int
    signature_a: bytes
    signature_b: bytes


class Ledgers:
    """The service ``ImportedLedger``.

    Args:
        store: The plugin's part of the store.
        rows: By the keys of A and B, without their kind.
        balances: By the key of an owner and the time.
    """

    def __init__(self, *, store: StoreView, rows: Table[StoredRow], balances: Table[int], owned: Table[int]) -> None:
        self._store = store
        self._rows = rows
        self._balances = balances
        self._owned = owned

    @classmethod
    async def open(cls, store: StoreView) -> Self:
        """Open them, made when they are missing."""
        return cls(
            store=store,
            rows=await store.table("ledger", StoredRow),
            balances=await store.table("ledger_balance", int),
            owned=await store.table("ledger_owner", int),
        )

    def owners(self) -> Sequence[bytes]:
        """Return those whose ledgers they were; see ``ImportedLedger``."""
        return [PUBLIC_KIND + key for key, _ in self._owned.items()]

    def rows(self, public_key: bytes | None = None) -> list[LedgerRow]:
        """Return rows; see ``ImportedLedger``."""
        found = [_row_of(key, stored) for key, stored in self._rows.items()]
        if public_key is None:
            return found
        return [row for row in found if public_key in {row.public_key_a, row.public_key_b}]

    def totals(self, public_key: bytes) -> LedgerTotals:
        """Return what somebody took and gave; see ``ImportedLedger``."""
        rows = self.rows(public_key)
        return LedgerTotals(
            taken=sum(row.amount for row in rows if row.public_key_a == public_key),
            given=sum(row.amount for row in rows if row.public_key_b == public_key),
        )

    def history(self, public_key: bytes) -> list[BalanceThen]:
        """Return how a balance was; see ``ImportedLedger``."""
        found = self._balances.items(public_key.removeprefix(PUBLIC_KIND))
        return [BalanceThen(_TIME.unpack(key[-_TIME.size :])[0], balance) for key, balance in found]

    async def add(self, rows: Sequence[OwnedRow]) -> int:
        """Store rows that are newer than what there is of the same two; return how many are."""

        def job(transaction: Transaction) -> int:
            return sum(self._add(transaction, owned) for owned in rows)

        return await self._store.write(job)

    async def add_balances(self, balances: Sequence[OwnedBalance]) -> int:
        """Store balances; return how many are new."""

        def job(transaction: Transaction) -> int:
            new = 0
            for owned in balances:
                key = owned.owner.removeprefix(PUBLIC_KIND) + _TIME.pack(owned.then.timestamp)
                new += transaction.get(self._balances, key) is None
                transaction.put(self._balances, key, owned.then.balance)
            return new

        return await self._store.write(job)

    def _add(self, transaction: Transaction, owned: OwnedRow) -> bool:
        row = owned.row
        if owned.owner in {row.public_key_a, row.public_key_b}:
            transaction.put(self._owned, owned.owner.removeprefix(PUBLIC_KIND), 1)
        key = row.public_key_a.removeprefix(PUBLIC_KIND) + row.public_key_b.removeprefix(PUBLIC_KIND)
        before = transaction.get(self._rows, key)
        if before and (row.sequence_number <= before.sequence_number or row.amount < before.amount):
            return False
        stored = StoredRow(row.sequence_number, row.amount, row.timestamp, row.signature_a, row.signature_b)
        transaction.put(self._rows, key, stored)
        return True


class LedgerKeeper:
    """Takes over the rows of a ledger that are signed as they have to be.

    Args:
        ledgers: Where they go.
    """

    kind: ClassVar[str] = KIND
    is_asked_for: ClassVar[bool] = False

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers

    async def keep(self, values: Sequence[OwnedRow]) -> Kept:
        """Take rows over; see ``Keeper``."""
        now = int(time.time() * 1000)
        flaws = await asyncio.to_thread(lambda: [flaw(owned, now) for owned in values])
        fit = [owned for owned, found in zip(values, flaws, strict=True) if not found]
        new = await self._ledgers.add(fit)
        refused = Counter(filter(None, flaws))
        return Kept(
            added=new,
            present=len(fit) - new,
            not_taken=tuple(NotTaken(f"transactions ({count})", reason) for reason, count in refused.items()),
        )


class BalanceKeeper:
    """Takes over how the balance of a ledger was.

    Args:
        ledgers: Where it goes.
    """

    kind: ClassVar[str] = BALANCES
    is_asked_for: ClassVar[bool] = False

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers

    async def keep(self, values: Sequence[OwnedBalance]) -> Kept:
        """Take balances over; see ``Keeper``."""
        fit = [owned for owned in values if 0 <= owned.then.timestamp < _AMOUNT_END]
        new = await self._ledgers.add_balances(fit)
        return Kept(added=new, present=len(fit) - new)


def flaw(owned: OwnedRow, now: int) -> str:
    """Return why a row is not taken, an empty text when it is. Takes 0.3 ms.

    What the owner takes part in needs the signature of A alone: B may never have answered. What happened between
    others is hearsay, and needs both.

    Args:
        owned: The row and whose ledger it is of.
        now: Unix time in milliseconds.
    """
    row = owned.row
    keys = (row.public_key_a, row.public_key_b)
    is_own = owned.owner in keys
    checks = (
        (all(len(key) == _KEY_SIZE and key.startswith(PUBLIC_KIND) for key in keys), "a key is none"),
        (row.public_key_a != row.public_key_b, "nobody takes from himself"),
        (0 < row.sequence_number < _SEQUENCE_END, "the sequence number is out of range"),
        (0 <= row.amount < _AMOUNT_END, "the amount is out of range"),
        (0 <= row.timestamp <= now + _DAY_MS, "the time is out of range"),
        (len(row.signature_a) == _SIGNATURE_SIZE, "who took has not signed"),
        (len(row.signature_b) == _SIGNATURE_SIZE or (is_own and not row.signature_b), "who gave has not signed"),
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
    """Return what A signs, without any signature, or what B signs, over that of A."""
    signature_a = row.signature_a if by_b else _UNSIGNED
    return _RECORD.pack(
        row.sequence_number,
        row.public_key_a,
        row.public_key_b,
        signature_a,
        _UNSIGNED,
        row.amount,
        row.timestamp,
        0,
    )


def _row_of(key: bytes, stored: StoredRow) -> LedgerRow:
    middle = len(key) // 2
    return LedgerRow(
        public_key_a=PUBLIC_KIND + key[:middle],
        public_key_b=PUBLIC_KIND + key[middle:],
        sequence_number=stored.sequence_number,
        amount=stored.amount,
        timestamp=stored.timestamp,
        signature_a=stored.signature_a,
        signature_b=stored.signature_b,
    )
