"""What of qBittorrent the samples do not show."""

import fcntl
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.plugins.upgrader.samples import copy_state
from triblerd_libtorrent.api import bdecode_dictionary, bencode
from triblerd_upgrader.foreign.copying import copy_state as copy_privately
from triblerd_upgrader.foreign.qbittorrent.reader import QBittorrent
from triblerd_upgrader.foreign.values import ForeignCategory, ForeignDownload, Limit, NotTaken

SINGLE = "d73e71db1231cf8b32308ff083d9306445986969"
READER = QBittorrent()


@pytest.fixture
def state(tmp_path):
    return copy_state("qbittorrent-4.5", tmp_path)


@pytest.fixture
def database_state(tmp_path):
    return copy_state("qbittorrent-5.1-sqlite", tmp_path / "other")


def change(state, **values):
    """Change keys of the resume data of one download; ``qBt_`` begins those of the program, ``None`` removes one."""
    path = state / "BT_backup" / f"{SINGLE}.fastresume"
    content, _ = bdecode_dictionary(path.read_bytes())
    changed = content | {key.replace("qBt_", "qBt-").encode(): value for key, value in values.items()}
    path.write_bytes(bencode({key: value for key, value in changed.items() if value is not None}))


def read(state, source=None):
    return list(READER.read(state, str, source or state))


def single(state, source=None):
    items = read(state, source)
    return next(item for item in items if isinstance(item, ForeignDownload) and item.infohash_v1.hex() == SINGLE)


def not_taken(state):
    return {item.what: item.reason for item in read(state) if isinstance(item, NotTaken)}


@pytest.mark.parametrize(
    ("keys", "ratio", "seconds", "idle"),
    [
        ({}, Limit.GLOBAL, Limit.GLOBAL, Limit.GLOBAL),
        ({"qBt_ratioLimit": -1000, "qBt_seedingTimeLimit": -1}, Limit.NONE, Limit.NONE, Limit.GLOBAL),
        ({"qBt_ratioLimit": 0, "qBt_seedingTimeLimit": 0}, 0, 0, Limit.GLOBAL),
        ({"qBt_ratioLimit": 1234, "qBt_inactiveSeedingTimeLimit": 10}, 1.234, Limit.GLOBAL, 600),
        ({"qBt_ratioLimit": b"1.5"}, 1.5, Limit.GLOBAL, Limit.GLOBAL),
        ({"qBt_ratioLimit": b"-1"}, Limit.NONE, Limit.GLOBAL, Limit.GLOBAL),
        ({"qBt_ratioLimit": b"-2"}, Limit.GLOBAL, Limit.GLOBAL, Limit.GLOBAL),
        ({"qBt_ratioLimit": None, "qBt_seedingTimeLimit": None}, Limit.GLOBAL, Limit.GLOBAL, Limit.GLOBAL),
    ],
)
def test_limits_are_in_thousandths_and_minutes(state, keys, ratio, seconds, idle):
    change(state, **keys)

    found = single(state)

    assert (found.ratio_limit, found.seeding_time_limit, found.idle_limit) == (ratio, seconds, idle)


@pytest.mark.parametrize(("paused", "managed", "stopped"), [(1, 0, True), (1, 1, False), (0, 1, False), (0, 0, False)])
def test_a_download_is_stopped_when_it_is_paused_and_not_managed(state, paused, managed, stopped):
    change(state, paused=paused, auto_managed=managed)

    found = single(state)

    assert (found.stopped, found.auto_managed) == (stopped, bool(managed))


@pytest.mark.parametrize(
    ("save_path", "category", "completed"),
    [
        (b"/srv/torrents", b"", ""),
        (b"/elsewhere", b"", "/elsewhere"),
        (None, b"", ""),
        (b"", b"books", ""),
        (b"", b"tv/series \xc3\xbc", "/srv/torrents/tv/series ü"),
        (b"", b"unknown", "/srv/torrents/unknown"),
    ],
)
def test_a_download_whose_place_is_chosen_goes_where_its_category_says(state, save_path, category, completed):
    change(state, qBt_savePath=save_path, qBt_category=category)

    assert single(state).completed_dir == completed


def test_categories_may_have_relative_paths(state):
    (state / "categories.json").write_text('{"a": {"save_path": "x/y"}, "b": {"save_path": "/z"}, "c": {}}')

    assert [item for item in read(state) if isinstance(item, ForeignCategory)] == [
        ForeignCategory(name="a", save_path="/srv/torrents/x/y"),
        ForeignCategory(name="b", save_path="/z"),
        ForeignCategory(name="c"),
    ]


def test_paths_of_a_portable_program_begin_beside_its_directory(state):
    change(state, save_path=b"downloads/x", qBt_savePath=b"downloads")

    found = single(state, Path("/stick/profile/qBittorrent"))

    assert (found.save_path, found.completed_dir) == ("/stick/profile/downloads/x", "/stick/profile/downloads")


def test_separators_of_windows_are_turned_round_in_names_of_files(state):
    change(state, save_path=b"C:\\Torrents", mapped_files=[b"sub\\other.bin"])

    found = single(state)

    assert (found.save_path, found.renamed_files) == ("C:\\Torrents", {0: "sub/other.bin"})


@pytest.mark.parametrize("name", [b"/etc/passwd", b"../x", b"a/../../x", b"a//b", b"x\0", b"./x"])
def test_a_file_elsewhere_is_refused(state, name):
    change(state, mapped_files=[name])

    assert "outside of its directory" in not_taken(state)[f"BT_backup/{SINGLE}.fastresume"]


def test_the_torrent_file_must_be_that_of_the_download(state):
    other = state / "BT_backup" / "2a6a8abcb43d3d9929a07601b7a7d28266553f5d.torrent"
    shutil.copy(other, state / "BT_backup" / f"{SINGLE}.torrent")

    assert "another torrent" in not_taken(state)[f"BT_backup/{SINGLE}.fastresume"]


def test_files_that_belong_to_nothing_are_told(state):
    (state / "BT_backup" / f"{SINGLE}.fastresume").unlink()

    assert "no resume data" in not_taken(state)[f"BT_backup/{SINGLE}.torrent"]


def test_what_cannot_be_kept_is_told(state):
    change(state, qBt_shareLimitAction=b"RemoveWithContent")
    (state / "rss").mkdir()
    (state / "rss/feeds.json").write_text('{"a": {"url": "http://127.0.0.1/"}}')
    (state / "watched_folders.json").write_text('{"/srv/watch": {}, "/srv/more": {}}')

    told = not_taken(state)

    assert "removed with its files" in told[f"BT_backup/{SINGLE}.fastresume: share limit"]
    assert {"rss", "watched folder /srv/more", "tag unused tag"} <= told.keys()
    assert "only one limit" in told["qBittorrent.conf: Session\\GlobalMaxSeedingMinutes"]


def test_names_and_missing_pieces(state):
    change(state, qBt_name=b"My own name", pieces=b"")

    found = single(state)

    assert (found.name, found.have) == ("My own name", None)


# --- the database -------------------------------------------------------------------------------------------------


def test_columns_may_be_missing(database_state):
    with closing(sqlite3.connect(database_state / "torrents.db")) as database, database:
        for column in ("inactive_seeding_time_limit", "share_limit_action", "stop_condition", "ssl_certificate"):
            database.execute(f"ALTER TABLE torrents DROP COLUMN {column}")

    assert single(database_state).labels == ("blue", "red")


def test_rows_that_are_only_in_the_log_are_read(database_state, tmp_path):
    path = database_state / "torrents.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE torrents SET name = 'from the log'")
        database.commit()
        copy_privately(database_state, tmp_path / "copy")

    assert single(tmp_path / "copy").name == "from the log"


@pytest.mark.parametrize(
    ("mode", "stopped", "expected"),
    [("AutoManaged", 0, (False, True)), ("AutoManaged", 1, (True, False)), ("Forced", 0, (False, False))],
)
def test_a_row_says_whether_it_is_stopped(database_state, mode, stopped, expected):
    with closing(sqlite3.connect(database_state / "torrents.db")) as database, database:
        database.execute("UPDATE torrents SET operating_mode = ?, stopped = ?", (mode, stopped))

    found = single(database_state)

    assert (found.stopped, found.auto_managed) == expected


def test_a_damaged_row_takes_no_other_with_it(database_state):
    with closing(sqlite3.connect(database_state / "torrents.db")) as database, database:
        database.execute("UPDATE torrents SET metadata = x'00' WHERE torrent_id = ?", (SINGLE,))

    items = read(database_state)

    assert sum(isinstance(item, ForeignDownload) for item in items) == 9
    assert f"torrents.db: {SINGLE}, metadata" in not_taken(database_state)


def test_a_view_is_no_table(database_state):
    with closing(sqlite3.connect(database_state / "torrents.db")) as database, database:
        database.execute("DROP TABLE torrents")
        database.execute(
            "CREATE VIEW torrents AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
        )

    assert "no database of qBittorrent" in not_taken(database_state)["torrents.db"]


def test_the_settings_say_which_storage_counts(database_state, state):
    shutil.copytree(state / "BT_backup", database_state / "BT_backup", dirs_exist_ok=True)
    from_database = {item.added_time for item in read(database_state) if isinstance(item, ForeignDownload)}

    shutil.copy(state / "qBittorrent.conf", database_state)
    from_files = {item.added_time for item in read(database_state) if isinstance(item, ForeignDownload)}

    assert (from_database, from_files) == ({1795426494}, {1795426329})


# --- places -------------------------------------------------------------------------------------------------------


def test_data_and_configuration_may_lie_apart(state, tmp_path):
    profile = tmp_path / "profile"
    shutil.copytree(state, profile / "data")
    (profile / "config").mkdir()
    (profile / "data/qBittorrent.conf").rename(profile / "config/qBittorrent.conf")

    find = READER.find(profile)

    assert find is not None
    assert (find.root, find.downloads, find.parts) == (profile, 10, ())
    assert len(read(profile)) == len(read(state))


@pytest.mark.parametrize("given", ["", ".local/share/qBittorrent", ".local/share/qBittorrent/BT_backup"])
def test_a_home_has_both(state, tmp_path, given):
    home = tmp_path / "home"
    shutil.copytree(state, home / ".local/share/qBittorrent")
    (home / ".config/qBittorrent").mkdir(parents=True)
    (home / ".local/share/qBittorrent/qBittorrent.conf").rename(home / ".config/qBittorrent/qBittorrent.conf")
    (home / "private.conf").write_text("no part of it")

    find = READER.find(home / given)

    assert find is not None
    assert (find.root, find.downloads) == (home, 10)
    copy_privately(find.root, tmp_path / "copy", find.parts)
    assert not (tmp_path / "copy/private.conf").exists()
    assert len(read(tmp_path / "copy")) == len(read(state))


def test_a_locked_state_is_in_use(state):
    (state / "lockfile").touch()
    before = READER.find(state)
    with (state / "lockfile").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        meanwhile = READER.find(state)

    assert before is not None
    assert meanwhile is not None
    assert (before.running, meanwhile.running) == ("", f"{state / 'lockfile'} is locked")


@pytest.mark.parametrize("content", [{}, {"BT_backup": None}, {"torrents.db": b""}, {"qBittorrent.conf": b"[a]"}])
def test_something_else_is_not_recognised(tmp_path, content):
    for name, raw in content.items():
        (tmp_path / name).mkdir() if raw is None else (tmp_path / name).write_bytes(raw)

    assert READER.find(tmp_path) is None


@pytest.mark.parametrize("fixture", ["state", "database_state"])
def test_without_a_queue_none_waits_for_others(request, fixture):
    state = request.getfixturevalue(fixture)
    assert single(state).auto_managed
    settings = state / "qBittorrent.conf"
    settings.write_text(settings.read_text().replace("QueueingSystemEnabled=true", "QueueingSystemEnabled=false"))

    downloads = [item for item in read(state) if isinstance(item, ForeignDownload)]

    assert len(downloads) == 10
    assert not any(download.auto_managed for download in downloads)
    assert sum(download.stopped for download in downloads) == 1
