"""Which of the forms that an answer has the client wants to have it in."""

import re
from collections.abc import Iterator, Sequence

from triblerd.errors import NotAcceptableError

_RANGE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)/([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_PARTS_READ = 100
"""Media ranges that are looked at; no program sends as many."""


def choose_media_type(accept: str, offered: Sequence[str]) -> str:
    """Return the media type that the client likes best (RFC 9110, section 12.5.1).

    Of those that it likes alike the one that is offered first. Parameters other than ``q`` are not looked at, and
    what is no media range is passed over: a header of nothing else is none.

    Args:
        accept: The header ``Accept``; its lines joined by commas.
        offered: Media types without parameters.

    Raises:
        NotAcceptableError: the client wants none of them.
    """
    ranges = list(_ranges(accept))
    liked = {media_type: _quality(media_type, ranges) if ranges else 1.0 for media_type in offered}
    best = max(offered, key=lambda media_type: liked[media_type])  # the first of those that are alike
    if not liked[best]:
        msg = f"This can be had as {', '.join(offered)}"
        raise NotAcceptableError(msg)
    return best


def _ranges(accept: str) -> Iterator[tuple[str, str, float]]:
    """Yield type, subtype and quality of each media range."""
    for part in accept.split(",", _PARTS_READ)[:_PARTS_READ]:
        media_range, *parameters = (text.strip() for text in part.split(";"))
        found = _RANGE.fullmatch(media_range)
        quality = _quality_of(parameters)
        if found and quality is not None:
            yield found[1].lower(), found[2].lower(), quality


def _quality_of(parameters: Sequence[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return float(value) if _QUALITY.fullmatch(value := value.strip()) else None
    return 1.0


def _quality(media_type: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """Return what the most exact of the ranges that a media type is in says of it."""
    kind, _, subtype = media_type.lower().partition("/")
    for wanted in ((kind, subtype), (kind, "*"), ("*", "*")):
        found = [quality for *media_range, quality in ranges if tuple(media_range) == wanted]
        if found:
            return max(found)
    return 0.0
