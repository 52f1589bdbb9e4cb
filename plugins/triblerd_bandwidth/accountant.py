"""Payouts: what circuits cost, by the book that the tunnels keep."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from triblerd.plugin import Services, hookimpl
from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.exchange import Exchange
from triblerd_bandwidth.payer import Payment, Spawn
from triblerd_bandwidth.prices import passed_on, portions, price, used
from triblerd_bandwidth.records import RECORD_SIZE, pack, unpack
from triblerd_tunnels.api import CircuitBook, CircuitClosed, PayoutMessage, RelayClosed, TunnelPeer

_LOOKS: Final = 4

Address = tuple[str, int]


class Accountant:
    """Pays for circuits of this node, and sees to it that it is paid for those of others.

    Args:
        services: Has the book of circuits while the tunnels run.
        exchange: Does one thing after another; has who pays, and who signs.
        is_member: Whether the owner of a public key was met in the overlay of the ledger; nobody else is paid.
        spawn: Starts a background task by its name.

    Attributes:
        look_seconds: Between two looks at counters that are behind.
    """

    def __init__(
        self,
        *,
        services: Services,
        exchange: Exchange,
        is_member: Callable[[bytes], bool],
        spawn: Spawn,
    ) -> None:
        self._services = services
        self._exchange = exchange
        self._payee = exchange.payee
        self._payer = exchange.payer
        self._is_member = is_member
        self._spawn = spawn
        self.look_seconds = 1.0
        self._book: CircuitBook | None = None
        self._leave: list[Callable[[], None]] = []

    @hookimpl(optionalhook=True)
    def triblerd_circuits(self, book: CircuitBook) -> None:
        """Listen to the tunnels that begin, before they have any circuit that could close.

        Those that stop are listened to until others begin: what they close last is to be paid as well.
        """
        self.close()
        self._book = book
        self._leave = [book.listen(self.closed), book.on_payout(self.payout_came)]

    def begin(self) -> None:
        """Listen to the tunnels, if they run already."""
        book = self._services.find(CircuitBook)
        if book is not None:
            self.triblerd_circuits(book)

    def close(self) -> None:
        """Listen no more."""
        self._book = None
        while self._leave:
            self._leave.pop()()

    def closed(self, tunnel: CircuitClosed | RelayClosed) -> None:
        """Pay for a circuit of this node, or remember what somebody may pay for."""
        if isinstance(tunnel, RelayClosed):
            self._payee.count(tunnel)
            return
        if tunnel.first_hop is not None:
            for base in portions(used(tunnel)):
                self._pay(tunnel.first_hop, tunnel.circuit_id, base * price(tunnel.goal_hops), base)

    def payout_came(self, address: Address, message: PayoutMessage) -> None:
        """Take message 30, from anybody; what does not come from a neighbour on that circuit is not looked at."""
        if self._book is None or len(message.record) != RECORD_SIZE:
            return
        row = unpack(message.record)
        if message.circuit_id == 0:
            if self._payer.pending(row.public_key_b) and self._exchange.allows(row.public_key_b):
                self._exchange.do(partial(self._payer.answer, row))
            return
        relayed = self._book.find_relayed(message.circuit_id)
        if relayed is None or relayed.previous_hop != TunnelPeer(row.public_key_a, address):
            return
        if self._exchange.allows(row.public_key_a):
            self._exchange.do(partial(self._claimed, row, message, relayed))

    def _pay(self, peer: TunnelPeer, circuit_id: int, amount: int, base: int) -> None:
        if self._is_member(peer.public_key):
            self._payer.pay(Payment(peer=peer, circuit_id=circuit_id, amount=amount, base=base))

    async def _claimed(self, row: LedgerRow, message: PayoutMessage, relayed: RelayClosed) -> None:
        self._payee.count(relayed)
        claim = await self._exchange.claim(row)
        if claim is None:
            return
        answer = PayoutMessage(record=pack(claim.answer), circuit_id=0, base=0)
        send_payout(self._services, relayed.previous_hop.address, answer)
        if relayed.next_hop and claim.growth > message.base:
            self._spawn("pass on", self._pass_on(claim.growth, message, relayed))

    async def _pass_on(self, growth: int, message: PayoutMessage, relayed: RelayClosed) -> None:
        """Pay the next hop once the own counters have what the owner of the circuit says: they are a second behind."""
        for _ in range(_LOOKS):
            amount = passed_on(growth, message.base, relayed)
            if relayed.next_hop and amount:
                self._pay(relayed.next_hop, relayed.next_circuit_id, amount, message.base)
                return
            await asyncio.sleep(self.look_seconds)
            relayed = (self._book and self._book.find_relayed(message.circuit_id)) or relayed


def send_payout(services: Services, address: Address, message: PayoutMessage) -> None:
    """Send a packet through the tunnels, if they run."""
    book = services.find(CircuitBook)
    if book is not None:
        book.send_payout(address, message)
