"""The memory of the process."""

import ctypes
from collections.abc import Callable
from typing import Any

_trim: Callable[[int], Any] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Return memory that is free to the system, after work that took much of it for a moment.

    glibc keeps what lies between pieces that are in use, and from the first large piece on large ones, too (see
    ``malloc_trim``, ``mallopt``). Takes some milliseconds, so call it in a thread. Other C libraries keep less.
    """
    if _trim is not None:
        _trim(0)
