"""The ledger of bandwidth goes to the bandwidth plugin."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import ClassVar

from triblerd.plugin import Services
from triblerd_bandwidth.api import Ledger
from triblerd_upgrader.foreign.keeping.finding import running
from triblerd_upgrader.foreign.tribler.ledger import BALANCES, KIND, OwnedBalance, OwnedRow
from triblerd_upgrader.foreign.values import Kept, NotTaken

_PLUGIN = "bandwidth"


class LedgerKeeper:
    """Takes over the rows of a ledger that are signed as they have to be.

    Args:
        services: Has the ledger.
    """

    kind: ClassVar[str] = KIND
    is_asked_for: ClassVar[bool] = False

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[OwnedRow]) -> Kept:
        """Take rows over; see ``Keeper``."""
        taken = await running(self._services, Ledger, _PLUGIN).take_over([owned.row for owned in values])
        refused = tuple(NotTaken(f"transactions ({count})", reason) for reason, count in taken.refused.items())
        return Kept(added=taken.added, present=taken.present, not_taken=refused)


class BalanceKeeper:
    """Takes over how the balance of a ledger was.

    Args:
        services: Has the ledger.
    """

    kind: ClassVar[str] = BALANCES
    is_asked_for: ClassVar[bool] = False

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[OwnedBalance]) -> Kept:
        """Take balances over; see ``Keeper``."""
        ledger = running(self._services, Ledger, _PLUGIN)
        new = 0
        for owner, balances in groupby(values, attrgetter("owner")):
            new += await ledger.take_over_history(owner, [owned.then for owned in balances])
        return Kept(added=new, present=len(values) - new)
