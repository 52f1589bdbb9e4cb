"""The family filter: which titles are for adults.

Its words are our own, in ``family_words.txt``, which says how they are written. Whole words count, so that a place such
as Scunthorpe, an analysis or a cocktail does not.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import filterfalse

Words = tuple[str, ...]

_LEET = str.maketrans("013457@$", "oieastas")
_WORD = re.compile(r"(?:[^\W_]|[@$])+")
_SPELT_FROM = "psx"
"""How words begin that are looked for in single letters: others stand for something else too often."""
_FIRST_WITHOUT_BLANKS = "\u2e80"
"""The scripts from here on do not separate words."""
_SPELT = re.compile(rb" [a-z](?: [a-z]){2,}(?= )")


def is_adult(text: str) -> bool:
    """Return whether a title, a category or another short text is marked by the family filter.

    Takes about 2 µs for a title of usual length, a few more when it is not in ASCII.
    """
    return _filter().marks(text)


class _FamilyFilter:
    """Decides for nearly every text by a set of words; the few that this leaves in doubt are looked at closely."""

    def __init__(self, lines: Sequence[str]) -> None:
        terms = [line for line in lines if line and not line.startswith(("#", "-"))]
        parts = [re.escape(term.strip("*")) for term in terms if term.startswith("*")]
        self._terms = frozenset(tuple(term.split()) for term in terms if not term.startswith("*"))
        self._innocent = frozenset(tuple(line[1:].split()) for line in lines if line.startswith("-"))
        self._parts = re.compile("|".join(parts))
        first_words = {words[0] for words in self._terms}
        ascii_words = {word.translate(_LEET) for word in first_words if word.isascii()}
        self._doubtful = frozenset(word.encode() for word in ascii_words.union(_SPELT_FROM))
        self._foreign = frozenset(word for word in first_words if not word.isascii())
        self._known = frozenset(first_words | {words[0] for words in self._innocent})

    def marks(self, text: str) -> bool:
        if not text.isascii():
            text = _without_accents(text)
            if not text.isascii() and self._has_foreign_term(text):
                return True
        letters = text.encode("ascii", "replace").translate(_LETTERS)
        if self._doubtful.isdisjoint(letters.split()):
            return False
        return self._has_term(_WORD.findall(text.lower())) or self._is_spelt(letters)

    def _has_foreign_term(self, text: str) -> bool:
        if max(text) >= _FIRST_WITHOUT_BLANKS and self._parts.search(text):
            return True
        words = _WORD.findall(text)
        return not self._foreign.isdisjoint(words) and self._has_term(words)

    def _has_term(self, words: Sequence[str]) -> bool:
        at = 0
        while at < len(words):
            if words[at] not in self._known and _as_letters(words[at]) not in self._known:
                at += 1
            elif innocent := _longest_match(words, at, self._innocent):
                at += innocent
            elif _longest_match(words, at, self._terms):
                return True
            else:
                at += 1
        return False

    def _is_spelt(self, letters: bytes) -> bool:
        spelt = _SPELT.finditer(b" %b " % letters)
        return any((match[0].replace(b" ", b"").decode(),) in self._terms for match in spelt)


def _longest_match(words: Sequence[str], at: int, sequences: frozenset[Words]) -> int:
    """Return how many words from ``at`` on are one of the sequences, 0 for none."""
    for count in range(min(_MOST_WORDS, len(words) - at), 0, -1):
        there = tuple(words[at : at + count])
        if there in sequences or tuple(map(_as_letters, there)) in sequences:
            return count
    return 0


_MOST_WORDS = 6  # of a line of the list


def _as_letters(word: str) -> str:
    return word if word.isalpha() or word.isdigit() else word.translate(_LEET)


def _letters_table() -> bytes:
    """Return what makes letters of capitals and of digits that stand for letters, and blanks of all separators."""
    signs = [chr(code).lower().translate(_LEET) if code < 128 else " " for code in range(256)]  # noqa: PLR2004 - ASCII
    return "".join(sign if sign.isalnum() else " " for sign in signs).encode()


_LETTERS = _letters_table()


def _without_accents(text: str) -> str:
    """Return a text in any script in lower case, without the marks that combine."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(filterfalse(unicodedata.combining, decomposed)))


@cache
def _filter() -> _FamilyFilter:
    return _FamilyFilter(files(__package__).joinpath("family_words.txt").read_text("utf-8").splitlines())
