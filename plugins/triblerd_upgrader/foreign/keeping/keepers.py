"""Who takes over which kind of records."""

from collections.abc import Mapping

from triblerd.plugin import Services
from triblerd_upgrader.foreign.keeping.entries import EntryKeeper
from triblerd_upgrader.foreign.keeping.identity import IdentityKeeper
from triblerd_upgrader.foreign.keeping.ledger import BalanceKeeper, LedgerKeeper
from triblerd_upgrader.foreign.keeping.statements import OwnStatementKeeper, StatementKeeper
from triblerd_upgrader.foreign.values import Keeper


def make_keepers(services: Services) -> Mapping[str, Keeper]:
    """Return the keepers by the kind of records.

    Args:
        services: Of the plugins that the records go to, whichever run.
    """
    keepers: tuple[Keeper, ...] = (
        IdentityKeeper(services),
        EntryKeeper(services),
        OwnStatementKeeper(services),
        StatementKeeper(services),
        LedgerKeeper(services),
        BalanceKeeper(services),
    )
    return {keeper.kind: keeper for keeper in keepers}
