import os
import sqlite3
from contextlib import closing

from triblerd_upgrader.foreign.copying import MOST_BYTES, copy_state


def test_the_files_of_a_state_are_copied_and_no_others(tmp_path):
    state = tmp_path / "state"
    (state / "BT_backup").mkdir(parents=True)
    for name in ("BT_backup/x.fastresume", "BT_backup/queue", "a.conf", ".rtorrent.rc", "film.mkv", "a.log"):
        (state / name).write_text(name)
    with (state / "large.json").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    os.mkfifo(state / "pipe.conf")

    failed = copy_state(state, tmp_path / "copy")

    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert copied == {"BT_backup", "BT_backup/x.fastresume", "BT_backup/queue", "a.conf", ".rtorrent.rc"}
    assert failed == []
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700


def test_the_newest_rows_of_an_open_database_are_in_its_copy(tmp_path):
    (tmp_path / "state").mkdir()
    with closing(sqlite3.connect(tmp_path / "state/torrents.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE one (number)")
        database.execute("INSERT INTO one VALUES (1)")
        database.commit()
        before = {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()}

        copy_state(tmp_path / "state", tmp_path / "copy")

        with closing(sqlite3.connect(tmp_path / "copy/torrents.db")) as copy:
            assert copy.execute("SELECT * FROM one").fetchall() == [(1,)]
        assert {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()} == before


def test_what_cannot_be_read_is_told_of(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state/a.conf").symlink_to("nowhere")

    [failed] = copy_state(tmp_path / "state", tmp_path / "copy")

    assert (failed.what, failed.reason) == ("a.conf", "it cannot be read: No such file or directory")
