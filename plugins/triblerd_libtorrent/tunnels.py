"""Between the engine and the plugin that builds tunnels for it. For the package; others use ``api``."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable


class TunnelState(StrEnum):
    """How far the tunnels of some number of hops are."""

    NO_EXITS = "no exits"
    """Nobody is known who sends anything out."""
    NO_CIRCUITS = "no circuits"
    """No circuit is ready that could carry data."""
    READY = "ready"


@runtime_checkable
class Tunnels(Protocol):
    """Carries anonymous sessions. A service that may be missing, come and go: look for it whenever it is needed.

    All methods return at once. Who provides it opens the sessions, by ``SessionRegistry``, and closes them.
    """

    def hops(self) -> Sequence[int]:
        """Return the numbers of hops that can be had."""

    def want(self, hops: int) -> None:
        """Begin to build circuits of that many hops and to open their session, and keep both; it may be said again."""

    def state(self, hops: int) -> TunnelState:
        """Return how far they are."""


@runtime_checkable
class SessionRegistry(Protocol):
    """Opens and closes the sessions of anonymous downloads. For the plugin that builds the tunnels."""

    async def open_session(
        self,
        hops: int,
        *,
        socks_host: str,
        socks_port: int,
        associated: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Open the session for downloads with that many hops, or point it to another SOCKS5 server.

        Nothing of it goes past that server. The event ``SessionOpened`` tells when it takes torrents.

        Args:
            hops: From 1 on.
            socks_host: An address.
            socks_port: Of the SOCKS5 server, TCP.
            associated: Returns when the server has the session's UDP association (RFC 1928). The session takes torrents
                only then: what it sends earlier is lost. If it raises, there is no session, and the error passes on.
        """

    async def close_session(self, hops: int) -> None:
        """Save and take away all torrents of a session, and end it; ``SessionClosed`` tells of that.

        What has to be sent on the way, as to trackers, has to go by the SOCKS5 server still. A session that is not
        there is ignored.
        """
