"""Words that a title has to have, or may not have.

There are no regular expressions: one of a few letters can take hours on the title that somebody wrote for it. A word
may have ``*`` and ``?`` in it instead, which take a time that is bounded by the lengths of both.
"""

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from triblerd.errors import InvalidInputError

LONGEST_TERM = 200

_WORD = re.compile(r"[^\W_]+")
_PATTERN = re.compile(r"(?:[^\W_]|[*?])+")


class Term(msgspec.Struct, frozen=True):
    """One wish: words that stand together in a title, or others (``|``) in their place.

    Attributes:
        text: As the user wrote it.
        choices: Of each the words, one after the other, in the form of ``words_of``.
    """

    text: str
    choices: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Return the term that a text is.

        Raises:
            InvalidInputError: it has no words, or is too long.
        """
        choices = tuple(tuple(_PATTERN.findall(_folded(choice))) for choice in text.split("|"))
        if len(text) > LONGEST_TERM or not all(choices):
            msg = f"{text[:LONGEST_TERM]!r} must be words, or choices of words between |, of {LONGEST_TERM} characters"
            raise InvalidInputError(msg)
        return cls(text, choices)

    def is_in(self, words: Sequence[str]) -> bool:
        """Return whether some choice stands in a title, of which these are the words."""
        return any(_stand_in(words, choice) for choice in self.choices)


def words_of(title: str) -> list[str]:
    """Return the words of a title: letters and digits, whatever is between them, without the difference of case."""
    return _WORD.findall(_folded(title))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _stand_in(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(
        all(_fits(words[start + offset], pattern) for offset, pattern in enumerate(wanted))
        for start in range(len(words) - len(wanted) + 1)
    )


def _fits(word: str, pattern: str) -> bool:
    """Return whether a word is what a pattern says; takes no longer than the product of their lengths."""
    if "*" not in pattern and "?" not in pattern:
        return word == pattern
    at = place = 0
    star, resumed = -1, 0
    while at < len(word):
        if place < len(pattern) and pattern[place] != "*" and pattern[place] in ("?", word[at]):
            at, place = at + 1, place + 1
        elif place < len(pattern) and pattern[place] == "*":
            star, resumed, place = place, at, place + 1
        elif star >= 0:  # the last star takes one letter more
            resumed, place = resumed + 1, star + 1
            at = resumed
        else:
            return False
    return all(letter == "*" for letter in pattern[place:])
