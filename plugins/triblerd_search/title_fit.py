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
    return np.array([title_score(words(title), wanted, weights) for title in titles], dtype=np.float32)


def title_score(title: Sequence[str], wanted: Sequence[Word], weights: Mapping[str, float]) -> float:
    """Return how well a title, given by its words, fits what is looked for, 0 to 1.

    It counts how much of what is looked for is there, whether the words stand side by side in their order and at the
    beginning, and how much else the name has: up to where the technical part of the title begins.
    """
    if not wanted:  # there is only what must not be in it
        return 1.0
    places = [_place(word, title) for word in wanted]
    total = sum(weights[word.text] for word in wanted)
    found = sum(weights[word.text] * fit for word, (_, fit) in zip(wanted, places, strict=True)) / total
    positions = [place for place, fit in places if fit]
    if not positions:
        return 0.0
    neighbours = sum(second == first + 1 for first, second in pairwise(positions))
    together = neighbours / (len(wanted) - 1) if len(wanted) > 1 else 1.0
    name = max(_name_length(title), max(positions) + 1 if max(positions) - min(positions) < len(positions) else 1)
    compact = min(len(positions) / name, 1.0)
    starts = 1.0 if min(positions) == 0 else 0.5 if min(positions) == 1 else 0.0
    return found * (0.3 + 0.35 * compact + 0.2 * together + 0.15 * starts)


def _place(word: Word, title: Sequence[str]) -> tuple[int, float]:
    """Return where a word is in a title, and how exactly it is there; 0 for not at all."""
    if word.text in title:
        return title.index(word.text), 1.0
    begun = -1
    for place, other in enumerate(title):
        if word.term in terms(other):
            return place, 0.9
        if word.is_beginning and begun < 0 and other.startswith(word.text):
            begun = place
    return (begun, 0.8) if begun >= 0 else (0, 0.0)


def _name_length(title: Sequence[str]) -> int:
    for place, word in enumerate(title):
        if place and _TECHNICAL.fullmatch(word):
            return place
    return len(title)
