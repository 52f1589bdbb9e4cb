"""The sessions as others see them, and the tunnels that carry some. For the package; others use ``api``."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from triblerd.plugin import Services
from triblerd_libtorrent.values import NotOfferedError


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


@runtime_checkable
class SessionDiagnostics(Protocol):
    """What the sessions say about themselves."""

    async def session_settings(self, hops: int) -> Mapping[str, str | int | bool]:
        """Return the engine's settings of a session by name, empty when there is none."""

    async def session_counters(self, hops: int) -> Mapping[str, int]:
        """Return the engine's counters of a session by name, empty when there is none.

        Raises:
            TimeoutError: the session did not answer within five seconds.
        """

    def udp_port(self, hops: int) -> int:
        """Return the UDP port on 127.0.0.1 that an anonymous session sends from, 0 while it is not known."""

    def socks_server(self, hops: int) -> tuple[str, int] | None:
        """Return the address and port of the SOCKS5 server of an anonymous session, ``None`` when there is none."""

    async def dht_nodes(self, hops: int) -> Sequence[tuple[str, int]]:
        """Return nodes of the DHT (BEP 5) that a session knows; none when its DHT is off, or it is missing.

        Each has an address (IPv4) and a port. While the session has no neighbours these are the public nodes that it
        begins with, which may bear names.
        """


class HttpAnswer(NamedTuple):
    """What a server answers.

    Attributes:
        location: Where it redirects to; empty when it does not say.
        body: ``None`` when it is larger than wanted.
    """

    status: int
    location: str
    body: bytes | None


@runtime_checkable
class CircuitFetcher(Protocol):
    """Makes plain HTTP requests through circuits, which bring back what is bencoded, and redirects."""

    async def get(self, uri: str, *, hops: int, most_bytes: int) -> HttpAnswer:
        """Return what a server answers, as soon as there are circuits, however long that takes.

        Args:
            uri: ``http:`` alone; the exit finds the address of the host.
            hops: From 1 on.
            most_bytes: Of the body.

        Raises:
            NoTunnelsError: nobody builds tunnels, or they cannot carry this.
            FetchError: nothing comes back that is an answer.
            OSError: the tunnels break off.
        """


class TunnelAccess:
    """Finds the tunnels, whenever they are there.

    Args:
        services: Where they are offered.
        sessions: Returns the numbers of hops that there are sessions for.
    """

    def __init__(self, *, services: Services, sessions: Callable[[], Sequence[int]]) -> None:
        self._services = services
        self._sessions = sessions

    def state(self, hops: int) -> TunnelState | None:
        """Return how far the tunnels of that many hops are, ``None`` when nobody builds any."""
        tunnels = self._offering(hops)
        return None if tunnels is None else tunnels.state(hops)

    def is_offered(self, hops: int) -> bool:
        """Return whether there are, or can be, sessions of that many hops."""
        return hops in self._sessions() or self._offering(hops) is not None

    def require(self, hops: int) -> None:
        """Check that what needs that many hops can be had, if not at once.

        Raises:
            NotOfferedError: nobody builds such tunnels.
        """
        if hops and not self.is_offered(hops):
            raise NotOfferedError(self.obstacle(hops))

    def want(self, hops: int) -> None:
        """Have tunnels of that many hops built, if anybody builds any."""
        if (tunnels := self._offering(hops)) is not None:
            tunnels.want(hops)

    def obstacle(self, hops: int) -> str:
        """Return what keeps us from sending anything through that many hops; empty when nothing does."""
        length = "1 hop" if hops == 1 else f"{hops} hops"
        match self.state(hops):
            case TunnelState.NO_EXITS:
                return f"No exit node is known yet that {length} could lead to"
            case TunnelState.NO_CIRCUITS:
                return f"No circuit of {length} is ready yet"
        if hops in self._sessions():
            return ""
        if self._offering(hops) is not None:
            return f"The session of {length} is not open yet"
        return f"Anonymous downloads need the tunnels plugin; there is no session of {length}"

    def _offering(self, hops: int) -> Tunnels | None:
        tunnels = self._services.find(Tunnels)
        return tunnels if tunnels is not None and hops in tunnels.hops() else None
