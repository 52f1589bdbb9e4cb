"""What nobody foresaw: one log record with a traceback, one event, and the last text for the state area."""

import errno
import logging
import secrets
import socket

from triblerd.events import EventBus, UnhandledError, UnhandledErrorDetails

log = logging.getLogger(__name__)

_NETWORK_NOISE = frozenset(
    {errno.ECONNRESET, errno.EPIPE, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EBUSY, errno.EWOULDBLOCK}
)


class ErrorReports:
    """Tells clients of errors that nobody caught."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self.last: str | None = None

    def request_failed(self, error: BaseException, error_id: str) -> None:
        """Report a request's error that the HTTP side has logged under ``error_id``."""
        self._publish(error, error_id, by_request=True)

    def task_failed(self, name: str, error: BaseException) -> None:
        """Report a background task's error; the task's owner has logged the traceback."""
        error_id = secrets.token_hex(4)
        log.error("The error of %s has the id %s", name, error_id)
        self._publish(error, error_id, by_request=False)

    def _publish(self, error: BaseException, error_id: str, *, by_request: bool) -> None:
        self.last = f"{type(error).__name__}: {error}"
        if isinstance(error, socket.gaierror) or (isinstance(error, OSError) and error.errno in _NETWORK_NOISE):
            return
        details = UnhandledErrorDetails(
            type=type(error).__name__, text=str(error), long_text=f"{self.last} (id {error_id})"
        )
        self._bus.publish(UnhandledError(error=details, by_request=by_request))
