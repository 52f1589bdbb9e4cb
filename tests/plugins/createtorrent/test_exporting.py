import pytest

from tests.daemon.conftest import mount_disk
from tests.plugins.createtorrent.conftest import AllRoots
from triblerd_createtorrent.api import FileError
from triblerd_createtorrent.exporting import export, export_path

__all__ = ["mount_disk"]


def test_on_a_full_disk_nothing_is_left_and_the_old_file_stays(mount_disk):
    folder = mount_disk("small", "size=64k")
    (folder / "a.torrent").write_bytes(b"old")

    with pytest.raises(FileError, match=r"Cannot write .*/a\.torrent: No space left on device"):
        export(folder / "a.torrent", b"x" * 100_000)

    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("a.torrent", b"old")]


def test_a_directory_that_cannot_be_written_is_an_error(mount_disk):
    folder = mount_disk("frozen", "ro")

    with pytest.raises(FileError, match="Read-only file system"):
        export(folder / "a.torrent", b"x")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "a.torrent").symlink_to(tmp_path / "target")

    assert export(tmp_path / "a.torrent", b"x")

    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "a.torrent").is_symlink()


def test_a_name_may_be_as_long_as_the_system_takes_it(tmp_path):
    path = export_path(str(tmp_path), "n" * 247, AllRoots())

    assert path is not None
    assert export(path, b"x")
    assert (tmp_path / ("n" * 247 + ".torrent")).read_bytes() == b"x"
