"""Takes part in the overlay of the ledger while there is an overlay network."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from triblerd.plugin import hookimpl
from triblerd_bandwidth.exchange import Exchange
from triblerd_ipv8.api import Overlays


class Community(Protocol):
    """What is known of the overlay without the library that it is made with."""

    def is_member(self, public_key: bytes) -> bool:
        """Return whether a peer was met that takes part."""

    def ask_somebody(self) -> None:
        """Ask a peer for its transactions."""


class Membership:
    """Joins and leaves.

    Args:
        exchange: Has what to say.
        testnet: Take part in the test network.
    """

    def __init__(self, *, exchange: Exchange, testnet: bool) -> None:
        self._exchange = exchange
        self._testnet = testnet
        self._community: Community | None = None
        self._overlays: Overlays | None = None

    @hookimpl(optionalhook=True)
    def triblerd_overlays(self, overlays: Overlays) -> Callable[[], Awaitable[None]]:
        """Join, as the network has just begun."""
        self.join(overlays)
        return self.leave

    def begin(self, overlays: Overlays | None) -> Callable[[], None]:
        """Join, if the network is there already; return what takes back that this is left before it stops."""
        if overlays is None:
            return lambda: None
        self.join(overlays)
        return overlays.when_stopping(self.leave)

    def join(self, overlays: Overlays) -> None:
        """Join the overlay."""
        from triblerd_bandwidth.community import make_community  # noqa: PLC0415 - imports what an extra brings

        self._community = overlays.join(partial(make_community, exchange=self._exchange, testnet=self._testnet))
        self._overlays = overlays

    async def leave(self) -> None:
        """Leave it; a second call changes nothing."""
        overlays, community = self._overlays, self._community
        self._overlays = self._community = None
        if overlays and community:
            await overlays.leave(community)

    def is_member(self, public_key: bytes) -> bool:
        """Return whether a peer was met that takes part; nobody does while this node does not."""
        return self._community is not None and self._community.is_member(public_key)

    async def ask(self) -> None:
        """Ask a peer for its transactions."""
        if self._community:
            self._community.ask_somebody()
