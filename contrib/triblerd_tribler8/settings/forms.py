"""How values are written here that ``triblerd.conf`` spells differently."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError

HALF_HOURS = 48
_SESSIONS = 5

Rate = Annotated[float, Meta(ge=0, le=2**31 - 1)]
Pair = tuple[Rate | None, Rate | None]
Day = Annotated[list[Pair], Meta(min_length=HALF_HOURS, max_length=HALF_HOURS)]


class Form(NamedTuple):
    """A spelling of its own.

    Attributes:
        show: Returns what clients see, of a value of ``triblerd.conf``.
        take: Returns such a value, of what a client sent; it may raise ``InvalidInputError``.
    """

    show: Callable[[Any], object]
    take: Callable[[Any], object]


def _same(value: object) -> object:
    return value


def _shown_day(pairs: Sequence[Sequence[int]]) -> str:
    day = [[rate or None for rate in pair] for pair in pairs] or [[None, None]] * HALF_HOURS
    return msgspec.json.encode(day).decode()


def _taken_day(text: object) -> list[list[int]]:
    try:
        day = msgspec.json.decode(text if isinstance(text, str) else b"", type=Day)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        msg = f"expected the JSON text of {HALF_HOURS} pairs of rates in bytes per second, or null"
        raise InvalidInputError(msg) from error
    return [[round(rate or 0) for rate in pair] for pair in day]


SAME = Form(_same, _same)
"""As it is."""
PORT = Form(lambda port: max(port or 0, 0), _same)
"""A port that the system picks is 0, never -1 or null."""
TEXT = Form(lambda text: text or "", _same)
"""No text is an empty one, never null."""
COLON = Form(lambda text: "" if text == ":" else text, lambda text: ":" if text == "" else text)
"""Nothing is an empty text, never a colon alone."""
DAY = Form(_shown_day, _taken_day)
"""Two rates for each half hour of a day, as JSON text in which ``null`` is unlimited; 0 is, too."""
SERVERS = Form(lambda ports: [max(port, 0) for port in [*ports, *[0] * (_SESSIONS - len(ports))]], _same)
"""One port for each number of hops, from one hop on."""
