"""The rate limits of a download."""

from triblerd.errors import InvalidInputError

MOST_RATE = 2**31 - 1
"""Bytes per second; the engine counts no further."""


def checked_rate(name: str, rate: int) -> int:
    """Return a rate limit in bytes per second, -1 for none.

    Raises:
        InvalidInputError: there can be none like that; the text begins with ``name``.
    """
    if rate < -1:
        msg = f"{name} must be -1 or bytes per second"
        raise InvalidInputError(msg)
    if rate > MOST_RATE:
        msg = f"{name} must be at most {MOST_RATE} bytes per second; -1 is unlimited"
        raise InvalidInputError(msg)
    return rate
