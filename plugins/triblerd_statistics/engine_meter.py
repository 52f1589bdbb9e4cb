"""Reads what the engine has transferred off its counters."""

from collections.abc import Callable

from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine
from triblerd_statistics.transfers import NOTHING, Transferred

Engine = tuple[TorrentEngine, SessionDiagnostics]


class EngineMeter:
    """Adds up the sessions, each of which counts from its own start.

    The first call only says where we begin, for the engine may have run, and been counted, for long. A later engine is
    new.

    Args:
        find: Returns the engine, ``None`` while it does not run.
    """

    def __init__(self, find: Callable[[], Engine | None]) -> None:
        self._find = find
        self._engine: Engine | None = None
        self._before: dict[int, Transferred] = {}
        self._began = False

    async def read(self) -> Transferred:
        """Return what was transferred since the last call. What a session that ended did since then is not known."""
        began, self._began = self._began, True
        engine = self._find()
        if engine is None:
            return NOTHING
        if engine != self._engine:
            self._engine, self._before = engine, {}
        transferred = NOTHING
        sessions, diagnostics = engine
        for hops in list(sessions.sessions()):
            try:
                counters = await diagnostics.session_counters(hops)
            except TimeoutError:  # it is busy; the next look counts this time, too
                continue
            now = Transferred(
                counters.get("net.recv_payload_bytes", 0),
                counters.get("net.sent_payload_bytes", 0),
                counters.get("net.recv_bytes", 0),
                counters.get("net.sent_bytes", 0),
            )
            transferred += now.since(self._before.get(hops, NOTHING))
            self._before[hops] = now
        return transferred if began else NOTHING
