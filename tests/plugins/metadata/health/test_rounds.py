"""Checks that nobody asked for."""

import time
from contextlib import asynccontextmanager

import pytest

from tests.plugins.catalog import CATALOG_SIZE, copy_catalog, open_metadata
from tests.trackers import udp_tracker
from triblerd.services import PluginDirectory
from triblerd.tasks import Tasks
from triblerd.testing import wait_for
from triblerd_metadata.api import EntryType, HealthUpdated, MetadataStore, NewEntry
from triblerd_metadata.discretion import Discretion
from triblerd_metadata.health.config import TorrentCheckingConfig
from triblerd_metadata.health.container import HealthContainer
from triblerd_metadata.health.selection import MOST_OF_EACH, OLD_SECONDS, candidates
from triblerd_metadata.testing import NEWEST

HOUR = 3600


def hash_of(number):
    return number.to_bytes(8) + bytes(12)


def torrent(number, *trackers, **fields):
    return NewEntry(title=f"Title {number}", infohash=hash_of(number), size=7, trackers=trackers, **fields)


@pytest.fixture
def start(start_daemon):
    """Run a daemon; yield its store and what has its own rounds there, which nobody starts."""

    @asynccontextmanager
    async def start(**checking):
        async with start_daemon("metadata", "downloads") as daemon:
            services = daemon.daemon.container.services()
            tasks = Tasks("test", lambda _name, error: pytest.fail(str(error)))
            store = services.find(MetadataStore)
            table = await daemon.daemon.container.store().view("metadata").table("discreet", int)
            container = HealthContainer(
                config=TorrentCheckingConfig(**checking),
                store=store,
                discretion=Discretion(table),
                state_dir=daemon.state_dir,
                services=services,
                plugins=services.find(PluginDirectory),
                spawn=tasks.start,
                publish=lambda _: None,
            )
            yield store, container
            await tasks.close()
            await container.way_out().close()

    return start


def tracker_url(tracker):
    return tracker.url.removesuffix("/announce")


def asked(tracker):
    return [int(infohash[:16], 16) for infohashes in tracker.scrapes for infohash in infohashes]


async def test_popular_forgotten_and_new_torrents_are_checked(start):
    now = int(time.time())
    async with udp_tracker() as tracker, start(periodic_without_hops=True) as (store, container):
        url = tracker_url(tracker)
        await store.add(
            [
                torrent(1, url, seeders=500, checked=now - 5 * HOUR),
                torrent(2, url, seeders=1, checked=now - 500 * HOUR),
                torrent(3, url, seeders=900, checked=now - HOUR),  # too soon
                torrent(4, url),
            ]
        )

        await container.rounds().look()

        assert sorted(asked(tracker)) == [1, 2, 4]
        assert len(tracker.scrapes) == 1  # one question for all
        assert [store.by_infohash(hash_of(number))[0].self_checked for number in (1, 2, 3, 4)] == [
            True,
            True,
            False,
            True,
        ]


@pytest.mark.parametrize(
    "checking", [{}, {"periodic_without_hops": False}, {"enabled": False, "periodic_without_hops": True}]
)
async def test_unless_the_user_wants_it_nobody_is_asked(start, checking):
    async with udp_tracker() as tracker, start(**checking) as (store, container):
        await store.add([torrent(1, tracker_url(tracker))])

        await container.rounds().look()

    assert not tracker.scrapes


async def test_a_round_has_five_torrents_and_a_tracker_a_minute_of_rest(start):
    now = int(time.time())
    async with udp_tracker() as tracker, start(periodic_without_hops=True) as (store, container):
        url = tracker_url(tracker)
        await store.add([torrent(number, url, seeders=number, checked=now - 9 * HOUR) for number in range(1, 30)])

        for _ in range(3):
            await container.rounds().look()

    assert len(asked(tracker)) == 5
    assert set(asked(tracker)) <= {1, 2, 3, 4, 5, 25, 26, 27, 28, 29}


async def test_a_torrent_of_which_nobody_answers_is_left_alone_for_hours(start):
    async with (
        udp_tracker() as tracker,
        udp_tracker() as other,
        start(periodic_without_hops=True) as (store, container),
    ):
        tracker.failure = "no"
        await store.add([torrent(1, tracker_url(tracker))])
        await container.rounds().look()
        container.book()._pages.clear()  # a minute later
        await store.add([torrent(2, tracker_url(other))])

        await container.rounds().look()

    assert asked(tracker) == [1]
    assert asked(other) == [2]


async def test_a_dead_tracker_is_asked_for_those_who_wait_alone(start):
    async with udp_tracker() as dead, udp_tracker() as alive, start(periodic_without_hops=True) as (store, container):
        for _ in range(5):
            container.book().used(tracker_url(dead))
            container.book().failed(tracker_url(dead))
        await store.add([torrent(1, tracker_url(dead), tracker_url(alive))])

        await container.rounds().look()
        assert (asked(dead), asked(alive)) == ([], [1])

        container.checker().ask(hash_of(1))
        await wait_for(lambda: asked(dead) == [1])


async def test_the_daemon_has_rounds_by_itself(start_daemon):
    config = {"torrent_checking": {"periodic_without_hops": True, "interval": 0.1}}
    async with udp_tracker() as tracker, start_daemon("metadata", "libtorrent", config=config) as daemon:
        with daemon.events(HealthUpdated) as events:
            await daemon.daemon.container.services().find(MetadataStore).add([torrent(1, tracker_url(tracker))])

            event = await events.next()

    assert (event.update.infohash, event.update.num_seeders) == (hash_of(1).hex(), 3)


async def test_the_queue_has_an_end(start):
    async with udp_tracker() as tracker, start() as (store, container):
        tracker.is_silent = True
        await store.add([torrent(number, tracker_url(tracker)) for number in range(1, 1102)])
        checker = container.checker()

        taken = [checker.ask(hash_of(number), limit_seconds=120) for number in range(1, 1102)]

        assert taken == [True] * 1050 + [False] * 51
        assert checker.ask(hash_of(7))  # one that is among them


async def test_candidates_are_what_a_naive_look_finds(catalog_folder, tmp_path):
    now = NEWEST
    async with open_metadata(copy_catalog(catalog_folder, tmp_path) / "store") as metadata:
        entries = list(metadata.walk())
        popular, forgotten, new = candidates(metadata.columns, now)

    old = [entry for entry in entries if 0 < entry.checked < now - OLD_SECONDS and entry.type == EntryType.TORRENT]
    by_rowid = {entry.rowid: entry for entry in entries}
    assert len(entries) == CATALOG_SIZE
    assert [by_rowid[row].seeders for row in popular] == sorted(entry.seeders for entry in old)[
        : -MOST_OF_EACH - 1 : -1
    ]
    assert [by_rowid[row].checked for row in forgotten] == sorted(entry.checked for entry in old)[:MOST_OF_EACH]
    assert new == [entry.rowid for entry in reversed(entries) if not entry.checked][:MOST_OF_EACH]


async def test_folders_and_deleted_torrents_are_no_candidates(metadata):
    await metadata.add(
        [
            torrent(1, seeders=9, checked=1000),
            NewEntry(type=EntryType.FOLDER, title="Folder", public_key=bytes(64), id=5, signature=bytes(64)),
        ]
    )
    columns = metadata.columns
    assert candidates(columns, 10**9) == ([1], [1], [])

    columns.alive[1] = False
    assert candidates(columns, 10**9) == ([], [], [])
