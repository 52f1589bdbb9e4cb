"""Whatever is wrong with one file, the rest of a state is read, and the damage is told."""

import random
import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from tests.plugins.upgrader.samples import SAMPLES
from tests.plugins.upgrader.tribler.states import (
    CHECKPOINTS,
    NEW,
    OLD,
    READERS,
    VERSIONS,
    checkpoint,
    copied,
    edit,
    expected,
    read,
    state_of,
)
from triblerd_upgrader.foreign.values import ForeignRecords, ForeignSettings

UNREAD = {"lt.state", "exitnode_cache.dat", "secondary_key.pem", "ecpub_multichain.pem", "processes.sqlite"}
HARMLESS = {*UNREAD, "tribler-core.lock", "version_history.json"}
"""Nothing of them is needed."""

FILES = [
    (name, path.relative_to(SAMPLES / name / "state").as_posix())
    for name in (OLD, NEW)
    for path in sorted((SAMPLES / name / "state").rglob("*"))
    if path.is_file()
]


def truncate(content):
    return content[: len(content) // 2]


def empty(_content):
    return b""


def rubbish(content):
    return random.Random(0).randbytes(max(len(content), 100))


def add_rows(file, count):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO ChannelNode (infohash, title, id_, tracker_info, tags, metadata_type, public_key, timestamp,"
            " tag_processor_version) VALUES (?, ?, ?, '', '', 300, x'', 1, 0)",
            [(number.to_bytes(20), f"{'long title ' * 20}{number}", number) for number in range(1, count + 1)],
        )


def kinds(found):
    """Return how much there is of everything."""
    counted = Counter(type(item).__name__ for item in found.items if not isinstance(item, ForeignRecords))
    del counted["NotTaken"]
    for item in found.items:
        if isinstance(item, ForeignRecords):
            counted[item.kind] += len(item.values)
    return counted


PARTS = {
    "dlcheckpoints": {"ForeignDownload"},
    "triblerd.conf": {"ForeignSettings"},
    "configuration.json": {"ForeignSettings"},
    "metadata.db": {"torrents", "own statements"},
    "knowledge.db": {"own statements", "statements"},
    "bandwidth.db": {"transactions", "balances"},
    "ec_multichain.pem": {"identity", "balances"},
}
"""What may be missing when a file is damaged: all else is there."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return how much there is in a state that is whole."""
    return {name: kinds(read(name, copied(name, tmp_path_factory.mktemp("whole")))) for name in (OLD, NEW)}


@pytest.mark.parametrize("damage", [truncate, empty, rubbish])
@pytest.mark.parametrize(("name", "path"), FILES)
def test_one_damaged_file_costs_only_what_stands_in_it(tmp_path, whole, name, path, damage):
    root = copied(name, tmp_path)
    file = root / path
    file.write_bytes(damage(file.read_bytes()))

    assert READERS[name]().find(root) is not None
    found = read(name, root)

    left, affected = kinds(found), PARTS.get(file.parent.name, PARTS.get(file.name, set()))
    for kind, count in whole[name].items():
        lost = count - left[kind]
        assert lost >= 0
        assert not lost or kind in affected
        assert lost <= 1 or kind != "ForeignDownload"
    told = [what for what in found.not_taken if file.name in what or "damaged" in found.not_taken[what]]
    assert told or file.name in HARMLESS or left == whole[name]


@pytest.mark.parametrize("name", [OLD, NEW])
def test_one_flipped_character_of_base64_is_found_or_changes_no_identity(tmp_path, name):
    root = copied(name, tmp_path)
    file = checkpoint(name, root, "unicode")
    original, encoded = file.read_bytes(), state_of(file)["engineresumedata"].encode()
    infohash = next(iter(key for key, one in expected(name).items() if one["id"] == file.stem))
    start = original.index(encoded)

    for place in range(start, start + len(encoded), 67):
        changed = bytearray(original)
        changed[place] = ord("A") if changed[place] != ord("A") else ord("!")
        file.write_bytes(changed)
        found = read(name, root)

        download = found.downloads.get(infohash)
        told = [what for what in found.not_taken if file.name in what]
        assert download is not None or told
        assert len(found.downloads) >= len(expected(name)) - 1


def test_damaged_resume_data_of_version_7_leave_the_torrent_to_be_checked(tmp_path):
    root = copied(OLD, tmp_path)
    file = checkpoint(OLD, root, "single")
    edit(file, state_of(file)["engineresumedata"], "ZDg6")

    found = read(OLD, root)

    assert found.downloads[file.stem].have is None
    assert found.downloads[file.stem].metainfo
    [told] = [reason for what, reason in found.not_taken.items() if file.name in what]
    assert told.startswith("the resume data are damaged: ")


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, path in FILES if path.endswith(".db")])
def test_damaged_pages_cost_only_rows(tmp_path, whole, name, path):
    root = copied(name, tmp_path)
    file = root / path
    pages = file.stat().st_size // 4096

    for page in range(pages):
        content = bytearray((SAMPLES / name / "state" / path).read_bytes())
        content[page * 4096 + 100 : page * 4096 + 4096] = b"\xa5" * 3996
        file.write_bytes(content)
        found = read(name, root)

        left = kinds(found)
        assert {kind: left[kind] for kind in left if kind not in PARTS[file.name]} == {
            kind: count for kind, count in whole[name].items() if kind not in PARTS[file.name]
        }
        assert left == whole[name] or [
            what for what, why in found.not_taken.items() if "damage" in why or "read" in why
        ]


def test_rows_around_a_damaged_page_are_salvaged(tmp_path):
    root = copied(NEW, tmp_path)
    file = root / "8.0" / "sqlite" / "metadata.db"
    add_rows(file, 3000)
    content = bytearray(file.read_bytes())
    place = content.index(b"long title 1500")
    start = place // 4096 * 4096
    content[start : start + 4096] = b"\xff" * 4096
    file.write_bytes(content)

    found = read(NEW, root)

    salvaged = len(found.of_kind("torrents"))
    assert 3011 - 40 < salvaged < 3011
    assert f"rows of the metadata database ({3011 - salvaged})" in found.not_taken
    assert found.not_taken["sqlite/metadata.db"].startswith("it is damaged: ")


def test_rows_before_the_end_of_a_truncated_database_are_salvaged(tmp_path):
    root = copied(NEW, tmp_path)
    file = root / "8.0" / "sqlite" / "metadata.db"
    add_rows(file, 3000)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 3 // 4])

    found = read(NEW, root)

    assert 1000 < len(found.of_kind("torrents")) < 3011
    assert found.not_taken["sqlite/metadata.db"].startswith("it is damaged: ")


@pytest.mark.parametrize("kept", [b"", b"rubbish" * 1000])
def test_a_missing_or_damaged_log_of_a_database_costs_the_newest_rows_alone(tmp_path, kept):
    root = copied(OLD, tmp_path)
    file = root / "7.13" / "sqlite" / "metadata.db"
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("UPDATE ChannelNode SET title = 'Newest' WHERE title LIKE 'A ffa%'")
        writer.commit()
        content = file.read_bytes()
    file.write_bytes(content)
    file.with_name("metadata.db-wal").write_bytes(kept)

    titles = {entry.title for entry in read(OLD, root).of_kind("torrents")}

    assert len(titles) == 5
    assert titles & {"Newest", "A ffa torrent (2019) [x264]"}


@pytest.mark.parametrize("name", [OLD, NEW])
def test_missing_files_cost_nothing_else(tmp_path, name):
    root = copied(name, tmp_path)
    for file in (root / VERSIONS[name] / "sqlite").iterdir():
        file.unlink()

    found = read(name, root)

    assert len(found.downloads) == len(expected(name))
    assert [item for item in found.items if isinstance(item, ForeignSettings)]
    assert found.not_taken["sqlite/metadata.db"] == "it cannot be read: there is no such file"


@pytest.mark.parametrize("name", [OLD, NEW])
def test_other_files_among_checkpoints_are_told_or_left_alone(tmp_path, name):
    root = copied(name, tmp_path)
    folder = root / CHECKPOINTS[name]
    (folder / "notes.txt").write_text("hello")
    (folder / "mine.conf").write_text("[download_defaults]\nsaveas = /x\n")
    (folder / f"{'ab' * 20}.conf").write_text("")
    (folder / f"{'cd' * 20}.conf").mkdir()

    found = read(name, root)

    assert len(found.downloads) == len(expected(name))
    assert found.not_taken["dlcheckpoints/mine.conf"] == "it is damaged: its name is no infohash"
    assert found.not_taken[f"dlcheckpoints/{'ab' * 20}.conf"] == "it is damaged: it is no checkpoint, or ends too early"
    assert f"dlcheckpoints/{'cd' * 20}.conf" in found.not_taken
