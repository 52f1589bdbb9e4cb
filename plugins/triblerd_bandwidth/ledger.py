"""The service ``Ledger``."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, Self, TypeVar

from triblerd.store import StoreView, Transaction
from triblerd_bandwidth.api import BalanceThen, LedgerRow, LedgerTotals, TakenOver
from triblerd_bandwidth.records import AMOUNT_END, flaw, is_key
from triblerd_bandwidth.tables import MOST, Tables, row_of
from triblerd_identity.api import NodeKey

R = TypeVar("R")

MOST_OF_OTHERS: Final = 10_000
_AT_ONCE: Final = 1000
"""Rows in one transaction, so that others who write have their turn."""


class StoredLedger:
    """The ledger of this node; see ``Ledger``.

    Args:
        store: The plugin's part of the store.
        tables: What is in it.
        key: Who this node is.
        clock: Unix time in seconds.
    """

    def __init__(
        self, *, store: StoreView, tables: Tables, key: NodeKey, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._tables = tables
        self._key = key
        self._clock = clock

    @classmethod
    async def open(
        cls,
        store: StoreView,
        key: NodeKey,
        *,
        most_of_others: int = MOST_OF_OTHERS,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open it, made when it is missing.

        Args:
            store: The plugin's part of the store.
            key: Who this node is.
            most_of_others: Rows between other people that are kept.
            clock: Unix time in seconds.
        """
        return cls(store=store, tables=await Tables.open(store, most_of_others), key=key, clock=clock)

    @property
    def revision(self) -> int:
        """The number of changes so far; see ``Ledger``."""
        return self._tables.revision()

    def now(self) -> int:
        """Return the Unix time in milliseconds."""
        return int(self._clock() * 1000)

    def count(self) -> int:
        """Return the number of rows."""
        return self._tables.row.count()

    def find(self, public_key_a: bytes, public_key_b: bytes) -> LedgerRow | None:
        """Return the row of two."""
        with self._store.reading() as transaction:
            return self.find_in(transaction, public_key_a, public_key_b)

    def find_in(self, transaction: Transaction, public_key_a: bytes, public_key_b: bytes) -> LedgerRow | None:
        """Return the row of two within a transaction."""
        return self._tables.find(transaction, public_key_a, public_key_b)

    def rows(self, public_key: bytes | None = None) -> Iterator[LedgerRow]:
        """Yield rows; see ``Ledger``."""
        if public_key is None:
            for key, stored in self._tables.row.items():
                yield row_of(key, stored)
        elif is_key(public_key):
            with self._store.reading() as transaction:
                yield from self._tables.rows_with(transaction, public_key)

    def totals(self, public_key: bytes) -> LedgerTotals:
        """Return what somebody took and gave; see ``Ledger``."""
        return self._tables.totals_of(None, public_key) if is_key(public_key) else LedgerTotals()

    def history(self, public_key: bytes) -> list[BalanceThen]:
        """Return how an owner's balance was; see ``Ledger``."""
        return self._tables.balances(public_key) if is_key(public_key) else []

    async def add(self, row: LedgerRow) -> bool:
        """Store a row that was checked, if it is newer; return whether it is. On disk when this returns."""
        return await self.change(lambda transaction: self.put(transaction, row))

    async def change(self, job: Callable[[Transaction], R]) -> R:
        """Run ``job`` in one transaction; see ``StoreView.write``."""
        return await self._store.write(job)

    def put(self, transaction: Transaction, row: LedgerRow) -> bool:
        """Store a row that was checked, if it is newer, with what the balance of this node is then."""
        own = self._key.full_public_key
        added = self._tables.add(transaction, row, own)
        if added and own in {row.public_key_a, row.public_key_b}:
            self._tables.note_balance(transaction, own, self.now())
        return added

    async def take_over(self, rows: Sequence[LedgerRow]) -> TakenOver:
        """Store rows of another ledger; see ``Ledger``."""
        own, now = self._key.full_public_key, self.now()
        flaws = await asyncio.to_thread(lambda: [flaw(row, own, now) for row in rows])
        fit = [row for row, found in zip(rows, flaws, strict=True) if not found]
        added = 0
        for first in range(0, len(fit), _AT_ONCE):
            added += await self.change(partial(self._add_all, fit[first : first + _AT_ONCE], own))
        return TakenOver(added=added, present=len(fit) - added, refused=Counter(filter(None, flaws)))

    def _add_all(self, rows: Sequence[LedgerRow], own: bytes, transaction: Transaction) -> int:
        """Store rows as they were, which is no change of a balance now; return how many are newer."""
        return sum(self._tables.add(transaction, row, own) for row in rows)

    async def take_over_history(self, public_key: bytes, balances: Sequence[BalanceThen]) -> int:
        """Store earlier balances; see ``Ledger``."""
        fit = [then for then in balances if 0 <= then.timestamp < AMOUNT_END and abs(then.balance) <= MOST]
        if not is_key(public_key):
            return 0
        return await self.change(lambda transaction: self._tables.add_balances(transaction, public_key, fit))
