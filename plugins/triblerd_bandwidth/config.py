"""The ``[bandwidth_accounting]`` section."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section, default_from_environment


class BandwidthAccounting(Section):
    """The ledger of what peers relayed for one another."""

    repairs: ClassVar[bool] = True

    testnet: Annotated[bool, Meta(description="Use the test network")] = default_from_environment("BANDWIDTH_TESTNET")
    outgoing_query_interval: Annotated[
        int, Meta(ge=1, le=86400, description="Seconds between two questions for transactions")
    ] = 30
    max_tx_returned_in_query: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Transactions in one answer at most; never more than 10 are sent")
    ] = 10
    payouts: Annotated[
        bool,
        Meta(
            description="Pay those who relay for this node, and sign what others owe it for relaying: tells everybody"
            " who took how much from whom"
        ),
    ] = False
