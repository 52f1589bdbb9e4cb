"""Nodes with ledgers of their own, and a line between them on which packets can get lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from tests.plugins.bandwidth.people import person
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.tasks import Tasks
from triblerd.testing import wait_for
from triblerd_bandwidth.accountant import Accountant
from triblerd_bandwidth.config import BandwidthAccounting
from triblerd_bandwidth.container import BandwidthContainer
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_bandwidth.payer import StoredOffer
from triblerd_identity.api import Curve25519Key
from triblerd_tunnels.api import CircuitBook, CircuitClosed, PayoutMessage, RelayClosed, TunnelPeer

T = TypeVar("T")
Address = tuple[str, int]

QUICK = (0.05, 0.1, 0.2)


class Line:
    """Carries payouts between books by their addresses; ``loses`` says which of them are lost."""

    def __init__(self) -> None:
        self.books: dict[Address, Book] = {}
        self.loses: Callable[[PayoutMessage], bool] = lambda _: False
        self.sent: list[PayoutMessage] = []


class Book:
    """A ``CircuitBook`` of circuits that a test makes up: the real one is tested with real tunnels."""

    def __init__(self, line: Line, address: Address) -> None:
        self._line = line
        self._address = address
        self._closed: list[Callable[[CircuitClosed | RelayClosed], None]] = []
        self._payouts: list[Callable[[Address, PayoutMessage], None]] = []
        self.open: dict[int, RelayClosed] = {}
        line.books[address] = self

    def listen(self, listener: Callable[[CircuitClosed | RelayClosed], None]) -> Callable[[], None]:
        self._closed.append(listener)
        return lambda: self._closed.remove(listener)

    def on_payout(self, listener: Callable[[Address, PayoutMessage], None]) -> Callable[[], None]:
        self._payouts.append(listener)
        return lambda: self._payouts.remove(listener)

    def find_relayed(self, circuit_id: int) -> RelayClosed | None:
        return self.open.get(circuit_id)

    def send_payout(self, address: Address, message: PayoutMessage) -> None:
        self._line.sent.append(message)
        if not self._line.loses(message) and address in self._line.books:
            asyncio.get_running_loop().call_soon(self._line.books[address].deliver, self._address, message)

    def deliver(self, sender: Address, message: PayoutMessage) -> None:
        for listener in list(self._payouts):
            listener(sender, message)

    def close(self, tunnel: CircuitClosed | RelayClosed) -> None:
        for listener in list(self._closed):
            listener(tunnel)


class Node:
    """All of the plugin but its routes and its overlay."""

    def __init__(
        self, key: Curve25519Key, container: BandwidthContainer, book: Book, members: Callable[[bytes], bool]
    ) -> None:
        self.key = key
        self.book = book
        self.ledger = container.ledger()
        self.exchange = container.exchange()
        self.payer = container.payer()
        self.payer.pauses = QUICK
        self.payee = container.payee()
        self.services: dict[type, object] = {CircuitBook: book}
        self.accountant = Accountant(
            services=Found(self.services),
            exchange=self.exchange,
            is_member=members,
            spawn=container.spawn(),
        )
        self.accountant.look_seconds = QUICK[0]

    @property
    def public_key(self) -> bytes:
        return self.key.full_public_key

    @property
    def peer(self) -> TunnelPeer:
        return TunnelPeer(self.public_key, address_of(self.key))

    def offers_to(self, other: "Node") -> int:
        """Return the amount that the other one has not signed; 0 when there is none."""
        row = self.payer.pending(other.public_key)
        return row.amount if row else 0

    def took_from(self, other: "Node") -> int:
        """Return the amount of the row in which this node is A."""
        row = self.ledger.find(self.public_key, other.public_key)
        return row.amount if row else 0

    def gave_to(self, other: "Node") -> int:
        """Return the amount of the row in which this node is B, as it knows it."""
        row = self.ledger.find(other.public_key, self.public_key)
        return row.amount if row else 0


class Found:
    """The services of a node."""

    def __init__(self, services: Mapping[type, object]) -> None:
        self._services = services

    def find(self, kind: type[T]) -> T | None:
        found = self._services.get(kind)
        assert found is None or isinstance(found, kind)
        return found


def address_of(key: Curve25519Key) -> Address:
    return ("127.0.0.1", 1024 + int.from_bytes(key.public_key[:2]) // 2)


@asynccontextmanager
async def running(
    folder: Path, number: int, line: Line, *, members: Callable[[bytes], bool] = lambda _: True, payouts: bool = True
) -> AsyncIterator[Node]:
    """Run a node."""
    key = person(number)
    failures: list[BaseException] = []
    tasks = Tasks("bandwidth", lambda _, error: failures.append(error))
    async with Store(folder / str(number), StoreConfig(map_size=2**28)) as store:
        view = store.view("bandwidth")
        book = Book(line, address_of(key))
        container = BandwidthContainer(
            config=BandwidthAccounting(payouts=payouts),
            key=key,
            ledger=await StoredLedger.open(view, key),
            offers=await view.table("offer", StoredOffer),
            services=Found({CircuitBook: book}),
            spawn=tasks.start,
        )
        node = Node(key, container, book, members)
        tasks.start("exchange", node.exchange.work())
        node.accountant.begin()
        yield node
        node.accountant.close()
        await tasks.close()
        await node.payer.put_off()
    assert not failures


def relayed(node: Node, owner: Node, circuit_id: int, size: int, *, onward: Node | None = None) -> RelayClosed:
    """Have a node know that it sent so much to the previous hop of a circuit, which is still open.

    The number of the circuit is one more at the next hop.
    """
    tunnel = RelayClosed(
        circuit_id=circuit_id,
        previous_hop=owner.peer,
        next_hop=onward.peer if onward else None,
        next_circuit_id=circuit_id + 1 if onward else 0,
        bytes_up=0,
        bytes_down=size,
    )
    node.book.open[circuit_id] = tunnel
    return tunnel


def closed(first: Node, circuit_id: int, size: int, *, hops: int = 1, kind: str = "DATA") -> CircuitClosed:
    """Return a circuit whose owner received so much."""
    return CircuitClosed(
        circuit_id=circuit_id,
        kind=kind,
        goal_hops=hops,
        is_end_to_end=kind != "DATA",
        bytes_up=size if kind == "RP_SEEDER" else 0,
        bytes_down=0 if kind == "RP_SEEDER" else size,
        first_hop=first.peer,
    )


async def settled(owner: Node, first: Node) -> None:
    """Wait until a node has nothing to pay to another one."""
    await wait_for(lambda: first.public_key not in owner.payer._waiting)
