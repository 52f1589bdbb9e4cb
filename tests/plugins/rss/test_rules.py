"""What rules say of titles and sizes."""

import re
from fnmatch import translate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triblerd.errors import InvalidInputError
from triblerd_rss.records import Entry, RuleRecord
from triblerd_rss.rules import Rule
from triblerd_rss.terms import Term, words_of

FEED = "http://feeds.example/feed.xml"


def entry(title="Some.Show.S01E02.1080p.WEB-GRP", **more):
    return Entry(feed=b"", name=b"", title=title, magnet="magnet:", seen=1, **more)


def judged(rule, **more):
    return Rule.of("r", RuleRecord(number=1, **rule)).judge(entry(**more), FEED)


@pytest.mark.parametrize(
    ("term", "fits"),
    [
        ("show", True),
        ("SOME show", True),
        ("show some", False),
        ("some s01e02", False),
        ("sho", False),
        ("sho*", True),
        ("s01e??", True),
        ("s??e0?", True),
        ("s01e?", False),
        ("*", True),
        ("720p|1080p", True),
        ("720p | other show", False),
        ("web-grp", True),
        ("*1*", True),
        ("some * s01e02", True),
    ],
)
def test_a_term_stands_in_a_title(term, fits):
    assert Term.parse(term).is_in(words_of("Some.Show.S01E02.1080p.WEB-GRP")) is fits


def test_letters_are_compared_without_case_and_width():
    assert Term.parse("STRASSE \uff21\uff22").is_in(words_of("straße_ab"))


@pytest.mark.parametrize("text", ["", " ", "-", "a|", "|", "x" * 201])
def test_a_term_without_words_is_none(text):
    with pytest.raises(InvalidInputError):
        Term.parse(text)


@settings(deadline=None)
@given(st.text("ab*?", max_size=12), st.text("ab", min_size=1, max_size=12))
def test_stars_mean_what_they_mean_elsewhere(pattern, word):
    wanted = bool(re.fullmatch(translate(pattern), word)) if pattern else False

    assert (Term.parse(pattern).is_in([word]) if pattern else False) is wanted


def test_a_term_that_would_never_end_as_an_expression_ends():
    assert not Term.parse("*a" * 99 + "b").is_in(words_of("a" * 500))


def test_all_that_it_must_contain_stands_in_the_title_and_nothing_else_does():
    rule = {"must_contain": ("some show", "1080p"), "must_not_contain": ("cam", "web")}

    assert judged(rule).reasons == ["'web' is in the title"]
    assert judged(rule, title="Some Show 720p").reasons == ["'1080p' is not in the title"]
    assert judged(rule, title="Some Show 1080p").takes


def test_sizes_have_limits():
    rule = {"min_size": 10, "max_size": 20}

    assert [judged(rule, size=size).takes for size in (9, 10, 20, 21)] == [False, True, True, False]
    assert judged(rule).needs_size
    assert not judged(rule).takes
    assert not judged({}).needs_size


def test_a_rule_is_for_its_feeds():
    assert judged({"feeds": (FEED,)}).takes
    assert judged({"feeds": ("http://other.example/",)}).reasons == ["The rule is not for this feed"]


def test_what_leads_to_no_torrent_is_not_taken():
    page = Entry(feed=b"", name=b"", title="x", seen=1)

    assert Rule.of("r", RuleRecord(number=1)).judge(page, FEED).reasons == ["It leads to no torrent"]
