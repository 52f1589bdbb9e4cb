"""What strangers say: how much of it is listened to, in which order, and what is answered."""

import asyncio
import heapq
import logging
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from operator import attrgetter
from typing import Final

from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.config import BandwidthAccounting
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.limits import Allowance
from triblerd_bandwidth.payee import Claim, Payee
from triblerd_bandwidth.payer import Payer
from triblerd_bandwidth.records import RECORD_SIZE, flaw, is_newer, pack, unpack
from triblerd_identity.api import NodeKey

log = logging.getLogger(__name__)

MOST_ANSWERED: Final = 10
MOST_RECORDS: Final = 20
"""Of one peer in a minute."""
ANSWER_SECONDS: Final = 10.0
_MOST_WAITING: Final = 200

_REQUEST = struct.Struct(">I")

Address = tuple[str, int]
Answer = Callable[[bytes], None]


class Exchange:
    """Takes records of other nodes, one after another, and knows what to show of its own.

    Args:
        ledger: Where records go.
        key: Who this node is.
        payee: Signs what others owe this node.
        payer: Waits for signatures.
        config: What is shown of the ledger.

    Attributes:
        payee: As above, and ``payer``.
    """

    def __init__(
        self, *, ledger: StoredLedger, key: NodeKey, payee: Payee, payer: Payer, config: BandwidthAccounting
    ) -> None:
        self._ledger = ledger
        self._key = key
        self.payee = payee
        self.payer = payer
        self._config = config
        self._records = Allowance(MOST_RECORDS, 60.0)
        self._queries = Allowance(1, ANSWER_SECONDS)
        self._waiting: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue(_MOST_WAITING)
        self._shown: tuple[int, bytes, list[bytes]] = (-1, b"", [])

    def transaction_came(self, sender: bytes, body: bytes, answer: Answer) -> None:
        """Take the body of message 1: a record, and the number of a request.

        Args:
            sender: The public key of the known peer at the address that it came from.
            body: What follows the number of the message.
            answer: Sends the body of a message 1 to the same address.
        """
        if len(body) == RECORD_SIZE + _REQUEST.size and self._records.take(sender):
            self.do(partial(self._take, unpack(body[:RECORD_SIZE]), body[RECORD_SIZE:], answer))

    def query_came(self, address: Address) -> list[bytes]:
        """Return the bodies of messages 1 that answer a question: the newest rows of this node that both have signed.

        Args:
            address: Of a known peer.
        """
        most = min(self._config.max_tx_returned_in_query, MOST_ANSWERED)
        if not most or not self._queries.take(address):
            return []
        own, revision = self._key.full_public_key, self._ledger.revision
        if self._shown[:2] != (revision, own):
            signed = (row for row in self._ledger.rows(own) if row.signature_b)
            newest = heapq.nlargest(most, signed, key=attrgetter("timestamp"))
            self._shown = (revision, own, [pack(row) + _REQUEST.pack(0) for row in newest])
        return self._shown[2]

    def allows(self, sender: bytes) -> bool:
        """Return whether one more record of a peer is listened to, and count it."""
        return self._records.take(sender)

    def do(self, job: Callable[[], Awaitable[object]]) -> None:
        """Have something done after what waits; nothing when too much waits."""
        try:
            self._waiting.put_nowait(job)
        except asyncio.QueueFull:
            log.debug("More records come in than can be checked")

    async def work(self) -> None:
        """Do what waits, for ever."""
        while True:
            job = await self._waiting.get()
            try:
                await job()
            except Exception:  # a border: what a stranger sent
                log.exception("A record was not taken")

    async def claim(self, row: LedgerRow) -> Claim | None:
        """Return what becomes of a row by which somebody owes this node; ``None`` when nobody signed that."""
        own = self._key.full_public_key
        if row.public_key_b != own or flaw(row, own, self._ledger.now()):
            return None
        return await self.payee.claim(row)

    async def _take(self, row: LedgerRow, request: bytes, answer: Answer) -> None:
        own = self._key.full_public_key
        if row.public_key_b == own:
            claim = await self.claim(row)
            if claim and claim.answer.signature_b:
                answer(pack(claim.answer) + request)
        elif row.public_key_a == own:
            await self.payer.answer(row)
        elif is_newer(row, self._ledger.find(row.public_key_a, row.public_key_b)):
            if reason := flaw(row, own, self._ledger.now()):
                log.debug("A record of others is not believed: %s", reason)
            else:
                await self._ledger.add(row)
