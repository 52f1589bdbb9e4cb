"""The sessions that there are, by number of hops, and what they say about themselves."""

from collections.abc import Mapping, Sequence

from triblerd_libtorrent.alerts import AlertTranslator
from triblerd_libtorrent.dht import known_nodes
from triblerd_libtorrent.session import EngineSession
from triblerd_libtorrent.status import StatusBoard


class Site:
    """One session and those who listen to it.

    Attributes:
        socks: The host and port of the SOCKS5 server by which an anonymous one reaches everybody.
        is_closing: It takes nothing new.
    """

    def __init__(
        self,
        session: EngineSession,
        translator: AlertTranslator,
        board: StatusBoard,
        *,
        socks: tuple[str, int] | None = None,
    ) -> None:
        self.session = session
        self.translator = translator
        self.board = board
        self.socks = socks
        self.is_closing = False


class Sites(dict[int, Site]):
    """The sessions that take torrents. Implements ``SessionDiagnostics`` (see ``triblerd_libtorrent.api``)."""

    def listening_ports(self) -> Sequence[int]:
        """Return the ports where peers reach us now."""
        return sorted(self[0].session.ports) if 0 in self else []

    def uses_dht(self, hops: int) -> bool:
        """Return whether a session uses the DHT."""
        return hops in self and self[hops].session.uses_dht

    async def session_settings(self, hops: int) -> Mapping[str, str | int | bool]:
        """Return the settings of a session, empty when there is none."""
        return await self[hops].session.shown_settings() if hops in self else {}

    async def session_counters(self, hops: int) -> Mapping[str, int]:
        """Return the counters of a session, empty when there is none."""
        return await self[hops].session.counters() if hops in self else {}

    def udp_port(self, hops: int) -> int:
        """Return the UDP port of an anonymous session, 0 while it is not known."""
        return self[hops].session.last_port if hops in self else 0

    def socks_server(self, hops: int) -> tuple[str, int] | None:
        """Return the SOCKS5 server of an anonymous session."""
        return self[hops].socks if hops in self else None

    async def dht_nodes(self, hops: int) -> Sequence[tuple[str, int]]:
        """Return nodes of the DHT that a session knows."""
        return await known_nodes(self[hops].session.raw) if self.uses_dht(hops) else ()
