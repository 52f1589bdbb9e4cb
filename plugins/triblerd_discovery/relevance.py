"""The order in which peers of version 8.4 expect what matches their words: their formula, so that lists mix well."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_FAR = 10.0
"""The price of a word that is missing, and what halves a title's worth."""
_LATER = 5.0
"""How slowly later words of a query count for less."""
_HALF_ALIVE = 100.0
_DAY_SECONDS = 86400
_MONTH_DAYS = 30.0


def words_of(text: str) -> list[str]:
    """Return the words of a query or title, in lower case."""
    return _WORD.findall(text.lower())


def title_share(query: Sequence[str], title: Sequence[str]) -> float:
    """Return how well a title fits, 0 to 1.

    Args:
        query: Words that are looked for.
        title: Words of the title.
    """
    if not query:
        return 1.0
    if not title:
        return 0.0
    rest = list(title)
    error = 0.0
    for place, word in enumerate(query):
        weight = _LATER / (_LATER + place)
        try:
            at = rest.index(word)
        except ValueError:
            error += _FAR * weight
            continue
        error += at * weight
        rest = [*rest[at + 1 :], *rest[:at]]
    error += len(rest) / (_FAR + len(query))
    return _FAR / (_FAR + error)


def relevance(query: Sequence[str], title: str, *, seeders: int, leechers: int, age_seconds: float | None) -> float:
    """Return how relevant a torrent is, 0 to 1.

    Args:
        query: Words that are looked for, see ``words_of``.
        title: The torrent's.
        seeders: With ``leechers``, the last known ones.
        leechers: See there.
        age_seconds: Since the torrent was made; ``None`` when that is unknown, negative in the future.
    """
    swarm = seeders + leechers / 10
    alive = swarm / (_HALF_ALIVE + swarm)
    is_known = age_seconds is not None and age_seconds >= 0
    new = 1 / (1 + (age_seconds or 0) / _DAY_SECONDS / _MONTH_DAYS) if is_known else 0.0
    return title_share(query, words_of(title)) * (9 + alive) / 10 * (9 + new) / 10
