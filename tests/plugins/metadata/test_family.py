from importlib.resources import files

import pytest

from triblerd_metadata.family import is_adult
from triblerd_metadata.testing import make_torrents

ADULT = [
    "Some.Title.XXX.1080p.MP4-GROUP",
    "xxx",
    "Hot MILF (2019) [720p]",
    "[Studio] Big_Tits_Vol_3",
    "S3X on the Beach",
    "Amateur p0rn collection",
    "Am@teur.P0RN.Pack",
    "x.x.x 2010",
    "S E X",
    "An Evening (S.E.X.) uncut",
    "my-pornstars-collection",
    "Original Hentai Collection",
    "Double   Penetration!!!",
    "BRAZZERS 2021 pack",
    "Café érotique",
    "Русское порно 2018",
    "[无码] 某某 1080p",
    "無修正 東京",
    "ＸＸＸ　ＭＯＶＩＥ",  # noqa: RUF001 - full width
]

INNOCENT = [
    "",
    "...",
    "Essex Serpent S01E02 720p",
    "Scunthorpe United 1958",
    "Middlesex and Sussex by Rail",
    "Time Series Analysis, 3rd edition pdf",
    "The Cocktail Hour",
    "Cockpit Simulator v1.2",
    "Hancock 2008 1080p BluRay",
    "Dick Tracy 1990",
    "Moby Dick",
    "Penistone Line",
    "Basement Tapes FLAC",
    "The Assassination of Jesse James",
    "Titanic.1997.2160p",
    "Sexton Blake and Bisexuality in Art: Essays",
    "Sex and the City S01E01 720p",
    "Sex.Education.S02E03.1080p.WEB-DL",
    "xXx.2002.1080p.BluRay.x264",
    "Summa Cum Laude",
    "The Analogue Therapist in Arsenal",
    "Therapist.2021.DD5.1.x265",
    "455 1080 2160p 5.1 7.1",
    "S.H.I.E.L.D. S01E01",
    "Pornchai and Siriporn of Bangkok",
    "Ferrari フェラーリ 1080p",
    "ピエロ",
    "进出口交易 手册",
    "感情色彩",
    "Секс в большом городе",
    "Москва слезам не верит",
]


@pytest.mark.parametrize("title", ADULT)
def test_a_title_for_adults_is_marked(title):
    assert is_adult(title)


@pytest.mark.parametrize("title", INNOCENT)
def test_an_innocent_title_is_not_marked(title):
    assert not is_adult(title)


def test_an_innocent_phrase_does_not_excuse_the_rest_of_a_title():
    assert is_adult("Sex and the City XXX parody")


def test_each_innocent_phrase_of_the_list_is_needed():
    lines = files("triblerd_metadata").joinpath("family_words.txt").read_text("utf-8").splitlines()
    innocent = [line[1:].strip() for line in lines if line.startswith("-")]

    assert innocent
    assert not [phrase for phrase in innocent if is_adult(phrase)]
    assert not [phrase for phrase in innocent if not any(is_adult(word) for word in parts(phrase))]


def parts(phrase):
    """Return the parts of a phrase that the phrase itself does not excuse."""
    words = phrase.split()
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1) if j - i < len(words)]
    return [" ".join(words[i:j]) for i, j in spans]


def test_of_many_titles_those_for_adults_are_marked_and_no_others():
    torrents = make_torrents(20_000)

    assert [torrent.title for torrent in torrents if is_adult(torrent.title) != (torrent.category == "xxx")] == []
