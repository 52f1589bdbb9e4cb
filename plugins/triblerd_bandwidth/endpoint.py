"""``/bandwidth``."""

from triblerd.http.endpoint import Endpoint, route
from triblerd_bandwidth.api import Ledger
from triblerd_bandwidth.schemas import Balance, HistoryAnswer, Statistics, StatisticsAnswer
from triblerd_identity.api import NodeKey


class BandwidthEndpoint(Endpoint):
    """What this node took from others and gave to them."""

    prefix = "/bandwidth"

    def __init__(self, *, ledger: Ledger, key: NodeKey) -> None:
        self._ledger = ledger
        self._key = key

    @route("GET", "/statistics")
    async def statistics(self) -> StatisticsAnswer:
        """Show what this node took and gave in all; zeros when nothing was counted yet."""
        own = self._key.full_public_key
        return StatisticsAnswer(statistics=Statistics.of(own, self._ledger.totals(own)))

    @route("GET", "/history")
    async def history(self) -> HistoryAnswer:
        """Show how the balance of this node changed."""
        balances = self._ledger.history(self._key.full_public_key)
        return HistoryAnswer(history=[Balance(timestamp=then.timestamp, balance=then.balance) for then in balances])
