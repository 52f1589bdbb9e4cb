"""What listeners and other plugins see of the upgrader."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from triblerd.events import Arguments, Event


class UpgraderStarted(Event):
    """Data or settings of an older release are being converted."""

    topic: ClassVar[str] = "upgrader_started"

    plugins: tuple[str, ...]
    """Those whose data or settings are concerned."""


class UpgraderTick(Event):
    """How far it is; a sentence for people, about twice a second."""

    topic: ClassVar[str] = "upgrader_tick"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    text: str


class UpgraderFinished(Event):
    """The upgrade has ended, well or not."""

    topic: ClassVar[str] = "upgrader_finished"

    failures: Mapping[str, str]
    """Why the data of some plugins were not converted; empty when all is well."""


class UpgraderDone(Event):
    """The same, by the name that older clients know."""

    topic: ClassVar[str] = "upgrader_done"


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """That A has taken so much from B, ever: the newest of what the two agreed on, as version 7.13 of Tribler keeps it.

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
    """Bytes that somebody took from others in all, and gave to them."""

    taken: int = 0
    given: int = 0

    @property
    def balance(self) -> int:
        """Bytes; below 0 more was taken than given."""
        return self.given - self.taken


class BalanceThen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The balance of the ledger's owner at a Unix time in milliseconds."""

    timestamp: int
    balance: int


@runtime_checkable
class ImportedLedger(Protocol):
    """The ledgers that were taken over from other programs, until a plugin takes them up. Any thread."""

    def owners(self) -> Sequence[bytes]:
        """Return the public keys, of 74 bytes, of those whose ledgers they were."""

    def rows(self, public_key: bytes | None = None) -> list[LedgerRow]:
        """Return what one takes part in, or everything, by the keys of A and B."""

    def totals(self, public_key: bytes) -> LedgerTotals:
        """Return what somebody took and gave by all rows that there are."""

    def history(self, public_key: bytes) -> list[BalanceThen]:
        """Return how the balance of an owner was, the oldest first."""
