"""What expressions mean, and that SQLite's FTS5 says the same of those that it knows."""

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from triblerd_metadata.text.grammar import DEEPEST, LONGEST, FilterError, parse


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('"big" "buck"', "buck.big"),
        ("bunnies", "Big Buck Bunny"),
        ('"bu"*', "big.bunny"),
        ("bu*  big", "big.bunny"),
        ("big bun", "Big Buck Bunny"),
        ("Show.S01E02.1080p", "show s01e02 720p 1080p"),
        ('"buck bunny"', "Big.Buck_Bunny"),
        ('"buck bun"*', "Big.Buck_Bunny"),
        ("big -small", "Big Buck Bunny"),
        ('big -"bunny buck"', "Big Buck Bunny"),
        ("-small", "Big Buck Bunny"),
        ("small OR big", "Big"),
        ("one OR two AND three", "one"),
        ("one NOT two three", "one two"),
        ("(one OR two) three", "two three"),
        ("-(one OR two)", "three"),
        ("one and two", "two and one"),
        ("amelie", "AMÉLIE"),
        ("Amélie", "amelie"),
        ("s01", "Show.S01E02"),
        ('"show e02"', "Show.S01E02"),
        ("巨", "進撃の巨人"),
        ("人", "進撃の巨人"),
        ("撃の巨", "進撃の巨人"),
        ('"巨人 attack"', "進撃の巨人 Attack"),
        ("第3話", "進撃 第3話"),
        ("don't", "Don't look up"),
        ("a - b", "A B"),
        ('say "" hello', "say hello"),
        ("running", "He runs"),
        ("runni", "running"),
        ("running", "runnings"),
    ],
)
def test_a_filter_finds(text, title):
    assert parse(text).matches(title)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('"big" "bun"', "Big Buck Bunny"),
        ("bun big", "Big Buck Bunny"),
        ("big bun ", "Big Buck Bunny"),
        ('"big bunny"', "Big Buck Bunny"),
        ("big -buck", "Big Buck Bunny"),
        ("big NOT bunny", "Big Buck Bunny"),
        ("one OR two AND three", "two"),
        ("one NOT two three", "one two three"),
        ("(one OR two) three", "one"),
        ("撃巨", "進撃の巨人"),
        ('"進撃 attack"', "進撃の巨人 Attack"),
        ("e0", "Show"),
        ("*", "anything"),
        ("", "anything"),
        (" ", "anything"),
        ("...", "anything"),
        ('""', "anything"),
        ('"" AND any', "anything"),
        ("-any", ""),
        ("any", ""),
    ],
)
def test_a_filter_does_not_find(text, title):
    assert not parse(text).matches(title)


def test_an_excluded_word_is_not_taken_for_the_beginning_of_another():
    assert parse("big -bun").matches("Big Bunny")
    assert parse("big NOT bun").matches("Big Bunny")
    assert not parse("big -bun*").matches("Big Bunny")


@pytest.mark.parametrize(
    "text",
    [
        '"big',
        'big "',
        "(big",
        "big)",
        "()",
        ")(",
        "AND",
        "AND big",
        "big AND",
        "big OR",
        "NOT big",
        "big NOT",
        "one AND OR two",
        "one AND ... ",
        "**",
        "* big",
        "(*)",
        "big **",
        "big OR *",
        "(" * (DEEPEST + 1) + "big" + ")" * (DEEPEST + 1),
        "b" * (LONGEST + 1),
    ],
)
def test_what_is_no_filter_is_refused(text):
    with pytest.raises(FilterError):
        parse(text)


@given(st.text(max_size=60) | st.text('ab"()*- ANDORT.é進', max_size=60), st.text(max_size=40))
@example('-"', "")
@example("(" * LONGEST, "")
@example(" NOT a" * 300, "a")
@example("\ud800", "\udfff")
def test_any_text_is_a_filter_or_is_refused(text, title):
    try:
        expression = parse(text)
    except FilterError:
        return
    assert expression.matches(title) in (True, False)


def _operands(inner):
    words = st.sampled_from(["big", "bucks", "buck", "running", "runs", "été", "x264", "and"])
    quoted = st.lists(words, min_size=1, max_size=2).map(lambda some: f'"{" ".join(some)}"')
    items = st.one_of(quoted, st.sampled_from(['"bi"*', '"buc"*', '""', "big", "x26*"]))
    return st.lists(items, min_size=1, max_size=3).map(" ".join) | inner.map(lambda text: f"({text})")


def _expressions(inner):
    operators = st.sampled_from([" AND ", " OR ", " NOT "])
    rest = st.lists(st.tuples(operators, _operands(inner)), max_size=3)
    return st.tuples(_operands(inner), rest).map(lambda all_: all_[0] + "".join(a + b for a, b in all_[1]))


_TITLES = ["big buck", "Big.Bucks.2008", "runs", "He was running", "ete x264", "ÉTÉ", "bigger", "buck big and x265"]


@given(st.recursive(st.just('"big"'), _expressions, max_leaves=4))
@example('"big" AND ""')
@example('"" OR "big"')
@example('"big" NOT "buck" "x264"')
@example('"big" NOT "buck" NOT "x264"')
def test_a_filter_means_what_it_means_to_sqlite(text):
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE VIRTUAL TABLE t USING fts5(title, tokenize='porter unicode61')")
        database.executemany("INSERT INTO t VALUES (?)", [(title,) for title in _TITLES])
        try:
            expected = {title for (title,) in database.execute("SELECT title FROM t WHERE t MATCH ?", (text + " ",))}
        except sqlite3.OperationalError:
            expected = None
    database.close()

    expression = parse(text + " ")  # the blank: an unquoted last word is whole

    if expected is not None:
        assert {title for title in _TITLES if expression.matches(title)} == expected
