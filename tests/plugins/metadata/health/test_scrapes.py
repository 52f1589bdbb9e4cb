"""Questions to trackers of any kind, put together."""

import asyncio

import pytest

from tests.plugins.metadata.health.conftest import HERE
from tests.trackers import http_tracker, udp_tracker
from triblerd.tasks import Tasks
from triblerd_metadata.health.scrapes import Scrapes
from triblerd_metadata.health.tracker_book import DEAD_SECONDS, MOST_FAILURES, PAUSE_SECONDS, TrackerBook
from triblerd_metadata.health.values import NoAnswerError
from triblerd_metadata.tracker_urls import normalise_tracker

HASHES = [bytes([number]) * 20 for number in range(100)]
URL = "udp://t.example:1"


class Clock:
    """A clock that goes when it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def book():
    """Offer an empty book."""
    return TrackerBook()


@pytest.fixture
async def scrapes(names, book):
    """Offer what asks trackers."""
    tasks = Tasks("test", lambda _name, error: pytest.fail(str(error)))
    scrapes = Scrapes(names=names, book=book, spawn=tasks.start)
    await scrapes.open(HERE)
    yield scrapes
    await scrapes.close()
    await tasks.close()


def ask_all(scrapes, url, infohashes, limit_seconds=5):
    questions = [scrapes.ask(url, infohash, limit_seconds=limit_seconds) for infohash in infohashes]
    return asyncio.gather(*questions, return_exceptions=True)


@pytest.mark.parametrize(("kind", "sizes"), [(udp_tracker, [60, 40]), (http_tracker, [40, 40, 20])])
async def test_questions_of_the_same_moment_go_together(scrapes, kind, sizes):
    async with kind() as tracker:
        tracker.swarms = {HASHES[99].hex(): (7, 1)}
        answers = await ask_all(scrapes, normalise_tracker(tracker.url), [*HASHES, HASHES[99]])

    assert answers == [(3, 2)] * 99 + [(7, 1), (7, 1)]
    assert sorted(len(asked) for asked in tracker.scrapes) == sorted(sizes)


async def test_each_waits_as_long_as_he_wants(scrapes):
    async with udp_tracker() as tracker:
        tracker.is_silent = True
        url = normalise_tracker(tracker.url)
        patient = asyncio.ensure_future(scrapes.ask(url, HASHES[1], limit_seconds=60))

        with pytest.raises(NoAnswerError, match=r"0\.1 s"):
            await scrapes.ask(url, HASHES[0], limit_seconds=0.1)

        assert not patient.done()
        await scrapes.close()
        assert isinstance((await asyncio.gather(patient, return_exceptions=True))[0], NoAnswerError)


async def test_a_host_without_an_address_does_not_answer(scrapes, book):
    for url in ("udp://nobody.example:1", "http://nobody.example/announce"):
        with pytest.raises(NoAnswerError, match="nobody"):
            await scrapes.ask(url, HASHES[0], limit_seconds=10)
        assert not book.is_due(url)


async def test_the_book_knows_who_answered(scrapes, book):
    async with udp_tracker() as tracker:
        url = normalise_tracker(tracker.url)
        tracker.failure = "no"
        for _ in range(MOST_FAILURES):
            await ask_all(scrapes, url, HASHES[:1])
        assert book.is_dead(url)

        tracker.failure = ""
        assert await scrapes.ask(url, HASHES[0], limit_seconds=5) == (3, 2)
        assert not book.is_dead(url)


def test_a_tracker_is_due_a_minute_after_it_was_asked():
    clock = Clock()
    book = TrackerBook(clock)
    assert book.is_due(URL)

    book.used(URL)
    assert not book.is_due(URL)
    clock.now += PAUSE_SECONDS
    assert book.is_due(URL)


def test_five_failures_in_a_row_are_death_for_some_hours():
    clock = Clock()
    book = TrackerBook(clock)
    for number in range(MOST_FAILURES):
        assert not book.is_dead(URL)
        book.used(URL)
        book.failed(URL)
        if number == 1:
            book.answered(URL)
    for _ in range(2):
        assert not book.is_dead(URL)
        book.failed(URL)
    assert book.is_dead(URL)

    clock.now += PAUSE_SECONDS
    assert not book.is_due(URL)
    clock.now += DEAD_SECONDS
    assert not book.is_dead(URL)
    assert book.is_due(URL)
