"""The metadata database of both generations goes into our store."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.ours import open_ours
from tests.plugins.upgrader.tribler.states import NEW, OLD, VERSIONS, copied, read
from triblerd.errors import UnavailableError
from triblerd_metadata.api import EntryStatus, EntryType, MetadataStore, NewEntry, id_of_infohash, is_authentic
from triblerd_upgrader.foreign.tribler.database import ROWS
from triblerd_upgrader.foreign.tribler.metadata import KIND, split_tags
from triblerd_upgrader.foreign.values import ForeignRecords

BOTH = pytest.mark.parametrize("name", [OLD, NEW])
ETA = bytes.fromhex(PROGRAMS[NEW]["downloads"]["hybrid"]["infohash_v1"])


def change(name, root, *statements):
    """Run SQL on the metadata database of a copy."""
    with closing(sqlite3.connect(root / VERSIONS[name] / "sqlite" / "metadata.db")) as connection, connection:
        for statement in statements:
            connection.execute(*statement) if isinstance(statement, tuple) else connection.execute(statement)


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@BOTH
async def test_every_entry_is_what_it_was(ours, tmp_path, name):
    await ours.keep(read(name, copied(name, tmp_path)).items, KIND)

    entries = {entry.title: entry for entry in ours.metadata.walk()}
    assert len(entries) == len(PROGRAMS[name]["metadata"])
    for wanted in PROGRAMS[name]["metadata"]:
        entry = entries[wanted["title"]]
        key = bytes.fromhex(wanted["public_key"])
        infohash = ETA if wanted["title"] == "eta" else bytes.fromhex(wanted["infohash"])[:20]
        assert (entry.type, entry.public_key, entry.infohash) == (wanted["metadata_type"], key, infohash)
        assert (entry.size, entry.timestamp, entry.status) == (wanted["size"], wanted["timestamp"], wanted["status"])
        assert (entry.origin_id, entry.torrent_date) == (wanted["origin_id"], seconds(wanted["torrent_date"]))
        assert entry.signature == bytes.fromhex(wanted["signature"] or "")
        assert entry.id == (wanted["id_"] if key else id_of_infohash(infohash))
        assert entry.trackers[:1] == ((wanted["tracker_info"],) if wanted["tracker_info"] else entry.trackers[:1])


@BOTH
async def test_health_comes_along(ours, tmp_path, name):
    await ours.keep(read(name, copied(name, tmp_path)).items, KIND)

    for wanted in PROGRAMS[name]["health"]:
        infohash = bytes.fromhex(wanted["infohash"])
        [entry] = ours.metadata.by_infohash(ETA if infohash[:4] == b"\x2d\x75\xf1\xbd" else infohash[:20])
        health = (entry.seeders, entry.leechers, entry.checked, entry.self_checked)
        assert health == (wanted["seeders"], wanted["leechers"], wanted["last_check"], bool(wanted["self_checked"]))


async def test_signatures_still_hold_in_our_store(ours, tmp_path):
    await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND)

    signed = [entry for entry in ours.metadata.walk() if entry.public_key]

    assert len(signed) == 3
    assert all(map(is_authentic, signed))


async def test_what_the_user_published_and_downloads_is_his_own(ours, tmp_path):
    await ours.keep(read(OLD, copied(OLD, tmp_path / "old")).items, KIND)
    old = {entry.title for entry in ours.metadata.walk() if entry.is_own}
    await ours.keep(read(NEW, copied(NEW, tmp_path / "new")).items, KIND)
    new = {entry.title for entry in ours.metadata.walk() if entry.is_own} - old

    assert old == {"fixture channel", "Signed by me"}
    assert new == {entry["title"] for entry in PROGRAMS[NEW]["metadata"][:8]}


async def test_tags_are_no_part_of_a_category(ours, tmp_path):
    root = copied(NEW, tmp_path)
    change(NEW, root, "UPDATE ChannelNode SET tags = 'Video,books,Audio' WHERE title = 'beta'")

    await ours.keep(read(NEW, root).items, KIND)

    categories = {entry.title: entry.category for entry in ours.metadata.walk()}
    assert (categories["alpha.bin"], categories["beta"], categories["gamma"]) == ("Unknown", "Video", "Unknown")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", ())),
        ("Video", ("Video", ())),
        ("Video,books,red", ("Video", ("books", "red"))),
        ("books,Video", ("", ("books", "Video"))),
        ("CD/DVD/BD, a ,,a", ("CD/DVD/BD", ("a",))),
    ],
)
def test_tags_stand_behind_a_category_if_there_is_one(text, parts):
    assert split_tags(text) == parts


async def test_the_same_entries_once_more_change_nothing(tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items
    async with open_ours(tmp_path / "store") as ours:
        first = (await ours.keep(items, KIND))[KIND]
        before = list(ours.metadata.walk())
        again = (await ours.keep(items, KIND))[KIND]

        assert (first.added, first.present) == (5, 0)
        assert (again.added, again.present, again.not_taken) == (0, 5, ())
        assert list(ours.metadata.walk()) == before


async def test_what_is_there_stays_but_newer_health_is_taken(ours, tmp_path):
    known = NewEntry(title="Ours", infohash=b"\xa0" * 20, seeders=1, checked=1_600_000_000)
    newer = NewEntry(title="Ours too", infohash=b"\xa1" * 20, seeders=7, checked=1_790_000_000)
    await ours.metadata.add([known, newer])

    kept = (await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND))[KIND]

    assert (kept.added, kept.present) == (3, 2)
    assert [(entry.title, entry.seeders) for entry in ours.metadata.entries([1, 2])] == [("Ours", 12), ("Ours too", 7)]


async def test_a_wrong_signature_is_refused_and_told(ours, tmp_path):
    root = copied(OLD, tmp_path)
    change(OLD, root, "UPDATE ChannelNode SET title = 'Forged' WHERE title = 'Signed by another peer'")

    kept = (await ours.keep(read(OLD, root).items, KIND))[KIND]

    assert kept.added == 4
    assert [(one.what, one.reason) for one in kept.not_taken] == [
        ("torrents (1), such as 'Forged'", "the signature is wrong")
    ]


async def test_legacy_entries_are_kept_and_cannot_be_passed_on(ours, tmp_path):
    root = copied(OLD, tmp_path)
    legacy = "UPDATE ChannelNode SET status = 1000, title = 'Old' WHERE title = 'Signed by another peer'"
    change(OLD, root, legacy, "UPDATE ChannelNode SET status = 1000 WHERE title LIKE 'A ffa%'")

    await ours.keep(read(OLD, root).items, KIND)

    entries = {entry.title: entry for entry in ours.metadata.walk()}
    assert len(entries) == 5
    assert entries["Old"].status == entries["A ffa torrent (2019) [x264]"].status == EntryStatus.LEGACY
    assert entries["Old"].public_key
    assert not entries["Old"].signature


async def test_the_parts_of_channels_have_their_places(ours, tmp_path):
    found = read(OLD, copied(OLD, tmp_path))

    await ours.keep(found.items, KIND)

    [channel] = [entry for entry in ours.metadata.walk() if entry.type is EntryType.CHANNEL]
    assert channel.title == "fixture channel"
    assert channel.part is not None
    assert (channel.part.subscribed, channel.part.share, channel.part.num_entries) == (True, True, 0)
    inside = [entry.title for entry in ours.metadata.walk() if entry.origin_id == channel.id]
    assert inside == ["Signed by me"]


async def test_rows_that_can_be_no_entries_are_counted(ours, tmp_path):
    root = copied(NEW, tmp_path)
    change(
        NEW,
        root,
        "UPDATE ChannelNode SET metadata_type = 210 WHERE title = 'beta'",
        ("UPDATE ChannelNode SET title = ? WHERE title = 'gamma'", (b"\xff\xfe",)),
        "UPDATE ChannelNode SET size = -5 WHERE title = 'delta.bin'",
        "UPDATE ChannelNode SET torrent_date = 'yesterday' WHERE title = 'epsilon.bin'",
        "UPDATE TorrentState SET last_check = 'never' WHERE infohash = x'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0'",
    )

    found = read(NEW, root)
    await ours.keep(found.items, KIND)

    assert found.not_taken["rows of the metadata database (1)"] == "there is no place for what is of kind 210"
    assert found.not_taken["rows of the metadata database (3)"] == "they hold what no entry can have"
    entries = {entry.title: entry for entry in ours.metadata.walk()}
    assert len(entries) == 7
    assert entries["epsilon.bin"].torrent_date == 0


async def test_rows_that_are_only_in_the_write_ahead_log_are_read(ours, tmp_path):
    root = copied(OLD, tmp_path)
    file = root / "7.13" / "sqlite" / "metadata.db"
    writer = sqlite3.connect(file)
    writer.execute("UPDATE ChannelNode SET title = 'Fresh' WHERE title LIKE 'A ffa%'")
    writer.commit()
    copy = copied_with_log(file, tmp_path)

    await ours.keep(read(OLD, copy).items, KIND)
    writer.close()

    assert "Fresh" in {entry.title for entry in ours.metadata.walk()}


def copied_with_log(file, tmp_path):
    """Copy a state while somebody writes into its database."""
    assert file.with_name("metadata.db-wal").stat().st_size
    root = copied(OLD, tmp_path / "again")
    for path in file.parent.iterdir():
        (root / "7.13" / "sqlite" / path.name).write_bytes(path.read_bytes())
    return root


async def test_without_a_store_nobody_takes_entries(ours, tmp_path):
    del ours.services[MetadataStore]

    with pytest.raises(UnavailableError, match="the plugin metadata, which takes them, does not run"):
        await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND)


async def test_values_without_end_cost_their_row_alone(ours, tmp_path):
    root = copied(NEW, tmp_path)
    change(NEW, root, "UPDATE ChannelNode SET title = printf('%.*c', 9000000, 'x') WHERE title = 'beta'")

    found = read(NEW, root)
    await ours.keep(found.items, KIND)

    assert len(list(ours.metadata.walk())) == 10
    assert "rows of the metadata database (1)" in found.not_taken


async def test_trackers_are_those_of_the_row_and_of_the_torrent(ours, tmp_path):
    root = copied(NEW, tmp_path)
    change(
        NEW,
        root,
        "INSERT INTO TrackerState VALUES (7, 'udp://127.0.0.9:1/announce', 0, 0, 3)",
        "INSERT INTO TorrentState_TrackerState VALUES (9, 7)",
    )

    found = read(NEW, root)
    await ours.keep(found.items, KIND)

    [entry] = ours.metadata.by_infohash(b"\xa0" * 20)
    assert entry.trackers == ("http://127.0.0.1:6969/announce", "udp://127.0.0.9:1")
    assert found.not_taken["the state of trackers (1)"] == "which of them answer is learned anew"


async def test_millions_of_rows_come_in_portions(tmp_path):
    root = copied(NEW, tmp_path)
    count = ROWS + 5
    rows = [(number.to_bytes(20), f"torrent {number}", number) for number in range(1, count + 1)]
    with closing(sqlite3.connect(root / "8.0" / "sqlite" / "metadata.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO ChannelNode (infohash, title, id_, tracker_info, tags, metadata_type, public_key, timestamp,"
            " tag_processor_version) VALUES (?, ?, ?, '', '', 300, x'', 1, 0)",
            rows,
        )

    items = read(NEW, root).items
    portions = [item for item in items if isinstance(item, ForeignRecords) and item.kind == KIND]

    assert [len(portion.values) for portion in portions] == [ROWS, 5 + 11]
