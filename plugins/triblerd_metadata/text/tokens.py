"""The words of a title, the same for titles and for what is searched.

Text in ASCII is cut into runs of letters and digits of its lower case. Other text is folded first: case, width,
ligatures and diacritics make no difference. Chinese, Japanese and Korean are written without blanks, or with endings
glued to words, so a run of their characters becomes its pairs of neighbours, and its last character alone: each
character begins one word, and any part of a run can be found.

A title is found by more than its words as they stand, see ``terms``.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer  # type: ignore[import-not-found]  # it has no types

VERSION = 1
"""Of everything here; what was derived from titles by another version is made anew."""
LONGEST_WORD = 64
"""Characters; the rest of a longer word makes no difference."""

_KEPT_MARKS = (0, 7, 8, 9)  # combining classes of signs that spell, not accents: vowels, nukta, kana voicing, virama
_JOINERS = "\u00ad\u200d" + "".join(map(chr, range(0xFE00, 0xFE10)))  # soft hyphen, joiner, variation selectors
_CJK = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_MOST_FOLDED = 1 << 15
_ASCII_WORD = re.compile("[a-z0-9]+")
_SOME_CJK = re.compile(f"[{_CJK}]")
_PIECE = re.compile(f"([{_CJK}]+)|[^\\s{_CJK}]+")
_EPISODE = re.compile("(s[0-9]{1,4})((?:e[0-9]{1,4})+)")
_PART = re.compile("e[0-9]+")

_porter = Stemmer.Stemmer("porter")
_porter.maxCacheSize = 0  # its cache is no good for several threads; without it a call is one step of the interpreter


def words(text: str) -> list[str]:
    """Return the words of a title in their order, each of 1 to ``LONGEST_WORD`` characters."""
    if text.isascii():
        runs = _ASCII_WORD.findall(text.lower())
        return runs if len(text) <= LONGEST_WORD else [run[:LONGEST_WORD] for run in runs]
    folded = _folded(text)
    runs = folded.split()
    if not _SOME_CJK.search(folded):
        return [run[:LONGEST_WORD] for run in runs]
    found = []
    for run in runs:
        if run.isascii():
            found.append(run[:LONGEST_WORD])
            continue
        for piece, is_cjk in _pieces(run):
            found += [piece[at : at + 2] for at in range(len(piece))] if is_cjk else [piece[:LONGEST_WORD]]
    return found


def searched_words(text: str) -> list[tuple[str, bool]]:
    """Return what the words of a title have to be, one after the other, for ``text`` to be in it.

    The flag says that a word has to begin so. The last character of a run of Chinese and the like is left out or
    flagged at the end of the text, since in the title the run may go on.
    """
    return _searched([piece for run in _runs(text) for piece in _pieces(run)])


def searched_runs(text: str) -> list[list[tuple[str, bool]]]:
    """Return the same for each part of ``text`` that has no separator in it, none of them empty."""
    return [_searched(_pieces(run)) for run in _runs(text)]


def spelled_words(text: str) -> tuple[list[str], list[str]]:
    """Return the runs of letters and digits of a title, in order: folded, and as people write them in lower case."""
    if text.isascii():
        runs = _ASCII_WORD.findall(text.lower())
        return runs, runs
    composed = unicodedata.normalize("NFKC", text)
    spaced = "".join(" " if _folding[ord(character)].isspace() else character for character in composed)
    spelled = [(folded, run.lower()) for run in spaced.split() if (folded := _folded(run))]
    return [folded for folded, _ in spelled], [run for _, run in spelled]


def may_go_on(text: str) -> bool:
    """Return whether the end of the text is the end of a word."""
    return not _folded(text)[-1:].isspace()


@lru_cache(maxsize=1 << 15)
def terms(word: str) -> tuple[str, ...]:
    """Return everything that a word of a title is found by: itself, its stem, and the parts of ``s01e02``."""
    found = [word]
    if (stemmed := stem(word)) != word:
        found.append(stemmed)
    if word[0] == "s" and (episode := _EPISODE.fullmatch(word)):
        season, episodes = episode.groups()
        found += [season, *dict.fromkeys(_PART.findall(episodes))]
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def stem(word: str) -> str:
    """Return the stem of a word of ``words``: Porter's algorithm for words of ASCII letters and digits, as in FTS5."""
    if len(word) <= 2 or word[-1].isdigit() or not word.isascii():  # noqa: PLR2004 - it leaves these alone
        return word
    return str(_porter.stemWord(word))


def _searched(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for number, (piece, is_cjk) in enumerate(pieces, 1):
        if not is_cjk:
            found.append((piece[:LONGEST_WORD], False))
            continue
        found += [(piece[at : at + 2], False) for at in range(len(piece) - 1)]
        if number < len(pieces):
            found.append((piece[-1], False))
        elif len(piece) == 1:
            found.append((piece, True))
    return found


def _runs(text: str) -> list[str]:
    """Return the runs of word characters of the folded text."""
    return _ASCII_WORD.findall(text.lower()) if text.isascii() else _folded(text).split()


def _pieces(run: str) -> list[tuple[str, bool]]:
    """Return the parts of a run that are Chinese or the like, flagged, and the parts that are not."""
    return [(piece[0], bool(piece[1])) for piece in _PIECE.finditer(run)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_folding)


class _Folding(dict[int, str]):
    """Maps each character to what it counts as: letters and digits, a blank for a separator, nothing for an accent."""

    def __missing__(self, codepoint: int) -> str:
        if len(self) == _MOST_FOLDED:  # somebody sends all the characters that there are
            self.clear()
        self[codepoint] = folded = _fold(chr(codepoint))
        return folded


def _fold(character: str) -> str:
    if character in _JOINERS:
        return ""
    decomposed = unicodedata.normalize("NFKD", character.casefold())
    bare = "".join(part for part in decomposed if unicodedata.combining(part) in _KEPT_MARKS)
    return "".join(part if _is_spelling(part) else " " for part in unicodedata.normalize("NFKC", bare))


def _is_spelling(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


_folding = _Folding()
