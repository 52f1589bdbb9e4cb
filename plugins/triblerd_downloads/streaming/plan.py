"""Which missing pieces of a streamed file are fetched when."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from triblerd_downloads.streaming.spans import FileSpan

_FIRST = 7
_OTHERS = 1
_HELD = 0
_LEVELS = ((0, 7), (2, 6), (6, 4), (14, 3), (30, 2))
"""Up to the given place in a window: the priority. Beyond: that of all other pieces."""
_STEP_MILLISECONDS = 10
_FOOTER_MILLISECONDS = 0
_HEADER_MILLISECONDS = 10
_BUFFER_MILLISECONDS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody plays a file.

    Attributes:
        position: The byte of the file that is sent next.
        is_starting: Nothing was sent yet, and the piece is missing: all else of the file waits for its window.
    """

    position: int
    is_starting: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine shall do with the missing pieces of a file.

    Attributes:
        others: The priority, 0..7, of those that are not named.
        priorities: That of the others.
        deadlines: Milliseconds from now on, for some of those that are named.
    """

    others: int = _OTHERS
    priorities: Mapping[int, int] = field(default_factory=dict)
    deadlines: Mapping[int, int] = field(default_factory=dict)


def make_plan(
    span: FileSpan, missing: AbstractSet[int], places: Iterable[Place], *, buffer_from: int | None = None
) -> Plan:
    """Return in which order the missing pieces of a file are fetched.

    Args:
        span: The file.
        missing: Its pieces that are not there.
        places: Where it is played.
        buffer_from: Fetch what a player asks for first, too: the ends of the file and the part that begins with this
            byte. ``None`` when nobody prepares to play.
    """
    places = list(places)
    ranks = _ranks(span, missing, places)
    deadlines = {piece: rank * _STEP_MILLISECONDS for piece, rank in ranks.items()}
    priorities = {piece: _level(rank) for piece, rank in ranks.items()}
    if buffer_from is not None:
        for pieces, deadline in (
            (span.footer, _FOOTER_MILLISECONDS),
            (span.header, _HEADER_MILLISECONDS),
            (span.window(buffer_from), _BUFFER_MILLISECONDS),
        ):
            for piece in (piece for piece in pieces if piece in missing):
                priorities[piece] = _FIRST
                deadlines.setdefault(piece, deadline)
    return Plan(_HELD if any(place.is_starting for place in places) else _OTHERS, priorities, deadlines)


def _ranks(span: FileSpan, missing: AbstractSet[int], places: Iterable[Place]) -> dict[int, int]:
    """Return how soon each missing piece of the windows is needed, 0 at once."""
    ranks: dict[int, int] = {}
    for place in places:
        window = (piece for piece in span.window(place.position) if piece in missing)
        for rank, piece in enumerate(window):
            ranks[piece] = min(rank, ranks.get(piece, rank))
    return ranks


def _level(rank: int) -> int:
    return next((level for last, level in _LEVELS if rank <= last), _OTHERS)
