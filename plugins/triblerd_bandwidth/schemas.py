"""What ``/bandwidth`` answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_bandwidth.api import LedgerTotals

Bytes = Annotated[int, Meta(ge=0)]


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """This node in its ledger. Balance = given - taken."""

    id: Annotated[str, Meta(description="Public key of this node, 148 hex digits", pattern="^[0-9a-f]{148}$")]
    total_given: Annotated[Bytes, Meta(description="Bytes that others took from this node")]
    total_taken: Annotated[Bytes, Meta(description="Bytes that this node took from others")]
    num_peers_helped: Annotated[
        int, Meta(ge=0, description="Peers from whom this node took: the two names say the reverse of what they mean")
    ]
    num_peers_helped_by: Annotated[int, Meta(ge=0, description="Peers who took from this node")]

    @classmethod
    def of(cls, public_key: bytes, totals: LedgerTotals) -> "Statistics":
        """Return what clients see of the totals of a public key."""
        return cls(
            id=public_key.hex(),
            total_given=totals.given,
            total_taken=totals.taken,
            num_peers_helped=totals.givers,
            num_peers_helped_by=totals.takers,
        )


class StatisticsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The totals."""

    statistics: Statistics


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The balance after a change of it."""

    timestamp: Annotated[int, Meta(ge=0, description="Unix time in milliseconds")]
    balance: Annotated[int, Meta(description="Bytes; negative when more was taken than given")]


class HistoryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the balance changed."""

    history: Annotated[list[Balance], Meta(max_length=100, description="The oldest first, the last 100 changes")]
