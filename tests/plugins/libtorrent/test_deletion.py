from pathlib import Path

import pytest

from triblerd_libtorrent.deletion import delete_files


def write(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def test_files_and_the_folders_that_they_leave_empty_go(tmp_path):
    write(tmp_path, "t/a/b/one", "t/two", "t/a/mine", "other")

    delete_files(str(tmp_path), ["t/a/b/one", "t/two", "t/never/there"])

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "mine", "other", "t"]


def test_the_destination_stays(tmp_path):
    write(tmp_path, "one")

    delete_files(str(tmp_path), ["one"])

    assert tmp_path.is_dir()
    assert not list(tmp_path.iterdir())


def test_nothing_behind_a_link_is_deleted(tmp_path):
    write(tmp_path, "outside/one", "outside/two", "down/t/three")
    (tmp_path / "down/t/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "down/t/file").symlink_to(tmp_path / "outside/two")

    delete_files(str(tmp_path / "down"), ["t/folder/one", "t/file", "t/three"])

    assert (tmp_path / "outside/one").exists()
    assert (tmp_path / "outside/two").exists()
    assert not (tmp_path / "down/t/file").is_symlink()
    assert (tmp_path / "down/t/folder").is_symlink()


def test_a_folder_in_the_place_of_a_file_stays(tmp_path):
    write(tmp_path, "t/name/mine")

    delete_files(str(tmp_path), ["t/name"])

    assert (tmp_path / "t/name/mine").exists()


def test_a_destination_that_is_gone_is_no_error(tmp_path):
    delete_files(str(tmp_path / "gone"), ["one"])


def test_a_tree_of_many_levels_goes_from_the_inside_out(tmp_path):
    paths = ["t/a/b/c/1", "t/a/b2/2", "t/a/3", "t/a b/4", "t/a-b/c/5", "t/x/y/z/6"]
    write(tmp_path, *paths)

    delete_files(str(tmp_path), paths)

    assert not list(tmp_path.iterdir())


def test_all_folders_are_closed_also_after_an_error(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    write(tmp_path, "t/a/b/one")

    with pytest.raises(OSError, match="too long"):
        delete_files(str(tmp_path), ["t/a/b/" + "x" * 300])

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert (tmp_path / "t/a/b/one").exists()
