"""What other plugins see of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """That A has taken so much from B, ever: the newest of what the two agreed on.

    Attributes:
        public_key_a: 74 bytes, with ``LibNaCLPK:``, as ``public_key_b``.
        sequence_number: Counts what the two agreed on, from 1.
        amount: Bytes in all.
        timestamp: Unix time in milliseconds.
        signature_a: 64 bytes; empty when it is missing, as ``signature_b``. B signs what A has signed.
    """

    public_key_a: bytes
    public_key_b: bytes
    sequence_number: int
    amount: int
    timestamp: int
    signature_a: bytes
    signature_b: bytes


class LedgerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody took from others and gave to them, by all rows that there are.

    Attributes:
        taken: Bytes, as ``given``.
        givers: From how many others: the rows in which he is A.
        takers: To how many others: the rows in which he is B.
    """

    taken: int = 0
    given: int = 0
    givers: int = 0
    takers: int = 0

    @property
    def balance(self) -> int:
        """Bytes; below 0 more was taken than given."""
        return self.given - self.taken


class BalanceThen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The balance of the ledger's owner at a Unix time in milliseconds."""

    timestamp: int
    balance: int


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """What became of rows that somebody handed over.

    Attributes:
        added: Rows that are new, or newer than what there was of the same two.
        present: Rows that are not, and were left out.
        refused: Counts by the reason.
    """

    added: int = 0
    present: int = 0
    refused: Mapping[str, int] = {}


@runtime_checkable
class Ledger(Protocol):
    """The rows that this node knows, one for each two that took and gave. Any thread.

    What it says of other nodes is hearsay: anybody can owe anybody something, and be as many as he likes.
    """

    @property
    def revision(self) -> int:
        """A number that is another one after each change of a row, also after a restart. Takes microseconds."""

    def count(self) -> int:
        """Return the number of rows. Takes microseconds."""

    def rows(self, public_key: bytes | None = None) -> Iterator[LedgerRow]:
        """Yield the rows that one takes part in, first those in which he is A, or all rows; by the keys of A and B.

        All of one moment. Some 200,000 rows a second: a large scan belongs in a thread, and no scan spans an ``await``.

        Args:
            public_key: 74 bytes; of nobody when it is another number of them.
        """

    def totals(self, public_key: bytes) -> LedgerTotals:
        """Return what somebody took and gave by all rows that there are. Takes microseconds."""

    def history(self, public_key: bytes) -> list[BalanceThen]:
        """Return how the balance of an owner of this ledger was, the oldest first; at most the last 100 changes."""

    async def take_over(self, rows: Sequence[LedgerRow]) -> TakenOver:
        """Store rows of another ledger; on disk when this returns. The same rows once more change nothing.

        A row in which this node takes part needs the signature of A, for B may never have answered. One between others
        needs both.
        """

    async def take_over_history(self, public_key: bytes, balances: Sequence[BalanceThen]) -> int:
        """Store how the balance of an owner was, with what is known of it; return how many are new, and stay."""
