"""This node as B: it signs that others took from it, if it knows that they did."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.prices import most_due
from triblerd_bandwidth.records import countersigned, is_newer
from triblerd_identity.api import NodeKey
from triblerd_tunnels.api import RelayClosed

log = logging.getLogger(__name__)

REMEMBER_SECONDS: Final = 7200.0
"""Twice as long as others try to pay."""
_MOST_ACCOUNTS: Final = 1000
_MOST_CIRCUITS: Final = 200


class Claim(msgspec.Struct, frozen=True):
    """What became of a row by which somebody owes this node.

    Attributes:
        answer: The row with both signatures; what there was before it when it is refused; without a signature of this
            node when there was nothing.
        growth: Bytes that are new in it; 0 when it was refused, or known.
    """

    answer: LedgerRow
    growth: int = 0


@dataclass
class _Account:
    """What somebody may owe this node: what went through it for him, and is in no row yet."""

    touched: float
    credit: int = 0
    counted: dict[int, int] = field(default_factory=dict)


class Payee:
    """Signs what others owe this node, as far as its own counters of relayed bytes cover it.

    What it counted is in memory alone: who pays again later than a restart is refused the part that nobody remembers.

    Args:
        ledger: Where it goes.
        key: Who this node is.
        is_paid: Whether anything is signed at all.
        clock: Seconds.
    """

    def __init__(
        self, *, ledger: StoredLedger, key: NodeKey, is_paid: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._key = key
        self._is_paid = is_paid
        self._clock = clock
        self._accounts: dict[bytes, _Account] = {}

    def count(self, relayed: RelayClosed) -> None:
        """Take note of what went through a circuit so far."""
        if not self._is_paid:
            return
        account = self._account(relayed.previous_hop.public_key)
        due = most_due(relayed)
        account.credit += max(due - account.counted.pop(relayed.circuit_id, 0), 0)
        account.counted[relayed.circuit_id] = due  # as the last one
        if len(account.counted) > _MOST_CIRCUITS:
            del account.counted[next(iter(account.counted))]

    async def claim(self, row: LedgerRow) -> Claim:
        """Sign and store a row in which this node is B, which was checked; one at a time."""
        stored = self._ledger.find(row.public_key_a, row.public_key_b)
        refused = Claim(stored or row)
        if not is_newer(row, stored):
            return refused
        if row.signature_b:  # of this node: the ledger is an older one that was put back
            await self._ledger.add(row)
            return Claim(row)
        growth = row.amount - (stored.amount if stored else 0)
        account = self._account(row.public_key_a)
        if not self._is_paid or not 0 < growth <= account.credit:
            log.debug("Somebody claims to have taken %d bytes more, where %d are known", growth, account.credit)
            return refused
        signed = countersigned(self._key, row)
        account.credit -= growth
        await self._ledger.add(signed)
        return Claim(signed, growth)

    def _account(self, public_key: bytes) -> _Account:
        now = self._clock()
        account = self._accounts.pop(public_key, None)
        if account is None or now - account.touched > REMEMBER_SECONDS:
            account = _Account(now)
        account.touched = now
        self._accounts[public_key] = account  # as the last one
        if len(self._accounts) > _MOST_ACCOUNTS:
            del self._accounts[next(iter(self._accounts))]
        return account
