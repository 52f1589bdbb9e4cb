"""Torrents for tests and benchmarks: any number of titles as releases have them, always the same ones.

Words are as frequent as in a language (Zipf), seeders as uneven as in the wild, and 12 % of the titles are in other
scripts or have accents. The n-th torrent does not depend on how many are wanted.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triblerd_metadata.values import EntryStatus, NewEntry, id_of_infohash

NEWEST = 1_700_000_000
"""Unix time after which none of these torrents was made, or checked."""

_CHUNK = 5_000
_VOCABULARY = 30_000
_ZIPF_EXPONENT = 0.85
_LONGEST = 7  # words in a title
_OLDEST = 1_200_000_000
_YEAR_SECONDS = 31_556_952
_LARGEST_SWARM = 50_000
_CHECKED_SHARE = 0.7

_FREQUENT = """
    the of and in love night man day world dark life house black time war last city red star dead american blood girl
    king good road little lost big blue white great fire home moon wild dream secret river game space island
"""
_ONSETS = (
    *"bcdfghjklmnprstvwz",
    "br",
    "ch",
    "cl",
    "cr",
    "dr",
    "fl",
    "gr",
    "kr",
    "pl",
    "sh",
    "sk",
    "sl",
    "st",
    "th",
    "tr",
)
_VOWELS = (*"aeiou", "ai", "ea", "ia", "ou")
_CODAS = ("", "", "", "l", "m", "n", "r", "s", "t", "nd", "rn", "st")
_CYRILLIC = [a + b + c for a in "бвгдклмнпрст" for b in "аеиоу" for c in "знрт"]
_CJK = "東京物語夜空花火星海山川風雨雪月光影天地人心愛夢時世界春秋冬夏青赤白黒金銀鉄石木森林道門家国王女子男生死"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニノハヒフホマミムメモヤユヨラリルレロワン"
_ACCENTS = str.maketrans({"a": "á", "e": "é", "i": "í", "o": "ö", "u": "ü", "n": "ñ", "c": "ç"})

_RESOLUTIONS = ("1080p", "720p", "2160p", "480p")
_RESOLUTION_SHARES = (0.45, 0.35, 0.12, 0.08)
_SOURCES = ("WEB-DL", "BluRay", "WEBRip", "HDTV", "DVDRip", "BDRip")
_CODECS = ("x264", "x265", "H.264", "HEVC", "XviD", "AV1")
_SOUNDS = ("AAC", "DD5.1", "DTS", "AC3", "FLAC")
_GROUPS = tuple(f"{a}{b}" for a in ("NT", "RAR", "SP", "FG", "EV", "KOG", "TB", "YT") for b in ("b", "BG", "ARKS", "T"))
_LANGUAGES = ("", "", "", "", "MULTi.", "FRENCH.", "GERMAN.", "iTALiAN.", "SUBBED.")

_KINDS = ("film", "episode", "music", "book", "program", "adult")
_KIND_SHARES = (0.35, 0.34, 0.14, 0.08, 0.07, 0.02)
_CATEGORIES = ("Video", "Video", "Audio", "Document", "CD/DVD/BD", "xxx")
_SCRIPTS = ("plain", "accented", "cyrillic", "cjk")
_SCRIPT_SHARES = (0.88, 0.05, 0.04, 0.03)


def make_torrents(count: int, *, seed: int = 0) -> list[NewEntry]:
    """Return ``count`` unsigned torrents; those of another ``seed`` are others."""
    return list(islice(iter_torrents(seed=seed), count))


def iter_torrents(*, seed: int = 0) -> Iterator[NewEntry]:
    """Yield unsigned torrents without end, about 100,000 in a second."""
    number = 0
    while True:
        yield from _chunk(np.random.default_rng([seed, number]))
        number += 1


@cache
def vocabulary() -> tuple[str, ...]:
    """Return the words of titles in Latin letters, the most frequent one first.

    The first is in about 10 % of the titles, the 10th in 1 to 2 %, the 1,000th in 0.03 %.
    """
    rng = np.random.default_rng(7)
    words = dict.fromkeys(_FREQUENT.split())
    while len(words) < _VOCABULARY:
        syllables = rng.integers(2, 4)
        words["".join(_pick(rng, _ONSETS) + _pick(rng, _VOWELS) for _ in range(syllables)) + _pick(rng, _CODAS)] = None
    return tuple(words)


def _pick(rng: np.random.Generator, choices: Any) -> str:
    return str(choices[int(rng.integers(len(choices)))])


@cache
def _word_weights() -> NDArray[np.float64]:
    weights = np.cumsum(np.arange(1, _VOCABULARY + 1, dtype=np.float64) ** -_ZIPF_EXPONENT)
    shares: NDArray[np.float64] = weights / weights[-1]
    return shares


def _chunk(rng: np.random.Generator) -> Iterator[NewEntry]:
    infohashes = rng.bytes(20 * _CHUNK)
    words = np.searchsorted(_word_weights(), rng.random((_CHUNK, _LONGEST))).tolist()
    lengths = (1 + rng.binomial(_LONGEST - 1, 0.45, _CHUNK)).tolist()
    kinds = rng.choice(len(_KINDS), _CHUNK, p=_KIND_SHARES).tolist()
    scripts = rng.choice(len(_SCRIPTS), _CHUNK, p=_SCRIPT_SHARES).tolist()
    resolutions = rng.choice(len(_RESOLUTIONS), _CHUNK, p=_RESOLUTION_SHARES).tolist()
    dice = rng.integers(0, 1 << 30, (_CHUNK, 4)).tolist()
    sizes = np.minimum(rng.lognormal(20.5, 1.6, _CHUNK), 1e13).astype(np.int64).tolist()
    ages = rng.exponential(3 * _YEAR_SECONDS, _CHUNK)
    dates = np.maximum(NEWEST - ages, _OLDEST).astype(np.int64)
    swarms = (rng.pareto(1.1, _CHUNK) * 1.5).clip(0, _LARGEST_SWARM).astype(np.int64)
    was_checked = rng.random(_CHUNK) < _CHECKED_SHARE
    leechers = np.floor(swarms * rng.random(_CHUNK) * 0.6).astype(np.int64)
    checks = np.where(was_checked, dates + (NEWEST - dates) * rng.random(_CHUNK), 0).astype(np.int64)
    rows = zip(dates.tolist(), swarms.tolist(), leechers.tolist(), checks.tolist(), strict=True)
    for number, (date, seeders, leeching, checked) in enumerate(rows):
        infohash = infohashes[20 * number : 20 * number + 20]
        kind = kinds[number]
        spoken = _spoken(words[number][: lengths[number]], _SCRIPTS[scripts[number]])
        yield NewEntry(
            id=id_of_infohash(infohash),
            status=EntryStatus.COMMITTED,
            title=_title(_KINDS[kind], spoken, _RESOLUTIONS[resolutions[number]], date, dice[number]),
            category=_CATEGORIES[kind],
            infohash=infohash,
            size=sizes[number],
            torrent_date=date,
            timestamp=date * 1000,
            seeders=seeders if checked else 0,
            leechers=leeching if checked else 0,
            checked=checked,
        )


def _spoken(ranks: list[int], script: str) -> list[str]:
    if script == "cyrillic":
        return [_CYRILLIC[rank % 240] + _CYRILLIC[(rank * 7 + 1) % 240] for rank in ranks]
    if script == "cjk":
        signs = [_CJK[rank % len(_CJK)] + _CJK[(rank * 5 + 2) % len(_CJK)] for rank in ranks]
        return ["".join(signs), "".join(_KANA[rank % len(_KANA)] for rank in ranks)]
    known = vocabulary()
    spoken = [known[rank] for rank in ranks]
    if script == "accented":
        spoken[0] = spoken[0].translate(_ACCENTS)
    return [word.capitalize() for word in spoken]


def _title(kind: str, words: list[str], resolution: str, date: int, dice: list[int]) -> str:  # noqa: PLR0911
    one, two, three, four = dice
    year = 1970 + date // _YEAR_SECONDS - one % 4
    group = _GROUPS[two % len(_GROUPS)]
    tail = f"{_SOURCES[three % 6]}.{_CODECS[four % 6]}-{group}"
    dotted = ".".join(words)
    if kind == "film":
        if one % 5 == 0:
            return f"{' '.join(words)} ({year}) [{resolution}] [{_SOURCES[three % 6]}]"
        return f"{dotted}.{year}.{_LANGUAGES[two % 9]}{resolution}.{_SOUNDS[four % 5]}.{tail}"
    if kind == "episode":
        if one % 7 == 0:
            return f"[{group}] {' '.join(words)} - {two % 24 + 1:02} [{resolution}]"
        return f"{dotted}.S{one % 12 + 1:02}E{two % 24 + 1:02}.{_LANGUAGES[two % 9]}{resolution}.{tail}"
    if kind == "music":
        half = max(len(words) // 2, 1)
        form = ("MP3 320kbps", "FLAC", "MP3 V0", "24bit FLAC")[two % 4]
        return f"{' '.join(words[:half])} - {' '.join(words[half:]) or 'Singles'} ({year}) [{form}]"
    if kind == "book":
        return f"{' '.join(words)} {('epub', 'pdf', 'mobi', 'cbr')[two % 4]}"
    if kind == "program":
        return f"{' '.join(words)} v{two % 20}.{three % 10}.{four % 100} {('x64', 'Portable', 'ISO', 'Linux')[one % 4]}"
    return f"{dotted}.XXX.{resolution}.{tail}"
