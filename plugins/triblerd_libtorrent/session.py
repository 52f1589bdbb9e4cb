"""One session of libtorrent: its settings, its counters, its end."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import libtorrent as lt

from triblerd_libtorrent.api import Infohash
from triblerd_libtorrent.dht import DhtState, start_session
from triblerd_libtorrent.pump import AlertPump, Handlers
from triblerd_libtorrent.tcp_window import TcpWindow

log = logging.getLogger(__name__)

COUNTERS_SECONDS = 5.0
_RECONNECT_SECONDS = 60
_RECONNECT_SOON_SECONDS = 1
_MEETING_SECONDS = 3.0
_FORGIVEN = 3  # connections that fail before a peer is given up, as the engine has it
_LAST_ANNOUNCE_SECONDS = 1  # the destructor waits that long, and nothing else in the process runs meanwhile


class EngineSession:
    """A running session. For the event loop's thread.

    Attributes:
        hops: Which session this is.
        raw: The session itself, for calls that neither wait nor need anything else.
        ports: The ports that it listens on, as reported so far.
        last_port: That of them which was reported last; an anonymous session has one at a time. 0 while there is none.
    """

    def __init__(self, hops: int, raw: lt.session, settings: "lt.settings_pack") -> None:
        self.hops: Final = hops
        self.ports: set[int] = set()
        self.last_port = 0
        self._raw: lt.session | None = raw
        self._settings = settings
        self._pump: AlertPump | None = None
        self._tcp_window = TcpWindow()
        self._tcp_first: asyncio.TimerHandle | None = None
        self._meeting: asyncio.TimerHandle | None = None
        self._forgiven = _FORGIVEN
        self._keep_seeds_for: set[Infohash] = set()
        self._leaves_seeds = True
        self._counters: list[asyncio.Future[dict[str, int]]] = []

    @property
    def raw(self) -> lt.session:
        """The session.

        Raises:
            RuntimeError: it was closed.
        """
        if self._raw is None:
            msg = "the session was closed"
            raise RuntimeError(msg)
        return self._raw

    @property
    def is_open(self) -> bool:
        """Whether it still takes calls."""
        return self._raw is not None

    @property
    def uses_dht(self) -> bool:
        """Whether the DHT is on."""
        return self.is_open and bool(self._settings.get("enable_dht"))

    def listen(self, handlers: Handlers) -> None:
        """Begin to hand alerts to handlers."""
        self._pump = AlertPump(self.raw, handlers)
        self._pump.start()

    def apply(self, settings: "lt.settings_pack") -> None:
        """Change what differs from the present settings."""
        present = self._settings
        changed = {key: value for key, value in settings.items() if present.get(key) != value}
        self._settings = settings
        if "listen_interfaces" in changed:
            self.ports.clear()
        if changed:
            self.raw.apply_settings(changed)  # type: ignore[arg-type]  # a part of the settings are settings

    def want_alerts(self, mask: int) -> None:
        """Change which kinds of alerts come."""
        self.apply({**self._settings, "alert_mask": mask})

    def prefer_tcp(self) -> None:
        """For a few seconds, meet peers by TCP, also those that were left a moment ago.

        The engine tries uTP first and waits for its time limit before it tries TCP, which delays the first byte from
        a peer without uTP by seconds. Peers that cannot be reached by TCP are tried again, by uTP, later. A peer that
        was left, as all are when a download is paused, it would not meet again within a minute.
        """
        seconds = self._tcp_window.extend()
        if not seconds:
            return
        if self._tcp_first is None:
            eager: lt.settings_pack = {"min_reconnect_time": _RECONNECT_SOON_SECONDS}
            if self._settings.get("enable_outgoing_utp") and self._settings.get("enable_outgoing_tcp", True):
                eager["enable_outgoing_utp"] = False
            self.raw.apply_settings(eager)
        else:
            self._tcp_first.cancel()
        self._tcp_first = asyncio.get_running_loop().call_later(seconds, self._use_utp_again)

    def meet_again(self) -> None:
        """For a few seconds, meet known peers that were left a moment ago, and count anew who they are.

        Every seeder is left when all that is wanted is there. When more is wanted later, libtorrent 2.1.1 goes on
        believing that it knows nobody to connect to, until the number of failures that it forgives changes.
        """
        self._forgiven = _FORGIVEN + 1 if self._forgiven == _FORGIVEN else _FORGIVEN
        self.raw.apply_settings({"min_reconnect_time": _RECONNECT_SOON_SECONDS, "max_failcount": self._forgiven})
        if self._meeting is not None:
            self._meeting.cancel()
        self._meeting = asyncio.get_running_loop().call_later(_MEETING_SECONDS, self._meet_rarely)

    def keep_seeds(self, infohash: Infohash) -> None:
        """Leave no seeder from now on, since the metadata of a torrent may come.

        Nothing of it is wanted for a moment then, as if it were complete, and those who sent its metadata would be the
        first to be left.
        """
        self._keep_seeds_for.add(infohash)
        self._leave_seeds(is_done=False)

    def may_leave_seeds(self, infohash: Infohash) -> None:
        """Leave seeders of what is complete, unless another torrent waits for its metadata."""
        self._keep_seeds_for.discard(infohash)
        self._leave_seeds(is_done=not self._keep_seeds_for)

    def _leave_seeds(self, *, is_done: bool) -> None:
        if is_done is not self._leaves_seeds and self._raw is not None:
            self._leaves_seeds = is_done
            self._raw.apply_settings({"close_redundant_connections": is_done})

    async def shown_settings(self) -> dict[str, str | int | bool]:
        """Return all settings, without the proxy's password."""
        shown: dict[str, str | int | bool] = dict(await asyncio.to_thread(self.raw.get_settings))  # type: ignore[arg-type]
        shown |= {
            "min_reconnect_time": _RECONNECT_SECONDS,
            "max_failcount": _FORGIVEN,
            "close_redundant_connections": True,
        }
        if self._tcp_first is not None:
            shown["enable_outgoing_utp"] = bool(self._settings.get("enable_outgoing_utp"))
        if shown.get("proxy_password"):
            shown["proxy_password"] = "***"  # noqa: S105 - what stands in its place
        return shown

    async def counters(self) -> Mapping[str, int]:
        """Return the engine's counters by name.

        Raises:
            TimeoutError: the session did not answer in time.
        """
        future: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        self._counters.append(future)
        self.raw.post_session_stats()
        async with asyncio.timeout(COUNTERS_SECONDS):
            return await future

    def counted(self, alert: lt.session_stats_alert) -> None:
        """Take the counters."""
        waiting, self._counters = self._counters, []
        if waiting:
            values = dict(alert.values)
            for future in waiting:
                if not future.done():
                    future.set_result(values)

    def listening(self, alert: lt.listen_succeeded_alert) -> None:
        """Note a port."""
        if alert.port:
            self.ports.add(alert.port)
            self.last_port = alert.port

    def not_listening(self, alert: lt.listen_failed_alert) -> None:
        """Tell the user that a port cannot be had."""
        log.warning(
            "Peers cannot reach us on %s port %d: %s", alert.listen_interface, alert.port, alert.error.message()
        )

    async def close(self) -> None:
        """End the session. Its torrents were paused and its trackers told before."""
        if self._raw is None:
            return
        for timer in (self._tcp_first, self._meeting):
            if timer is not None:
                timer.cancel()
        self._raw.apply_settings({"stop_tracker_timeout": _LAST_ANNOUNCE_SECONDS})
        if self._pump is not None:
            self._pump.stop()
        last = [self._raw]
        self._raw = None
        # The binding ends the session with its last reference, and waits for its threads there.
        await asyncio.to_thread(last.clear)
        if self._pump is not None:
            self._pump.close()
        for future in self._counters:  # whoever asked a moment ago hears what is true now: there is no such session
            if not future.done():
                future.set_result({})

    def _use_utp_again(self) -> None:
        self._tcp_first = None
        with suppress(RuntimeError):
            self.raw.apply_settings({"enable_outgoing_utp": bool(self._settings.get("enable_outgoing_utp"))})
        self._meet_rarely(self._meeting)

    def _meet_rarely(self, until: asyncio.TimerHandle | None = None) -> None:
        self._meeting = until
        if self._meeting is None and self._tcp_first is None:
            with suppress(RuntimeError):
                self.raw.apply_settings({"min_reconnect_time": _RECONNECT_SECONDS})


async def open_session(hops: int, settings: "lt.settings_pack", dht_state: DhtState | None = None) -> EngineSession:
    """Start a session, which takes some 20 ms of a thread; with what was known of the DHT, if that was kept."""
    return EngineSession(hops, await asyncio.to_thread(start_session, settings, dht_state), settings)
