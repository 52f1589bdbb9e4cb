"""What is read, renamed and deleted is the file that was found, in the directory that is watched."""

import os

import pytest

from tests.contrib.watch_folder.conftest import names_in
from triblerd_watch_folder.config import WatchedFolder
from triblerd_watch_folder.files import FileChangedError, delete_file, read_file, rename_file
from triblerd_watch_folder.folders import Folder
from triblerd_watch_folder.looking import look_into


@pytest.fixture
def folder(watched):
    (watched / "a/b").mkdir(parents=True)
    (watched / "a/b/film.torrent").write_text("film")
    return Folder(name="", path=str(watched), options=WatchedFolder(directory=str(watched)))


@pytest.fixture
def file(folder):
    (found,) = look_into(folder, {}).new
    return found


STEPS = (read_file, delete_file, lambda folder, file: rename_file(folder, file, ".added"))


@pytest.mark.parametrize("step", STEPS)
def test_a_directory_that_became_a_link_leads_nowhere(folder, file, watched, tmp_path, step):
    (watched / "a").rename(tmp_path / "outside")
    (watched / "a").symlink_to(tmp_path / "outside")

    with pytest.raises(OSError, match="Not a directory"):
        step(folder, file)

    assert names_in(tmp_path / "outside/b") == ["film.torrent"]


@pytest.mark.parametrize("step", STEPS)
def test_another_file_of_that_name_is_left_alone(folder, file, watched, step):
    (watched / "a/b/film.torrent").write_text("another film")

    with pytest.raises(FileChangedError):
        step(folder, file)

    assert (watched / "a/b/film.torrent").read_text() == "another film"


@pytest.mark.parametrize("step", STEPS)
def test_what_is_no_file_any_more_is_left_alone(folder, file, watched, step):
    place = watched / "a/b/film.torrent"
    place.unlink()
    os.mkfifo(place)

    with pytest.raises(FileChangedError):
        step(folder, file)

    assert place.is_fifo()


def test_a_file_gets_a_name_that_is_free(folder, file, watched):
    for name in ("film.torrent.added", "film.torrent.added.2"):
        (watched / "a/b" / name).symlink_to("nowhere")

    assert rename_file(folder, file, ".added") == "film.torrent.added.3"

    assert (watched / "a/b/film.torrent.added.3").read_text() == "film"
