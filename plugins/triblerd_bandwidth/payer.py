"""This node as A: it offers to owe, until the other one signs."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final

import msgspec

from triblerd.store import Table, Transaction
from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.records import AMOUNT_END, SEQUENCE_END, flaw, is_newer, offered, pack
from triblerd_bandwidth.tables import short
from triblerd_identity.api import NodeKey
from triblerd_tunnels.api import PayoutMessage, TunnelPeer

log = logging.getLogger(__name__)

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds to wait for an answer, before the packet is sent once more."""
OFFER_MS: Final = 3_600_000
"""How long what was not answered is offered again, with more; then it is forgotten, as in version 7.13."""
_MOST_WAITING: Final = 100

Send = Callable[[tuple[str, int], PayoutMessage], None]
Spawn = Callable[[str, Coroutine[object, object, None]], object]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is to get.

    Attributes:
        peer: Who.
        circuit_id: For which circuit, as between him and this node.
        amount: Bytes, with what he passes on.
        base: Bytes that the owner of the circuit received; below 2**32.
    """

    peer: TunnelPeer
    circuit_id: int
    amount: int
    base: int


class StoredOffer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What this node signed, and the other one has not.

    Attributes:
        growth: Bytes of the amount that were in no row when it was made.
        since: Unix time in milliseconds of the first of those offers that it stands for.
    """

    sequence_number: int
    amount: int
    timestamp: int
    signature_a: bytes
    growth: int
    since: int


class Payer:
    """Pays others, each of them one thing at a time, and remembers on disk what is not answered.

    Amounts are of all times, so that what was lost is in the next one. Who does not sign for what was offered before,
    since he does not remember it, is offered the last payment alone.

    Args:
        ledger: Where what both signed goes.
        offers: By the keys of those who have not signed, without their kind.
        key: Who this node is.
        send: Sends one packet.
        spawn: Starts a background task by its name.

    Attributes:
        pauses: Seconds to wait after each packet of an offer.
    """

    def __init__(
        self,
        *,
        ledger: StoredLedger,
        offers: Table[StoredOffer],
        key: NodeKey,
        send: Send,
        spawn: Spawn,
    ) -> None:
        self._ledger = ledger
        self._offers = offers
        self._key = key
        self._send = send
        self._spawn = spawn
        self.pauses: tuple[float, ...] = PAUSES
        self._waiting: dict[bytes, deque[Payment]] = {}
        self._answered: dict[bytes, asyncio.Event] = {}
        self._refused: set[bytes] = set()
        self._left: list[Payment] = []

    def pay(self, payment: Payment) -> None:
        """Pay somebody, now or after what he is being paid."""
        if payment.amount <= 0:
            return
        key = payment.peer.public_key
        if key in self._waiting:
            if len(self._waiting[key]) < _MOST_WAITING:
                self._waiting[key].append(payment)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting[key] = deque([payment])
            self._answered[key] = asyncio.Event()
            self._spawn(f"pay {key.hex()[-8:]}", self._settle_all(key))

    async def put_off(self) -> None:
        """Remember what was not even offered when the tasks ended: it is in the next offer to the same peer."""
        while self._left:
            await self._ledger.change(partial(self._offer, payment=self._left.pop()))

    def pending(self, public_key: bytes) -> LedgerRow | None:
        """Return what is offered to somebody and not signed by him."""
        offer = self._offers.get(short(public_key))
        return self._row(offer, public_key) if offer else None

    async def answer(self, row: LedgerRow) -> bool:
        """Take the answer to an offer of this node, who is A of it; return whether the ledger changed.

        Only what this node has signed itself is believed, and only while an offer to the same peer is not answered.
        That is the offer, or an older one whose answer was lost.
        """
        peer = row.public_key_b
        offer = self.pending(peer)
        if offer is None or row.public_key_a != offer.public_key_a:
            return False
        if row == offer:  # as it was sent: he says that he does not sign it
            self._refused.add(peer)
            return False
        if not row.signature_b or flaw(row, self._key.full_public_key, self._ledger.now()):
            return False
        stored = self._ledger.find(row.public_key_a, peer)
        if not is_newer(row, stored):
            self._refused.add(peer)
            return False
        await self._ledger.change(lambda transaction: self._agree(transaction, row))
        if row.amount < offer.amount:
            self._refused.add(peer)
        if peer in self._answered:
            self._answered[peer].set()
        return True

    async def _settle_all(self, key: bytes) -> None:
        waiting = self._waiting[key]
        try:
            while waiting:
                await self._settle(waiting[0])
                waiting.popleft()
        finally:
            self._left += list(waiting)[1:]
            del self._waiting[key], self._answered[key]
            self._refused.discard(key)

    async def _settle(self, payment: Payment) -> None:
        key = payment.peer.public_key
        self._refused.discard(key)
        await self._ledger.change(lambda transaction: self._offer(transaction, payment))
        if await self._urge(payment) or key not in self._refused:
            return
        if await self._ledger.change(lambda transaction: self._offer_less(transaction, payment)):
            await self._urge(payment)

    async def _urge(self, payment: Payment) -> bool:
        """Send an offer again and again; return whether nothing is left to be signed."""
        key = payment.peer.public_key
        for pause in self.pauses:
            offer = self.pending(key)
            if offer is None:
                return True
            self._answered[key].clear()
            message = PayoutMessage(record=pack(offer), circuit_id=payment.circuit_id, base=payment.base)
            self._send(payment.peer.address, message)
            try:
                async with asyncio.timeout(pause):
                    await self._answered[key].wait()
            except TimeoutError:
                continue
        return self.pending(key) is None

    def _offer(self, transaction: Transaction, payment: Payment) -> None:
        """Offer a payment, with what was offered within the last hour and is not signed."""
        key, now = payment.peer.public_key, self._ledger.now()
        before = transaction.get(self._offers, short(key))
        is_fresh = before is not None and 0 <= now - before.since <= OFFER_MS
        growth = payment.amount + (before.growth if before and is_fresh else 0)
        self._put(transaction, key, growth, before.since if before and is_fresh else now)

    def _offer_less(self, transaction: Transaction, payment: Payment) -> bool:
        """Offer a payment alone; return whether that is less than what is offered."""
        key = payment.peer.public_key
        before = transaction.get(self._offers, short(key))
        if before is None or before.growth <= payment.amount:
            return False
        self._put(transaction, key, payment.amount, self._ledger.now())
        return True

    def _agree(self, transaction: Transaction, row: LedgerRow) -> None:
        """Store what both signed; what was offered later goes on from there."""
        self._ledger.put(transaction, row)
        key = short(row.public_key_b)
        offer = transaction.get(self._offers, key)
        if offer is None:
            return
        if (offer.sequence_number, offer.amount) == (row.sequence_number, row.amount):
            transaction.delete(self._offers, key)
        elif offer.sequence_number < row.sequence_number or offer.amount <= row.amount:
            self._put(transaction, row.public_key_b, offer.growth, offer.since)
        else:
            left = msgspec.structs.replace(offer, growth=offer.amount - row.amount)
            transaction.put(self._offers, key, left)

    def _put(self, transaction: Transaction, public_key: bytes, growth: int, since: int) -> None:
        stored = self._ledger.find_in(transaction, self._key.full_public_key, public_key)
        before = transaction.get(self._offers, short(public_key))
        sequence = 1 + max(before.sequence_number if before else 0, stored.sequence_number if stored else 0)
        amount = growth + (stored.amount if stored else 0)
        if amount >= AMOUNT_END or sequence >= SEQUENCE_END:
            log.warning("The row with %s is full", public_key.hex())
            return
        row = offered(self._key, public_key, sequence_number=sequence, amount=amount, timestamp=self._ledger.now())
        offer = StoredOffer(sequence, amount, row.timestamp, row.signature_a, growth, since)
        transaction.put(self._offers, short(public_key), offer)

    def _row(self, offer: StoredOffer, public_key: bytes) -> LedgerRow:
        return LedgerRow(
            public_key_a=self._key.full_public_key,
            public_key_b=public_key,
            sequence_number=offer.sequence_number,
            amount=offer.amount,
            timestamp=offer.timestamp,
            signature_a=offer.signature_a,
            signature_b=b"",
        )
