"""What becomes of new entries, and what may not be in them."""

import asyncio
import time

import msgspec
import pytest

from tests.plugins.catalog import open_metadata
from triblerd_metadata.values import ChannelPart, EntryType, NewEntry

KEY, OTHER_KEY = b"\x01" * 64, b"\x02" * 64
INFOHASH, OTHER_INFOHASH = b"\x0a" * 20, b"\x0b" * 20
SIGNATURE = b"\x03" * 64


def torrent(**fields):
    return NewEntry(**{"title": "Big Buck Bunny", "infohash": INFOHASH, **fields})


def signed(**fields):
    return torrent(**{"public_key": KEY, "id": 7, "timestamp": 1000, "signature": SIGNATURE, **fields})


async def outcomes(metadata, *entries):
    return [added.outcome for added in await metadata.add(entries)]


async def test_any_record_of_an_infohash_keeps_an_unsigned_one_out(metadata):
    assert await outcomes(metadata, torrent(), torrent(title="Again")) == ["added", "kept"]
    assert await outcomes(metadata, torrent(title="Later")) == ["kept"]
    assert await outcomes(metadata, signed(infohash=OTHER_INFOHASH), torrent(infohash=OTHER_INFOHASH)) == [
        "added",
        "kept",
    ]
    assert [entry.title for entry in metadata.walk()] == ["Big Buck Bunny", "Big Buck Bunny"]


async def test_an_unsigned_record_is_refused_when_another_one_has_its_id(metadata):
    negative = (-5 % 2**64).to_bytes(8, "big") + bytes(12)
    positive = (5).to_bytes(8, "big") + bytes(12)

    [first, second] = await metadata.add([torrent(infohash=positive), torrent(infohash=negative)])

    assert (first.entry.id, second.outcome, second.reason) == (5, "refused", "another torrent has this id")
    assert await outcomes(metadata, torrent(infohash=negative)) == ["refused"]


async def test_a_record_changed_by_its_author_replaces_the_older_one_in_its_row(metadata):
    await metadata.add([signed(), signed(id=8)])

    older = await metadata.add([signed(title="Older", timestamp=1000)])
    newer = await metadata.add([signed(title="Newer", timestamp=1001, infohash=OTHER_INFOHASH)])

    assert [older[0].outcome, newer[0].outcome] == ["kept", "replaced"]
    assert (newer[0].entry.rowid, metadata.last_rowid()) == (1, 2)
    assert metadata.by_infohash(OTHER_INFOHASH) == [newer[0].entry]
    assert [entry.rowid for entry in metadata.by_infohash(INFOHASH)] == [2]


async def test_two_authors_may_use_one_id(metadata):
    assert await outcomes(metadata, signed(), signed(public_key=OTHER_KEY)) == ["added", "added"]
    assert metadata.by_identity(OTHER_KEY, 7).rowid == 2


async def test_a_further_record_of_a_torrent_knows_its_health(metadata):
    await metadata.add([torrent(seeders=5, leechers=1, checked=int(time.time()), self_checked=True)])

    await metadata.add([signed()])

    assert (metadata.entry(2).seeders, metadata.entry(2).self_checked) == (5, True)


async def test_rows_are_never_used_twice_not_even_the_newest_after_a_restart(tmp_path):
    async with open_metadata(tmp_path / "store") as metadata:
        await metadata.add([torrent(), torrent(infohash=OTHER_INFOHASH)])
        [newest] = metadata.entries([2])
        await metadata.run(lambda batch: batch.delete(newest))

    async with open_metadata(tmp_path / "store") as metadata:
        assert metadata.last_rowid() == 2
        assert metadata.counts == {EntryType.TORRENT: 1}
        await metadata.add([torrent(infohash=OTHER_INFOHASH)])

        assert [entry.rowid for entry in metadata.by_infohash(OTHER_INFOHASH)] == [3]


async def test_what_was_added_and_deleted_at_once_leaves_nothing_but_its_row(metadata):
    def come_and_go(batch):
        batch.delete(batch.insert(torrent(id=1)))

    await metadata.run(come_and_go)

    assert list(metadata.walk()) == []
    assert metadata.by_infohash(INFOHASH) == []
    assert metadata.last_rowid() == 1


async def test_the_numbers_of_each_type_are_counted(metadata):
    channel = signed(type=EntryType.CHANNEL, id=1, part=ChannelPart(num_entries=3, votes=0.5))
    folder = signed(type=EntryType.FOLDER, id=2, infohash=b"", origin_id=1)

    added = await metadata.add([channel, folder, signed(origin_id=2)])
    await metadata.run(lambda batch: batch.delete(added[2].entry))

    assert {kind: count for kind, count in metadata.counts.items() if count} == {400: 1, 220: 1}
    assert metadata.columns.num_entries.tolist() == [0, 3, 0, 0]
    assert metadata.columns.origin_id.tolist()[:3] == [0, 0, 1]
    assert metadata.columns.alive.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"infohash": b"\x01" * 19}, "an infohash has 20 bytes"),
        ({"size": 2**63}, "size is out of range"),
        ({"size": -1}, "size is out of range"),
        ({"type": EntryType.FOLDER, "infohash": b""}, "only torrents go without a key"),
        ({"public_key": b"\x01" * 63}, "a public key has 64 bytes, not all 0"),
        ({"public_key": bytes(64)}, "a public key has 64 bytes, not all 0"),
        ({"public_key": KEY, "signature": b"\x01"}, "a signature has 64 bytes"),
        ({"public_key": KEY, "id": -1}, "id is out of range"),
        ({"timestamp": 2**64}, "timestamp is out of range"),
        ({"status": 3}, "there is no such status"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(metadata, fields, reason):
    [added, good] = await metadata.add([torrent(**fields), torrent(infohash=OTHER_INFOHASH)])

    assert (added.entry, added.outcome, added.reason) == (None, "refused", reason)
    assert good.outcome == "added"


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"title": "a" * 301}, {"title": "a" * 300}),
        ({"title": "a\x00b\nc\x1b[0m\u202ed \ud800"}, {"title": "a b c [0m d"}),
        ({"title": "Ünï çødé\u00a0東京"}, {"title": "Ünï çødé\u00a0東京"}),
        ({"category": "c" * 201}, {"category": "c" * 200}),
        ({"category": "Vi\tdeo"}, {"category": "Vi deo"}),
        ({"torrent_date": -1}, {"torrent_date": 0}),
        ({"torrent_date": int(time.time()) + 2 * 86400}, {"torrent_date": 0}),
        ({"torrent_date": int(time.time()) + 3600}, {}),
        ({"seeders": -1, "checked": 5}, {"seeders": 0, "checked": 0}),
        ({"seeders": 2, "checked": int(time.time()) + 3600}, {"seeders": 0, "checked": 0}),
        ({"size": 2**63 - 1}, {"size": 2**63 - 1}),
        ({"id": 99}, {"id": int.from_bytes(INFOHASH[:8], "big")}),
    ],
)
async def test_what_is_too_long_or_impossible_is_left_out(metadata, fields, stored):
    await metadata.add([torrent(**fields)])

    entry = metadata.entry(1)
    assert {name: getattr(entry, name) for name in stored} == stored


async def test_a_signature_that_no_longer_fits_is_dropped(metadata):
    await metadata.add([signed(title="a\nb"), signed(id=8)])

    assert [metadata.entry(rowid).signature for rowid in (1, 2)] == [b"", SIGNATURE]


async def test_the_family_filter_marks_by_title_and_category(metadata):
    await metadata.add(
        [torrent(title="Hot XXX night"), torrent(infohash=OTHER_INFOHASH, category="xxx"), signed(title="Debian")]
    )

    assert [entry.is_adult for entry in metadata.walk()] == [True, True, False]


async def test_many_callers_at_once_are_all_answered(metadata):
    infohashes = [bytes([number]) * 20 for number in range(1, 101)]

    added = await asyncio.gather(*(metadata.add([torrent(infohash=infohash)]) for infohash in infohashes))

    assert [one[0].entry.infohash for one in added] == infohashes
    assert {one[0].outcome for one in added} == {"added"}


async def test_one_operation_that_fails_leaves_those_that_wait_with_it_alone(metadata):
    def fail(batch):
        batch.insert(torrent(id=1))
        raise ValueError

    results = await asyncio.gather(
        metadata.add([torrent(infohash=OTHER_INFOHASH)]),
        metadata.run(fail),
        metadata.add([torrent()]),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [list, ValueError, list]
    assert [entry.infohash for entry in metadata.walk()] == [OTHER_INFOHASH, INFOHASH]


async def test_columns_keep_a_snapshot_for_whoever_took_it(metadata):
    await metadata.add([torrent()])
    before = metadata.columns

    await metadata.add(
        [msgspec.structs.replace(torrent(), infohash=number.to_bytes(8) + bytes(12)) for number in range(1, 3000)]
    )

    assert (len(before), len(metadata.columns)) == (2, 3001)
    assert metadata.columns.size.dtype.name == "uint64"


async def begun(metadata, number, *, within):
    adding = asyncio.create_task(metadata.add([torrent(infohash=bytes([number]) * 20)], within=within))
    await asyncio.sleep(0)
    return adding


async def test_what_may_wait_is_written_in_one_transaction_with_what_may_not(metadata):
    waiting = [await begun(metadata, number, within=3600) for number in range(1, 4)]
    assert (metadata.last_rowid(), metadata.revision()) == (0, 0)

    await metadata.add([torrent()])

    assert [added.outcome for [added] in await asyncio.gather(*waiting)] == ["added"] * 3
    assert (metadata.last_rowid(), metadata.revision()) == (4, 1)


async def test_what_may_wait_is_written_when_its_time_is_up(metadata):
    first = await begun(metadata, 1, within=0.05)
    second = await begun(metadata, 2, within=3600)

    await asyncio.gather(first, second)

    assert metadata.revision() == 1


async def test_what_waits_is_written_at_the_end(tmp_path):
    async with open_metadata(tmp_path) as metadata:
        waiting = await begun(metadata, 1, within=3600)
    assert [added.outcome for added in await waiting] == ["added"]

    async with open_metadata(tmp_path) as metadata:
        assert metadata.last_rowid() == 1
