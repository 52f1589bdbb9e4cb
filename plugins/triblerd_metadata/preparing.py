"""What is found out about new entries before they meet the store, so that it may be found out elsewhere."""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from triblerd_metadata.cleaning import clean
from triblerd_metadata.family import is_adult
from triblerd_metadata.text.tokens import words
from triblerd_metadata.values import NewEntry


class Derived(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What follows from an entry.

    Attributes:
        is_adult: The family filter marks it.
        word_count: Of the title.
        words: Those of the title; none where they stand in a ``TitleWords``, at ``place``.
    """

    is_adult: bool
    word_count: int
    words: tuple[str, ...] = ()
    place: int = -1


class PreparedEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A clean entry, and what follows from it."""

    entry: NewEntry
    derived: Derived


class TitleWords(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The words of many titles, each with the places of those that have it.

    Attributes:
        count: Of titles.
        words: Each once.
        ends: Where in ``places`` those of each word end, as numbers of four bytes.
        places: Of titles, likewise.
    """

    count: int = 0
    words: list[str] = []
    ends: bytes = b""
    places: bytes = b""

    @classmethod
    def of(cls, titles: Iterable[Iterable[str]]) -> "TitleWords":
        """Return the words of some titles, whose places are their numbers from 0."""
        by_word: defaultdict[str, list[int]] = defaultdict(list)
        count = 0
        for place, title in enumerate(titles):
            count += 1
            for word in title:
                by_word[word].append(place)
        ends = np.cumsum(np.fromiter(map(len, by_word.values()), "<u4"), dtype="<u4")
        places = np.fromiter((place for having in by_word.values() for place in having), "<u4")
        return cls(count, list(by_word), ends.tobytes(), places.tobytes())

    def rows_by_word(self, rows: npt.NDArray[np.uint32]) -> dict[str, list[int]]:
        """Return the rows of each word, some of them twice, given the row of each title, 0 for none."""
        having = rows[np.frombuffer(self.places, "<u4")].tolist()
        ends = np.frombuffer(self.ends, "<u4").tolist()
        found = {word: having[start:end] for word, start, end in zip(self.words, [0, *ends], ends, strict=False)}
        if rows.all():
            return found
        stored = ((word, [row for row in having if row]) for word, having in found.items())
        return {word: having for word, having in stored if having}


def prepare(entry: NewEntry, now: int, *, marked: bool | None = None) -> PreparedEntry:
    """Return an entry as it may be stored.

    Args:
        entry: As it came.
        now: Unix time.
        marked: Whether it is for adults; ``None``: the family filter decides.

    Raises:
        UnfitError: it cannot be stored.
    """
    entry = clean(entry, now)
    return PreparedEntry(entry, derive(entry, marked=marked))


def apart(entries: list[PreparedEntry]) -> tuple[list[PreparedEntry], TitleWords]:
    """Return entries without their words, and these."""
    without = [
        PreparedEntry(each.entry, Derived(each.derived.is_adult, each.derived.word_count, place=place))
        for place, each in enumerate(entries)
    ]
    return without, TitleWords.of(each.derived.words for each in entries)


def derive(entry: NewEntry, *, marked: bool | None = None) -> Derived:
    """Return what follows from a clean entry; ``marked`` is what the family filter said, if that is known."""
    found = tuple(words(entry.title))
    return Derived(is_marked(entry) if marked is None else marked, len(found), found)


def is_marked(entry: NewEntry) -> bool:
    """Return whether the family filter marks an entry."""
    return is_adult(entry.title) or _is_category_adult(entry.category)


_is_category_adult = lru_cache(maxsize=1024)(is_adult)
