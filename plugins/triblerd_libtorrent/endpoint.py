"""The routes of ``/libtorrent``: diagnostics of the engine."""

from triblerd.errors import InvalidInputError, OperationError
from triblerd.http.endpoint import Endpoint, route
from triblerd_libtorrent.api import SessionDiagnostics
from triblerd_libtorrent.schemas import SessionCounters, SessionQuery, SessionSettings


class LibtorrentEndpoint(Endpoint):
    """Settings and counters of the sessions, for people who look into them."""

    prefix = "/libtorrent"

    def __init__(self, *, sessions: SessionDiagnostics) -> None:
        self._sessions = sessions

    @route(
        "GET",
        "/settings",
        examples={"answer": {"hop": 0, "settings": {"user_agent": "triblerd/1.0", "enable_dht": True}}},
    )
    async def settings(self, query: SessionQuery) -> SessionSettings:
        """Return the engine's settings of one session.

        A password for a proxy is shown as ``***``.
        """
        hops = _hops(query)
        settings = dict(await self._sessions.session_settings(hops))
        if hops == 0 and settings:
            settings["peer_fingerprint"] = str(settings["peer_fingerprint"]).encode().hex()
        return SessionSettings(hop=hops, settings=settings)

    @route(
        "GET",
        "/session",
        raises=(OperationError,),
        examples={"answer": {"hop": 0, "session": {"peer.num_peers_connected": 12, "net.recv_bytes": 734003200}}},
    )
    async def session(self, query: SessionQuery) -> SessionCounters:
        """Return the engine's counters of one session."""
        hops = _hops(query)
        try:
            counters = await self._sessions.session_counters(hops)
        except TimeoutError as error:
            msg = "The session did not answer in time"
            raise OperationError(msg) from error
        return SessionCounters(hop=hops, session=dict(counters))


def _hops(query: SessionQuery) -> int:
    try:
        return int(query.hop or 0)
    except ValueError:
        msg = "hop must be an integer"
        raise InvalidInputError(msg) from None
