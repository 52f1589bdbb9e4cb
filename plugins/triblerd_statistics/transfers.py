"""How much was transferred, by the hour for two weeks and by the day for ten years, across restarts and crashes.

The engine counts from its start. What its counters have grown by is added to the present hour and day, and to the
total of all times, in one transaction; nothing is written while nothing is transferred.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Protocol, Self

import msgspec
from msgspec import Meta

from triblerd.store import StoreError, StoreView, Table, Transaction

log = logging.getLogger(__name__)


class Transferred(msgspec.Struct, array_like=True, frozen=True):
    """Bytes that went through the network."""

    downloaded: Annotated[int, Meta(description="Bytes of torrents' content received")] = 0
    uploaded: Annotated[int, Meta(description="Bytes of torrents' content sent")] = 0
    received: Annotated[int, Meta(description="Bytes received by the engine, protocol included")] = 0
    sent: Annotated[int, Meta(description="Bytes sent by the engine, protocol included")] = 0

    def __add__(self, other: Self) -> "Transferred":
        return Transferred(*(mine + theirs for mine, theirs in zip(self.amounts, other.amounts, strict=True)))

    @property
    def amounts(self) -> tuple[int, int, int, int]:
        """All of them."""
        return self.downloaded, self.uploaded, self.received, self.sent

    def since(self, before: Self) -> "Transferred":
        """Return what these counters have grown by; a counter that shrank has begun anew."""
        pairs = zip(self.amounts, before.amounts, strict=True)
        return Transferred(*(now - then if now >= then else now for now, then in pairs))


NOTHING = Transferred()


class Period(StrEnum):
    """How long a time one entry of the history stands for."""

    HOUR = "hour"
    DAY = "day"


_SECONDS: Mapping[Period, int] = {Period.HOUR: 3600, Period.DAY: 86400}
_KEPT: Mapping[Period, int] = {Period.HOUR: 14 * 24, Period.DAY: 3660}
_TOTAL_KEY = b"total"


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """What was transferred in one period, or since the first one."""

    time: int
    """When the period begins, Unix time."""
    transferred: Transferred = NOTHING


class Meter(Protocol):
    """Counts what is transferred."""

    async def read(self) -> Transferred:
        """Return what was transferred since the last call."""


class TransferHistory:
    """Adds up what a meter counts.

    Args:
        view: The plugin's part of the store.
        table: Its table of entries.
        meter: What counts.
        clock: Tells Unix time.
    """

    def __init__(
        self, *, view: StoreView, table: Table[Entry], meter: Meter, clock: Callable[[], float] = time.time
    ) -> None:
        self._view = view
        self._table = table
        self._meter = meter
        self._clock = clock
        self._unsaved = NOTHING

    async def sample(self) -> None:
        """Read the meter and store what it says. What the store does not take is kept for the next time."""
        transferred = self._unsaved + await self._meter.read()
        if transferred == NOTHING:
            return
        now = int(self._clock())
        self._unsaved = NOTHING  # before the write, which is done as a whole even if this task is cancelled meanwhile
        try:
            await self._view.write(lambda transaction: self._add(transaction, now, transferred))
        except StoreError as error:
            self._unsaved = transferred
            log.warning("What was transferred is not stored for now: %s", error)

    def total(self) -> Entry | None:
        """Return what was transferred since the first sample; ``None`` before it."""
        return self._table.get(_TOTAL_KEY)

    def history(self, period: Period, since: int = 0) -> Sequence[Entry]:
        """Return the periods in which something was transferred, the oldest first. For a thread.

        Args:
            period: Hours, of which two weeks are kept, or days (UTC), of which ten years are kept.
            since: Leave out what begins before this Unix time.
        """
        first = -(-since // _SECONDS[period])
        return [entry for _, entry in self._table.items(_prefix(period), start=_key(period, first))]

    def _add(self, transaction: Transaction, now: int, transferred: Transferred) -> None:
        self._increase(transaction, _TOTAL_KEY, now, transferred)
        for period, seconds in _SECONDS.items():
            number = max(0, now // seconds)
            if self._increase(transaction, _key(period, number), number * seconds, transferred):
                keys = list(transaction.keys(self._table, _prefix(period)))
                for key in keys[: max(0, len(keys) - _KEPT[period])]:
                    transaction.delete(self._table, key)

    def _increase(self, transaction: Transaction, key: bytes, begins: int, transferred: Transferred) -> bool:
        """Add to one entry; return whether it is new."""
        found = transaction.get(self._table, key)
        entry = found or Entry(begins)
        transaction.put(self._table, key, Entry(entry.time, entry.transferred + transferred))
        return found is None


def _prefix(period: Period) -> bytes:
    return period.encode() + b":"


def _key(period: Period, number: int) -> bytes:
    return _prefix(period) + number.to_bytes(8, "big")
