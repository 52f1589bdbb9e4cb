"""What was said about torrents goes to the knowledge plugin."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from triblerd.plugin import Services
from triblerd_knowledge.api import Knowledge, Operation, Operations
from triblerd_upgrader.foreign.keeping.finding import running
from triblerd_upgrader.foreign.tribler.statements import OPERATIONS, OWN, OwnStatement
from triblerd_upgrader.foreign.values import Kept, NotTaken

_PLUGIN = "knowledge"


class OwnStatementKeeper:
    """Says what the user said, in the name of this node, which has its own key.

    Args:
        services: Has the knowledge.
    """

    kind: ClassVar[str] = OWN
    is_asked_for: ClassVar[bool] = False

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[OwnStatement]) -> Kept:
        """Say what this node said nothing about; see ``Keeper``."""
        knowledge = running(self._services, Knowledge, _PLUGIN)
        new = await knowledge.adopt((said.infohash, said.claim, said.deed) for said in values)
        return Kept(added=new, present=len(values) - new)


class StatementKeeper:
    """Takes over what is signed.

    Args:
        services: Has the knowledge.
    """

    kind: ClassVar[str] = OPERATIONS
    is_asked_for: ClassVar[bool] = False

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[Operation]) -> Kept:
        """Take operations over whose signatures are right; see ``Keeper``."""
        outcomes = await running(self._services, Operations, _PLUGIN).add(values)
        counts = Counter(one.outcome for one in outcomes)
        refused = Counter(one.reason for one in outcomes if one.outcome == "refused")
        return Kept(
            added=counts["added"],
            present=counts["kept"],
            not_taken=tuple(NotTaken(f"statements ({count})", reason) for reason, count in refused.items()),
        )
