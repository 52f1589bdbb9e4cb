"""The parts that need no engine: states, limits, selections, the journal of changes."""

import msgspec
import pytest

from triblerd_downloads.api import AddWishes, Category, DownloadRecord, DownloadState
from triblerd_downloads.changes import REMEMBERED_REMOVALS, Changes
from triblerd_downloads.config import DownloadDefaults, SeedingMode, default_destination
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.figures import availability, seconds_left
from triblerd_downloads.limits import has_seeded_enough, share_ratio
from triblerd_downloads.requests import add_wishes, upload_options
from triblerd_downloads.schemas import AddBody, AddQuery
from triblerd_downloads.selection import (
    changed_files,
    checked_selection,
    is_selected,
    known_selection,
    priorities,
    with_files,
)
from triblerd_downloads.states import basic_state, extended_state
from triblerd_libtorrent.api import EngineState, Infohash, TorrentStatus

NUMBERS = {info.name: 0 for info in msgspec.structs.fields(TorrentStatus) if info.type is int}
RESTING = TorrentStatus(
    infohash=Infohash("ab" * 20),
    state=EngineState.SEEDING,
    is_paused=False,
    is_auto_managed=False,
    has_metadata=True,
    is_finished=True,
    is_seeding=True,
    is_moving=False,
    progress=1.0,
    distributed_copies=0.0,
    save_path="/",
    name="film",
    needs_resume_data=False,
    error="",
    **NUMBERS,
)


def status(**changes):
    """Return a status that is told by what differs from a seeding one."""
    return msgspec.structs.replace(RESTING, **changes)


@pytest.mark.parametrize(
    ("changes", "copies"),
    [
        ({"num_peers": 0, "distributed_copies": 0.3}, 0),  # these are ours
        ({"num_peers": 2, "num_seeds": 2, "distributed_copies": 2.3}, 2),
        ({"num_peers": 3, "num_seeds": 2, "distributed_copies": 2.6}, 2.6),
        ({"num_peers": 3, "num_seeds": 1, "distributed_copies": -1.0}, 1),
    ],
)
def test_only_the_pieces_of_others_are_available(changes, copies):
    assert availability(status(**changes)) == copies
    assert availability(None) == 0


def test_a_paused_download_has_no_rate_to_be_done_by():
    half = status(progress=0.5, download_rate=100)

    assert seconds_left(1000, half) == 5
    assert seconds_left(1000, msgspec.structs.replace(half, is_paused=True)) > 1e8
    assert seconds_left(1000, status(progress=1.0)) == seconds_left(1000, None) == 0


@pytest.mark.parametrize(
    ("engine", "basic", "extended"),
    [
        (EngineState.CHECKING_QUEUED, "WAITING_FOR_HASHCHECK", "HASHCHECKING"),
        (EngineState.CHECKING, "HASHCHECKING", "HASHCHECKING"),
        (EngineState.CHECKING_RESUME, "HASHCHECKING", "HASHCHECKING"),
        (EngineState.METADATA, "METADATA", "METADATA"),
        (EngineState.DOWNLOADING, "DOWNLOADING", "DOWNLOADING"),
        (EngineState.FINISHED, "SEEDING", "SEEDING"),
        (EngineState.SEEDING, "SEEDING", "SEEDING"),
    ],
)
def test_each_state_of_the_engine_has_its_name(engine, basic, extended):
    assert basic_state(status(state=engine), "").name == basic
    assert extended_state(status(state=engine), "").name == extended


@pytest.mark.parametrize(
    ("row", "error", "basic", "extended"),
    [
        (None, "", "STOPPED", "STOPPED"),
        (None, "no", "STOPPED_ON_ERROR", "STOPPED_ON_ERROR"),
        (status(is_paused=True), "", "STOPPED", "STOPPED"),
        (status(is_paused=True, is_auto_managed=True), "", "STOPPED", "QUEUED"),
        (status(is_paused=True), "no", "STOPPED_ON_ERROR", "STOPPED_ON_ERROR"),
        (status(is_moving=True), "", "SEEDING", "MOVING"),
        (status(is_moving=True), "no", "STOPPED_ON_ERROR", "STOPPED_ON_ERROR"),
    ],
)
def test_what_matters_more_than_the_state_of_the_engine(row, error, basic, extended):
    assert basic_state(row, error).name == basic
    assert extended_state(row, error).name == extended


def test_a_download_is_moving_from_the_moment_that_its_move_begins():
    record = DownloadRecord(order=0, time_added=0, destination="/here", moving_to="/there", file_count=1)
    download = ActiveDownload(RESTING.infohash, record)
    held = download.extended_state
    download.status = RESTING

    assert (held, download.extended_state, download.state.name) == (
        DownloadState.MOVING,
        DownloadState.MOVING,
        "SEEDING",
    )


def test_a_torrent_whose_files_are_not_known_here_yet_is_fetching_its_metadata():
    row = status(state=EngineState.SEEDING)

    assert basic_state(row, "", has_metadata=False) is DownloadState.METADATA
    assert extended_state(row, "", has_metadata=False) is DownloadState.METADATA


NONE = Category()


@pytest.mark.parametrize(
    ("defaults", "limits", "changes", "idle", "enough"),
    [
        ({}, [NONE, NONE], {}, 1e9, False),
        ({"seeding_mode": SeedingMode.NEVER}, [NONE], {}, 0, True),
        ({"seeding_mode": SeedingMode.NEVER}, [], {"is_finished": False}, 0, False),
        ({"seeding_mode": SeedingMode.NEVER}, [], {"is_paused": True}, 0, False),
        ({"seeding_mode": SeedingMode.RATIO}, [], {"all_time_upload": 199, "total_done": 100}, 0, False),
        ({"seeding_mode": SeedingMode.RATIO}, [], {"all_time_upload": 200, "total_done": 100}, 0, True),
        ({"seeding_mode": SeedingMode.TIME}, [], {"seeding_duration": 59}, 0, False),
        ({"seeding_mode": SeedingMode.TIME}, [], {"seeding_duration": 50}, 10, True),
        ({}, [Category(seeding_ratio=1.0)], {"all_time_upload": 100, "total_done": 100}, 0, True),
        (
            {"seeding_mode": SeedingMode.NEVER},
            [Category(seeding_ratio=1.0)],
            {"all_time_upload": 99, "total_done": 100},
            0,
            False,
        ),
        ({}, [Category(seeding_time=60)], {"seeding_duration": 50}, 10, True),
        ({}, [Category(seeding_ratio=9, seeding_time=60)], {"seeding_duration": 60}, 0, True),
        ({}, [Category(seeding_ratio=9), Category(seeding_time=60)], {"seeding_duration": 60}, 0, False),
        ({}, [NONE, Category(seeding_time=60)], {"seeding_duration": 60}, 0, True),
    ],
)
def test_when_a_download_has_seeded_enough(defaults, limits, changes, idle, enough):
    row = status(**changes)

    assert has_seeded_enough(row, DownloadDefaults(**defaults), *limits, idle_seconds=idle) is enough


def test_a_ratio_of_nothing_is_nothing():
    assert share_ratio(100, 0) == 0.0
    assert share_ratio(50, 100) == 0.5


@pytest.mark.parametrize(
    ("indices", "count", "expected"),
    [([], 3, b"\0"), ([2, 0, 2], 3, b"\5"), ([8], 9, b"\0\1"), ([3], 3, None), ([-1], 3, None), ([0], 0, None)],
)
def test_a_selection_names_files_that_there_are(indices, count, expected):
    assert checked_selection(indices, count) == expected


@pytest.mark.parametrize(
    ("selection", "expected"), [(None, None), ((), b"\0"), ((0, 7), b"\1"), ((7, 8), None), ((1, 2), b"\6")]
)
def test_unknown_indices_are_dropped_once_the_files_are_known(selection, expected):
    assert known_selection(selection, 3) == expected


def test_priorities_follow_the_selection():
    assert priorities(None, 3) == ()
    assert priorities((), 3) == (0, 0, 0)
    assert priorities((1,), 3) == (0, 4, 0)
    assert priorities(b"\2", 3) == (0, 4, 0)


def test_a_selection_of_an_older_store_is_understood():
    old = msgspec.msgpack.encode(DownloadRecord(order=0, time_added=0, destination="/", file_count=9, selection=(0, 8)))

    selection = msgspec.msgpack.decode(old, type=DownloadRecord).selection

    assert [index for index in range(10) if is_selected(selection, index)] == [0, 8]
    assert priorities(selection, 9) == (4, 0, 0, 0, 0, 0, 0, 0, 4)
    assert with_files(selection, 0b10, 9, wanted=True) == b"\3\1"
    assert with_files(selection, 0b11, 9, wanted=False) == b"\0\1"
    assert changed_files(selection, b"\3\1", 9, most=1) == [1]
    assert changed_files(selection, None, 9, most=6) is None


def test_the_journal_tells_what_is_new_since_a_revision():
    changes = Changes()
    first, second, third = (Infohash(digit * 40) for digit in "abc")
    for infohash in (first, second, third):
        changes.touch(infohash)
    before = changes.revision
    changes.touch(first)
    changes.remove(second)

    assert changes.since(before) == ([first], [second])
    assert changes.since(changes.revision) == ([], [])
    assert changes.since(0) == ([third, first], [second])


def test_a_download_that_was_removed_and_added_again_is_both():
    changes = Changes()
    changes.touch(Infohash("a" * 40))
    before = changes.revision
    changes.remove(Infohash("a" * 40))
    changes.touch(Infohash("a" * 40))

    assert changes.since(before) == (["a" * 40], ["a" * 40])


def test_a_revision_of_another_life_or_of_long_ago_is_not_known():
    changes, other = Changes(), Changes()
    old = changes.revision
    for number in range(REMEMBERED_REMOVALS + 1):
        changes.touch(Infohash(f"{number:040x}"))
        changes.remove(Infohash(f"{number:040x}"))

    assert changes.parse(changes.text(7)) == 7
    assert changes.since(old) is None
    assert changes.since(changes.revision + 1) is None
    for text in ("", "7", other.text(7), f"{changes.text(7)}x", f"{changes.text(7)}²"):
        assert changes.parse(text) is None


def test_the_default_directory_is_below_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    without = default_destination()
    (tmp_path / "Downloads").mkdir()

    assert without == str(tmp_path / "TriblerDownloads")
    assert default_destination() == str(tmp_path / "Downloads" / "TriblerDownloads")


def test_both_forms_of_adding_ask_for_the_same():
    wishes = AddWishes(hops=2, safe_seeding=True, destination="/x", selection=(0, 2))

    assert wishes == add_wishes(
        AddBody(uri="magnet:", anon_hops=2, safe_seeding=1, destination="/x", selected_files=[2, 0, 2])
    )
    assert wishes == upload_options(AddQuery(anon_hops="2", safe_seeding=True, destination="/x", selected_files="2,0"))
