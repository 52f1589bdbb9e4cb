import shutil
import threading
from pathlib import Path

import pytest

from triblerd_downloads.relocation import StoppedError, finish_move, obstacle, paths_of, take_back
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

PATHS = [Path("album/a"), Path("album/sub/b"), Path("album/c"), Path(".x.parts")]


def contents(folder):
    """Return every file below a folder, by path, and every folder as ``None``."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def places(tmp_path):
    """Offer an old place, with all files, and an empty new one."""
    old, new = tmp_path / "old", tmp_path / "new"
    new.mkdir()
    for path in PATHS:
        (old / path).parent.mkdir(parents=True, exist_ok=True)
        (old / path).write_text(path.name)
    return old, new


@pytest.fixture
def disk(mount_disk):
    """Mount a small disk."""
    return mount_disk("disk", "size=1m")


WHOLE = {"album": None, "album/a": "a", "album/sub": None, "album/sub/b": "b", "album/c": "c", ".x.parts": ".x.parts"}


def test_a_move_that_was_broken_off_while_it_renamed_is_finished(places):
    old, new = places
    (new / "album").mkdir()
    (old / "album/a").rename(new / "album/a")

    finish_move(PATHS, old, new, threading.Event())

    assert (contents(old), contents(new)) == ({}, WHOLE)


@pytest.mark.parametrize("removed", [(), ("album/a", "album/sub/b")])
def test_a_move_that_was_broken_off_while_it_copied_is_finished(places, disk, removed):
    old, _ = places
    shutil.copytree(old / "album", disk / "album")
    (disk / "album/c").write_text("?")  # of full length, and not its content
    for path in removed:
        (old / path).unlink()

    finish_move(PATHS, old, disk, threading.Event())

    assert (contents(old), contents(disk)) == ({}, WHOLE)


@pytest.mark.parametrize("other", ["new", "disk"])
def test_files_are_taken_back_from_wherever_the_move_ended(places, disk, other):
    old, new = places
    target = new if other == "new" else disk
    (target / "album").mkdir()
    shutil.move(old / "album/a", target / "album/a")
    (target / "album/c").write_text("?")

    take_back(PATHS, old, target, threading.Event())

    assert (contents(old), contents(target)) == (WHOLE, {})


def test_a_full_disk_leaves_every_file_whole_at_its_old_place(places, disk):
    old, _ = places
    (old / "album/c").write_bytes(bytes(2_000_000))

    with pytest.raises(OSError, match="No space left"):
        finish_move(PATHS, old, disk, threading.Event())
    take_back(PATHS, old, disk, threading.Event())

    assert contents(disk) == {}
    assert (old / "album/c").stat().st_size == 2_000_000
    assert contents(old).keys() == WHOLE.keys()


def test_a_copy_is_given_up_when_the_daemon_ends(places, disk):
    old, _ = places
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        finish_move(PATHS, old, disk, stop)

    assert contents(old) == WHOLE


def test_links_are_moved_as_they_are(places, disk):
    old, _ = places
    (old / "album/c").unlink()
    (old / "album/c").symlink_to("a")

    finish_move(PATHS, old, disk, threading.Event())

    assert (disk / "album/c").readlink() == Path("a")


def test_folders_with_files_of_others_stay(places):
    old, new = places
    (old / "album/mine").write_text("mine")

    finish_move(PATHS, old, new, threading.Event())

    assert contents(old) == {"album": None, "album/mine": "mine"}


def test_what_others_have_put_there_is_seen(places):
    _, new = places

    assert obstacle(PATHS, new) == ""
    (new / "album").mkdir()
    (new / "album/c").symlink_to("nowhere")
    assert obstacle(PATHS, new) == f"{new / 'album/c'} exists already"


@pytest.fixture
def elsewhere(tmp_path):
    """Offer a folder with a file that is none of the torrent's."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "b").write_text("secret")
    return folder


def test_what_a_link_leads_to_is_left_alone(places, elsewhere):
    old, new = places
    shutil.rmtree(old / "album/sub")
    (old / "album/sub").symlink_to(elsewhere)

    finish_move([*PATHS, Path("album/sub/empty/x")], old, new, threading.Event())
    take_back(PATHS, elsewhere.parent / "third", old, threading.Event())

    assert contents(elsewhere) == {"b": "secret"}


def test_nothing_is_written_through_a_link(places, elsewhere):
    old, new = places
    (new / "album").symlink_to(elsewhere)

    assert obstacle(PATHS, new) == f"a link leads from {new / 'album/a'} to another place"
    with pytest.raises(OSError, match="a link leads to another place"):
        finish_move(PATHS, old, new, threading.Event())

    assert contents(elsewhere) == {"b": "secret"}
    assert contents(old) == WHOLE


@pytest.mark.parametrize("version", TorrentVersion)
def test_the_engine_keeps_nothing_of_a_torrent_by_another_name(tmp_path, version):
    torrent = make_torrent(tmp_path, {"a": b"a" * 20_000, "b/c": b"c" * 20_000}, name="album", version=version)
    metainfo = parse_metainfo(torrent.metainfo)

    paths = [path.as_posix() for path in paths_of(metainfo, {})]

    assert paths[:2] == ["album/a", "album/b/c"]
    assert f".{torrent.infohash}.parts" in paths
