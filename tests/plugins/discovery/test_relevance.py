import pytest

from triblerd_discovery.relevance import relevance, title_share, words_of

MONTH = 30 * 86400


@pytest.mark.parametrize(
    ("query", "title", "peers", "age", "expected"),
    [
        ("big bunny", "Big Buck Bunny", (12, 3), MONTH, 0.7927375554845595),
        ("ubuntu", "ubuntu-24.04.iso", (0, 0), None, 0.788495575221239),
        ("a b", "b a c", (100, 0), 0, 0.7972027972027972),
    ],
)
def test_a_title_is_as_relevant_as_other_programs_say(query, title, peers, age, expected):
    seeders, leechers = peers

    rank = relevance(words_of(query), title, seeders=seeders, leechers=leechers, age_seconds=age)

    assert rank == pytest.approx(expected, rel=1e-12)


def test_a_torrent_of_the_future_is_as_old_as_one_without_a_date():
    numbers = {"seeders": 1, "leechers": 0}

    assert relevance(["a"], "a", age_seconds=-5, **numbers) == relevance(["a"], "a", age_seconds=None, **numbers)
    assert relevance(["a"], "a", age_seconds=MONTH, **numbers) > relevance(["a"], "a", age_seconds=None, **numbers)


def test_an_empty_query_fits_all_titles_and_an_empty_title_fits_none():
    assert title_share([], ["a"]) == 1.0
    assert title_share(["a"], []) == 0.0
