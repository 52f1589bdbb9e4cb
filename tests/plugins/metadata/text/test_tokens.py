import pytest
from hypothesis import given
from hypothesis import strategies as st

from triblerd_metadata.text.grammar import parse
from triblerd_metadata.text.tokens import LONGEST_WORD, stem, terms, words


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Show.S01E02.1080p", ["show", "s01e02", "1080p"]),
        ("Big_Buck-Bunny (2008) [x264]", ["big", "buck", "bunny", "2008", "x264"]),
        ("AMÉLIE", ["amelie"]),
        ("Ame\u0301lie", ["amelie"]),
        ("Straße ﬁnal \uff37\uff49\uff44\uff45", ["strasse", "final", "wide"]),
        ("Тёмная ночь", ["темная", "ночь"]),
        ("進撃の巨人", ["進撃", "撃の", "の巨", "巨人", "人"]),
        ("第3話", ["第", "3", "話"]),
        ("가나", ["가나", "나"]),
        ("が か", ["が", "か"]),
        ("हिन्दी", ["हिन्दी"]),
        ("❤\ufe0f", []),
        ("...", []),
        ("", []),
    ],
)
def test_a_title_is_cut_into_words(title, expected):
    assert words(title) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("bunny", ("bunny", "bunni")),
        ("dog", ("dog",)),
        ("is", ("is",)),
        ("s03e11", ("s03e11", "s03", "e11")),
        ("s01e02e03", ("s01e02e03", "s01", "e02", "e03")),
        ("ночь", ("ночь",)),
    ],
)
def test_a_word_is_found_by_its_terms(word, expected):
    assert terms(word) == expected


@given(st.text())
def test_words_of_any_text_are_short_and_can_be_written(text):
    for word in words(text):
        assert 0 < len(word) <= LONGEST_WORD
        assert not any(character.isspace() for character in word)
        assert word.encode()
        assert stem(word)


@given(st.text(max_size=300))
def test_a_title_is_found_by_itself_as_a_phrase(title):
    quoted = title.replace('"', '""')

    assert parse(f'"{quoted}"').matches(title) == bool(words(title))
