"""Which count of a torrent's peers is believed, row by row of the table."""

import time

import msgspec
import pytest

from triblerd_metadata.health_rules import replaces
from triblerd_metadata.values import Health, NewEntry

NOW = 1_700_000_000
HOUR = 3600
INFOHASH = b"\x01" * 20


def own(seeders, age=0, leechers=0):
    return Health(infohash=INFOHASH, seeders=seeders, leechers=leechers, checked=NOW - age, self_checked=True)


def told(seeders, age=0, leechers=0):
    return msgspec.structs.replace(own(seeders, age, leechers), self_checked=False)


UNKNOWN = Health(infohash=INFOHASH)


@pytest.mark.parametrize(
    ("new", "old", "wins"),
    [
        (told(-1), UNKNOWN, False),
        (told(1, leechers=-1), UNKNOWN, False),
        (told(9, age=-60), UNKNOWN, False),
        (told(9, age=-59), UNKNOWN, True),
        (own(0), told(9), True),
        (own(1), own(5, age=61), True),
        (own(1), own(5, age=60), False),
        (own(6), own(5, age=60), True),
        (own(5, leechers=1), own(5, age=60), True),
        (own(5), own(5, age=60), False),
        (told(9, age=61), told(5), False),
        (told(9, age=60), told(5), True),
        (told(9), own(5, age=4 * HOUR), False),
        (told(9), own(5, age=4 * HOUR + 1), True),
        (told(1), own(5, age=4 * HOUR + 1), True),
        (told(1, age=HOUR), own(5, age=5 * HOUR), False),
        (told(1), told(5, age=4 * HOUR + 1), True),
        (told(1), told(5, age=4 * HOUR), False),
        (told(5, leechers=1), told(5, age=HOUR), True),
        (told(5), told(5), False),
    ],
)
def test_a_report_replaces_what_is_known_as_the_table_says(new, old, wins):
    assert replaces(new, old, NOW) is wins


async def test_a_report_changes_what_the_store_holds_of_all_records_of_a_torrent(metadata):
    await metadata.add([NewEntry(title="a", infohash=INFOHASH), NewEntry(title="b", infohash=b"\x02" * 20)])
    await metadata.add([NewEntry(title="c", infohash=INFOHASH, public_key=b"\x07" * 64, id=1)])
    report = Health(infohash=INFOHASH, seeders=5, leechers=2, checked=int(time.time()), self_checked=True)

    [update] = await metadata.report_health([report])

    assert (update.stored, update.taken) == (report, True)
    assert [entry.seeders for entry in metadata.by_infohash(INFOHASH)] == [5, 5]
    assert metadata.columns.seeders.tolist() == [0, 5, 0, 5]
    assert metadata.columns.leechers.tolist() == [0, 2, 0, 2]


async def test_a_report_that_loses_is_answered_with_what_is_stored(metadata):
    now = int(time.time())
    await metadata.add([NewEntry(title="a", infohash=INFOHASH)])
    good = Health(infohash=INFOHASH, seeders=5, checked=now, self_checked=True)

    updates = await metadata.report_health(
        [good, Health(infohash=INFOHASH, seeders=1, checked=now), Health(infohash=b"\x09" * 20, seeders=1, checked=now)]
    )

    assert [(update.stored, update.taken) for update in updates] == [(good, True), (good, False), (None, False)]


async def test_the_tracker_of_a_report_is_remembered_without_its_key(metadata):
    await metadata.add([NewEntry(title="a", infohash=INFOHASH, trackers=("udp://one.example:1",))])
    url = "http://two.example/announce?passkey=1"

    for seeders in (3, 4):
        await metadata.report_health(
            [Health(infohash=INFOHASH, seeders=seeders, checked=int(time.time()), tracker=url)]
        )

    assert metadata.entry(1).trackers == ("udp://one.example:1", "http://two.example/announce")
    assert metadata.entry(1).seeders == 4


async def test_followers_are_not_told_of_health(metadata):
    class Follower:
        told = 0

        def written(self, _transaction, _changes):
            self.told += 1

    await metadata.add([NewEntry(title="a", infohash=INFOHASH)])
    follower = Follower()
    metadata.follow(follower)

    await metadata.report_health([Health(infohash=INFOHASH, seeders=3, checked=int(time.time()))])

    assert follower.told == 0
    assert metadata.revision() == 1
