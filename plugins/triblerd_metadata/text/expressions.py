"""What a ``txt_filter`` means: the parts that it is made of, and whether a title fits.

Matching a title is the definition. An index may find the same rows faster; it walks the same parts.
"""

import msgspec

from triblerd_metadata.text.tokens import stem, terms, words


class Title:
    """A title as filters see it.

    Attributes:
        positions: For each word, in order, the terms that it is found by.
        terms: All of these.
    """

    def __init__(self, text: str) -> None:
        self.positions = [terms(word) for word in words(text)]
        self.terms = {term for position in self.positions for term in position}


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
        if self.term in title.terms:
            return True
        return self.is_beginning and any(term.startswith(self.text) for term in title.terms)

    def matches_at(self, position: tuple[str, ...]) -> bool:
        """Return whether one word of a title, given by its terms, is meant."""
        if self.term in position:
            return True
        return self.is_beginning and any(term.startswith(self.text) for term in position)


class Phrase(msgspec.Struct, frozen=True):
    """A title has these words, at least two, side by side."""

    words: tuple[Word, ...]

    def matches(self, title: Title) -> bool:
        """Return whether the title has them."""
        positions = title.positions
        return any(
            all(word.matches_at(positions[start + offset]) for offset, word in enumerate(self.words))
            for start in range(len(positions) - len(self.words) + 1)
        )


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
