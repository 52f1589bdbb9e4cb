"""What aiohttp itself logs: an access log at the debug level, without keys, and no traceback for a client's rubbish."""

import logging
import re

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

_access_log = logging.getLogger("triblerd.http.access")
_KEYS = re.compile(r"((?:^|[?&])(?:apikey|key)=)[^&\s]*")


class AccessLog(AbstractAccessLogger):
    """One line per answer, at the debug level."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one answer."""
        _access_log.debug(
            "%s %s %s %s %.1f ms",
            request.remote,
            request.method,
            redacted(request.path_qs),
            response.status,
            time * 1000,
        )

    @property
    def enabled(self) -> bool:
        """Whether anybody reads it. aiohttp asks once for each connection."""
        return _access_log.isEnabledFor(logging.DEBUG)


def redacted(target: str) -> str:
    """Return a request's target without the keys in its query."""
    return _KEYS.sub(r"\1***", target)


class _Rubbish(logging.Filter):
    """Keeps what is no HTTP out of the log: it is the client's fault, and anybody can send it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError)


protocol_log = logging.getLogger("triblerd.http.protocol")
protocol_log.addFilter(_Rubbish())
