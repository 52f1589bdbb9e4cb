"""Starts the program anew in the place of itself."""

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from triblerd.service_manager import notify

_OWN_FILES = Path("/proc/self/fd")
_FIRST_OWN = 3
"""What is below are the standard streams."""


def run_again() -> NoReturn:
    """Execute the program again with its arguments and its environment.

    The process stays the same one, so that whoever started it, a service manager or a shell, notices nothing. No file
    and no socket is handed on but the standard streams.

    Raises:
        OSError: there is no such program any more.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    with contextlib.suppress(OSError):
        for link in _OWN_FILES.iterdir():
            _close_when_executing(int(link.name))
    notify("WATCHDOG=1")  # the next sign of life has as long as any other
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own program


def _close_when_executing(number: int) -> None:
    """Hand a file on to nobody; native libraries do not ask for that."""
    if number >= _FIRST_OWN:
        with contextlib.suppress(OSError):  # the one that listed the others is closed already
            os.set_inheritable(number, False)
