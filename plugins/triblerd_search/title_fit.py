"""How well a title fits the words that are looked for."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from triblerd_metadata.api import Word, terms, words

_TECHNICAL = re.compile(
    r"(19|20)\d\d|\d{3,4}[pi]|[48]k|uhd|hd|s\d+(e\d+)*|e\d+|season|complete|[xh]26[45]|hevc|avc|av1|xvid|divx|\d+bit|hdr\d*"
    r"|web|webrip|webdl|bluray|blu|brrip|bdrip|bdremux|remux|dvd\w*|hdtv|hdrip|cam|ts|hdcam|telesync|aac\d*|ac3|dts|ddp?\d*"
    r"|flac|mp3|\d+kbps|mp4|mkv|avi|iso|zip|rar|pdf|epub|mobi|amd64|x64|x86|i386|proper|repack|multi|subbed|dubbed"
)
"""Words that say how something was made, not what it is: where they begin, the name of the thing ends."""


def title_scores(
    titles: Sequence[str], wanted: Sequence[Word], weights: Mapping[str, float]
) -> npt.NDArray[np.float32]:
    """Return how well titles fit what is looked for, each 0 to 1.

    Args:
        titles: The titles.
        wanted: The words that are looked for, in their order.
        weights: How much each of them tells, by its text: the rarer the more.
    """
    fit = TitleFit(wanted, weights)
    return np.array([fit.score(words(title)) for title in titles], dtype=np.float32)


class TitleFit:
    """How well titles fit the words that are looked for.

    Args:
        wanted: The words, in their order.
        weights: How much each of them tells, by its text.
    """

    def __init__(self, wanted: Sequence[Word], weights: Mapping[str, float]) -> None:
        self._wanted = [(word, weights[word.text], _Kinship(word)) for word in wanted]
        self._total = sum(weights[word.text] for word in wanted)
        self._is_technical = _Technical()

    def score(self, title: Sequence[str]) -> float:
        """Return how well a title, given by its words, fits, 0 to 1.

        It counts how much of what is looked for is there, whether the words stand side by side in their order and at
        the beginning, and how much else the name has: up to where the technical part of the title begins.
        """
        if not self._wanted:  # there is only what must not be in it
            return 1.0
        found = 0.0
        positions: list[int] = []
        for word, weight, kinship in self._wanted:
            place, fit = (title.index(word.text), 1.0) if word.text in title else _place(kinship, title)
            if fit:
                found += weight * fit
                positions.append(place)
        if not positions:
            return 0.0
        first, last, count = min(positions), max(positions), len(self._wanted)
        together = _neighbours(positions) / (count - 1) if count > 1 else 1.0
        name = max(self._name_length(title), last + 1 if last - first < len(positions) else 1)
        compact = min(len(positions) / name, 1.0)
        starts = 1.0 if first == 0 else 0.5 if first == 1 else 0.0
        return found / self._total * (0.3 + 0.35 * compact + 0.2 * together + 0.15 * starts)

    def _name_length(self, title: Sequence[str]) -> int:
        is_technical = self._is_technical
        for place in range(1, len(title)):
            if is_technical[title[place]]:
                return place
        return len(title)


class _Kinship(dict[str, float]):
    """How exactly another word of a title is what is looked for; 0 for not at all. Titles share most of their words."""

    def __init__(self, word: Word) -> None:
        super().__init__()
        self._word = word

    def __missing__(self, other: str) -> float:
        word = self._word
        begins = word.is_beginning and other.startswith(word.text)
        self[other] = fit = 0.9 if word.term in terms(other) else 0.8 if begins else 0.0
        return fit


class _Technical(dict[str, bool]):
    """Whether words are technical."""

    def __missing__(self, word: str) -> bool:
        self[word] = is_technical = _TECHNICAL.fullmatch(word) is not None
        return is_technical


def _place(kinship: _Kinship, title: Sequence[str]) -> tuple[int, float]:
    """Return where a word is in a title that does not have it as it stands, and how exactly; 0 for not at all."""
    fits = [kinship[other] for other in title]
    fit = max(fits, default=0.0)
    return fits.index(fit) if fit else 0, fit


def _neighbours(positions: Sequence[int]) -> int:
    return sum(second == first + 1 for first, second in pairwise(positions))
