"""Alerts reach the event loop here: the engine writes a byte, the loop wakes, the alerts go to plain functions."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import libtorrent as lt

log = logging.getLogger(__name__)

Handler = Callable[[Any], None]
Handlers = Mapping[type, Sequence[Handler]]

_SLICE_SECONDS = 0.005  # how long a burst of alerts may keep everybody else waiting


class AlertPump:
    """Hands the alerts of one session to handlers, in order, in slices that leave the loop responsive.

    A handler is a plain function and copies what it needs: an alert dies when the next ones are fetched, and
    touching a dead one crashes the process.
    """

    def __init__(self, session: lt.session, handlers: Handlers) -> None:
        self._session: lt.session | None = session
        self._handlers = handlers
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._batch: Iterator[lt.alert] | None = None
        self._woken = False

    def start(self) -> None:
        """Begin to listen, with what is queued already."""
        asyncio.get_running_loop().add_reader(self._ours, self._wake)
        if self._session is not None:
            # An eventfd would never wake (one byte is written, it wants eight), a callback deadlocks when set twice.
            self._session.set_alert_fd(self._theirs.fileno())
        self._wake()

    def stop(self) -> None:
        """Stop listening and let go of the session."""
        asyncio.get_running_loop().remove_reader(self._ours)
        self._batch = self._session = None

    def close(self) -> None:
        """Close the sockets. Only once the session is gone: it still writes to one of them."""
        self._ours.close()
        self._theirs.close()

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            self._ours.recv(4096)
        self._woken = True
        if self._batch is None:
            self._fetch()

    def _fetch(self) -> None:
        # The queue has to be emptied, or there is no next byte. What comes while a batch is handed out waits.
        if self._session is not None and self._woken:
            self._woken = False
            self._batch = iter(self._session.pop_alerts())
            self._hand_out()

    def _hand_out(self) -> None:
        if self._batch is None:
            return
        deadline = time.perf_counter() + _SLICE_SECONDS
        for alert in self._batch:
            for handler in self._handlers.get(type(alert), ()):
                _guarded(handler, alert)
            if self._batch is None:  # a handler stopped us
                return
            if time.perf_counter() > deadline:
                asyncio.get_running_loop().call_soon(self._hand_out)
                return
        self._batch = None
        asyncio.get_running_loop().call_soon(self._fetch)


def _guarded(handler: Handler, alert: lt.alert) -> None:
    try:
        handler(alert)
    except Exception:  # a border: one fault must not lose the other alerts
        log.exception("An alert of the kind %s could not be handled", alert.what())
