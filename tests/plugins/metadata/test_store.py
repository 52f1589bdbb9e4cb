import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tests.plugins.catalog import CATALOG_SIZE, copy_catalog, open_metadata
from triblerd_metadata.preparing import apart, prepare
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.values import Change, EntryType, NewEntry

KEY = bytes(range(64))


def torrent(**changes: object) -> NewEntry:
    return msgspec.structs.replace(NewEntry(title="Big Buck Bunny", infohash=b"\x01" * 20, size=7), **changes)


def signed(**changes: object) -> NewEntry:
    return torrent(public_key=KEY, id=4660, timestamp=1000, signature=b"\x02" * 64, **changes)


class Recorder:
    def __init__(self):
        self.changes: list[Change] = []
        self.rows_by_word: list[Mapping[str, list[int]]] = []

    def written(self, _transaction, changes, rows_by_word):
        self.changes += changes
        self.rows_by_word.append(rows_by_word)


async def test_an_unsigned_torrent_is_found_by_row_infohash_and_id(metadata):
    [added] = await metadata.add([torrent()])

    assert added.outcome == "added"
    assert metadata.entry(1) == added.entry
    assert metadata.by_infohash(b"\x01" * 20) == [added.entry]
    assert metadata.by_identity(b"", int.from_bytes(b"\x01" * 8, "big")) == added.entry


async def test_a_store_of_100000_torrents_holds_each_of_them(catalog_folder, tmp_path):
    folder = copy_catalog(catalog_folder, tmp_path / "state") / "store"
    torrents = make_torrents(CATALOG_SIZE)

    async with open_metadata(folder) as metadata:
        entries = list(metadata.walk())

    assert [entry.infohash for entry in entries] == [new.infohash for new in torrents]
    assert [entry.seeders for entry in entries] == [new.seeders for new in torrents]
    assert metadata.counts == {EntryType.TORRENT: CATALOG_SIZE}


async def test_a_follower_is_told_of_what_was_added_replaced_and_deleted(metadata):
    recorder = Recorder()
    metadata.follow(recorder)

    [first] = await metadata.add([signed()])
    [second] = await metadata.add([msgspec.structs.replace(signed(), title="Sintel", timestamp=2000)])
    await metadata.run(lambda batch: batch.delete(second.entry))

    assert [(change.before, change.after) for change in recorder.changes] == [
        (None, first.entry),
        (first.entry, second.entry),
        (second.entry, None),
    ]
    assert recorder.rows_by_word == [{"big": [1], "buck": [1], "bunny": [1]}, {"sintel": [1]}, {}]


async def test_a_follower_is_told_the_words_that_prepared_entries_have_in_the_end(metadata):
    await metadata.add([torrent(infohash=b"\x02" * 20)])
    recorder = Recorder()
    metadata.follow(recorder)
    older, newer = signed(), msgspec.structs.replace(signed(), title="Big Sintel", timestamp=2000)
    kept = torrent(title="Something that is known", infohash=b"\x02" * 20)
    other = torrent(title="Big Sintel: the big one", infohash=b"\x03" * 20)
    prepared, title_words = apart([prepare(entry, 0) for entry in (older, kept, newer, other)])

    await asyncio.gather(metadata.add_prepared(prepared, title_words), metadata.add([torrent(infohash=b"\x04" * 20)]))

    [rows_by_word] = recorder.rows_by_word
    assert {word: sorted(set(rows)) for word, rows in rows_by_word.items()} == {
        "big": [2, 3, 4],
        "sintel": [2, 3],
        "the": [3],
        "one": [3],
        "buck": [4],
        "bunny": [4],
    }
    assert [metadata.entry(row).title for row in (2, 3, 4)] == [newer.title, other.title, torrent().title]
    assert metadata.columns.tokens[1:5].tolist() == [3, 2, 5, 3]


async def test_everything_is_there_after_the_store_was_closed(tmp_path: Path):
    async with open_metadata(tmp_path / "store") as metadata:
        outcomes = await metadata.add([*make_torrents(100), signed(infohash=b"\x03" * 20, origin_id=7)])

    async with open_metadata(tmp_path / "store") as metadata:
        entries = list(metadata.walk())

    assert entries == [outcome.entry for outcome in outcomes]
    assert metadata.columns.origin_id[101] == 7


async def test_a_watcher_is_told_of_rows_while_their_old_numbers_are_there(metadata):
    seen = []

    class Watcher:
        def changing(self, rows, changes):
            alive = metadata.columns.alive
            seen.append([(row, row < len(alive) and bool(alive[row])) for row in rows.tolist()])
            assert [change.rowid for change in changes] == rows.tolist()

    unwatch = metadata.watch(Watcher())
    await metadata.add([torrent()])
    [entry] = metadata.entries([1])
    await metadata.run(lambda batch: batch.delete(entry))
    unwatch()
    await metadata.add([torrent()])

    assert seen == [[(1, False)], [(1, True)]]


async def test_a_watcher_that_fails_harms_nobody(metadata, caplog):
    class Watcher:
        def changing(self, _rows, _changes):
            raise ValueError

    metadata.watch(Watcher())

    [added] = await metadata.add([torrent()])

    assert added.outcome == "added"
    assert metadata.columns.alive.tolist() == [False, True]
    assert "A watcher of the columns failed" in caplog.text
