"""What a ``txt_filter`` means: the parts that it is made of, and whether a title fits.

Matching a title is the definition. An index may find the same rows faster; it walks the same parts.
"""

from collections.abc import Callable, Sequence

import msgspec

from triblerd_metadata.text.tokens import stem, terms, words


class Title:
    """A title as filters see it.

    Attributes:
        words: In their order.
    """

    def __init__(self, text: str) -> None:
        self.words = words(text)


class Word(msgspec.Struct, frozen=True):
    """A title has this word.

    A word of the title has the stem of this one among its terms. When this one is a beginning, it is also enough that
    one of the terms begins with it.

    Attributes:
        text: As ``tokens.words`` gives it.
        is_beginning: Words that go on are meant, too.
    """

    text: str
    is_beginning: bool = False

    @property
    def term(self) -> str:
        """The term to look for."""
        return stem(self.text)

    def matches(self, title: Title) -> bool:
        """Return whether the title has the word."""
        return any(map(self.means, title.words))

    def means(self, other: str) -> bool:
        """Return whether a word of a title is meant."""
        found_by = terms(other)
        return self.term in found_by or (self.is_beginning and any(term.startswith(self.text) for term in found_by))


class Phrase(msgspec.Struct, frozen=True):
    """A title has these words, at least two, side by side."""

    words: tuple[Word, ...]

    def matches(self, title: Title) -> bool:
        """Return whether the title has them."""
        return self.matcher()(title.words)

    def matcher(self) -> Callable[[Sequence[str]], bool]:
        """Return what tells of the words of a title whether they have the phrase; quick for many titles."""
        meant = [_Meant(word) for word in self.words]
        first, rest = meant[0], list(enumerate(meant[1:], 1))

        def matches(title: Sequence[str]) -> bool:
            starts = title[: len(title) - len(rest)] if len(title) > len(rest) else ()
            return any(
                first[word] and all(other[title[start + offset]] for offset, other in rest)
                for start, word in enumerate(starts)
            )

        return matches


class _Meant(dict[str, bool]):
    """Remembers which words of titles are meant by a word."""

    def __init__(self, word: Word) -> None:
        super().__init__()
        self._word = word

    def __missing__(self, other: str) -> bool:
        self[other] = is_meant = self._word.means(other)
        return is_meant


class Everything(msgspec.Struct, frozen=True):
    """Every title that is not empty: what an exclusion alone takes away from."""

    def matches(self, title: Title) -> bool:  # noqa: ARG002 - as all parts
        """Return true; whoever asks has seen that there is a title."""
        return True


class Nothing(msgspec.Struct, frozen=True):
    """No title: there are no words to look for."""

    def matches(self, title: Title) -> bool:  # noqa: ARG002 - as all parts
        """Return false."""
        return False


class AllOf(msgspec.Struct, frozen=True):
    """A title fits all of these, at least two."""

    parts: "tuple[Part, ...]"

    def matches(self, title: Title) -> bool:
        """Return whether it does."""
        return all(part.matches(title) for part in self.parts)


class AnyOf(msgspec.Struct, frozen=True):
    """A title fits one of these, at least two."""

    parts: "tuple[Part, ...]"

    def matches(self, title: Title) -> bool:
        """Return whether it does."""
        return any(part.matches(title) for part in self.parts)


class Without(msgspec.Struct, frozen=True):
    """A title fits ``part``, and none of ``excluded``."""

    part: "Part"
    excluded: "tuple[Part, ...]"

    def matches(self, title: Title) -> bool:
        """Return whether it does."""
        return self.part.matches(title) and not any(part.matches(title) for part in self.excluded)


Part = Word | Phrase | Everything | Nothing | AllOf | AnyOf | Without


class Expression(msgspec.Struct, frozen=True):
    """A whole ``txt_filter``."""

    root: Part

    def matches(self, title: str) -> bool:
        """Return whether a title fits; an empty one fits nothing."""
        return bool(title) and self.root.matches(Title(title))

    def wanted(self) -> tuple[Word, ...]:
        """Return the words that speak for a title, without those that are excluded, in the order of the text."""
        return tuple(_wanted(self.root))


def _wanted(part: Part) -> list[Word]:
    match part:
        case Word():
            return [part]
        case Phrase(found):
            return list(found)
        case AllOf(parts) | AnyOf(parts):
            return [word for inner in parts for word in _wanted(inner)]
        case Without(inner):
            return _wanted(inner)
        case _:
            return []
