"""The words of a check."""

from typing import NamedTuple

MOST_PEERS = 2**31 - 1
"""More is not believed."""
_LONGEST_TEXT = 200


class Counted(NamedTuple):
    """How many peers somebody knows; the greater one has more seeders, then more leechers."""

    seeders: int
    leechers: int


class NoAnswerError(Exception):
    """Somebody who was asked does not say how many peers there are; the text says why."""


def counted(seeders: object, leechers: object) -> Counted:
    """Return numbers that a stranger sent.

    Raises:
        NoAnswerError: they are none, or none that could be true.
    """
    for number in (seeders, leechers):
        if not isinstance(number, int) or not 0 <= number <= MOST_PEERS:
            msg = "the numbers of peers are none that could be true"
            raise NoAnswerError(msg)
    return Counted(seeders, leechers)  # type: ignore[arg-type]  # both are numbers, as the loop saw


def refusal(text: bytes) -> str:
    """Return the reason that somebody gave for not answering, fit for a log."""
    shown = text.decode(errors="replace")[:_LONGEST_TEXT]
    return "it refuses: " + "".join(sign if sign.isprintable() else " " for sign in shown).strip()
