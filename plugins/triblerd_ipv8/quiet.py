"""Says the same thing once a minute: strangers could fill the log otherwise, a traceback for each broken packet.

And says to who debugs alone what the library finds of interest: who builds which circuit, and to where. A node that
carries others' traffic is to write nothing of it down.
"""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any, cast

SECONDS = 60.0
MOST_KINDS = 100
INTENDED = ("No IPv8 service object available, cannot start PEXCommunity",)
"""What the library calls an error, and is meant to be so: hidden swarms are found by the DHT alone."""

Minor = tuple[type[BaseException], ...]


def seldom(logger: logging.Logger, minor: Minor = ()) -> logging.Logger:
    """Return what logs the same thing once a minute; an adapter, which has all that is used of a logger."""
    return cast("logging.Logger", SeldomLogger(logger, minor))


class SeldomLogger(logging.LoggerAdapter[logging.Logger]):
    """Stands in the place of an overlay's logger.

    Args:
        logger: The logger.
        minor: Errors that are of interest to who debugs alone.
        clock: Tells seconds.
    """

    def __init__(
        self, logger: logging.Logger, minor: Minor = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(logger, {})
        self._minor = minor
        self._clock = clock
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log a record, unless one of the same words, for the same kind of error, was logged a short time ago."""
        if level == logging.INFO or msg in INTENDED or isinstance(sys.exception(), self._minor):
            level = logging.DEBUG
        if level < logging.INFO or not self.isEnabledFor(level):
            super().log(level, msg, *args, **kwargs)
            return
        kind = (str(msg), type(sys.exception()).__name__)
        now = self._clock()
        then, left_out = self._said.get(kind, (now - SECONDS, 0))
        if now - then < SECONDS:
            self._said[kind] = (then, left_out + 1)
            return
        if len(self._said) >= MOST_KINDS:
            self._said.clear()
        self._said[kind] = (now, 0)
        if left_out:
            super().log(level, "%d more of the following were left out", left_out)
        super().log(level, msg, *args, **kwargs)
