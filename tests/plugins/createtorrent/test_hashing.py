import os

import pytest

from triblerd_createtorrent.api import FileChangedError, FileError, SourceFile, TorrentRecipe, Version
from triblerd_createtorrent.hashing import hash_files
from triblerd_createtorrent.reading import Reader, identity


def recipe(folder, **options):
    files = tuple(
        SourceFile(os.fsencode(path), path.name) for path in sorted(folder.iterdir()) if not path.is_symlink()
    )
    return TorrentRecipe(name="files", files=files, piece_length=16_384, **options)


CHANGES = {
    "grows": lambda path: path.write_bytes(b"a" * 200_000),
    "shrinks": lambda path: os.truncate(path, 10),
    "changes": lambda path: path.write_bytes(b"b" * 100_000),
    "vanishes": lambda path: path.unlink(),
    "becomes a directory": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_meanwhile_makes_no_torrent(files, change, version):
    path = files({"a": b"a" * 100_000, "b": b"b"}) / "a"
    seconds = path.stat().st_mtime - 100  # a clock of the file system ticks slowly
    os.utime(path, (seconds, seconds))
    pending = [CHANGES[change]]

    def progress(_hashed):
        if pending:
            pending.pop()(path)

    with pytest.raises(FileChangedError, match=f"The file changed while it was hashed: {path}"):
        hash_files(recipe(path.parent, version=version), threads=2, progress=progress)


def test_a_file_that_ends_too_early_is_noticed_at_once(files):
    path = files({"a": b"a" * 100}) / "a"
    (file,) = recipe(path.parent).files
    with Reader({file.source: identity(file)}) as reader:
        reader.fill(memoryview(bytearray(10)), file.source, 0)
        os.truncate(path, 50)

        with pytest.raises(FileChangedError):
            reader.fill(memoryview(bytearray(60)), file.source, 10)


def test_a_file_that_was_replaced_before_it_is_opened_is_noticed(files):
    folder = files({"a": b"a" * 100, "b": b"b" * 100})
    first, second = recipe(folder).files
    with Reader({second.source: identity(first)}) as reader, pytest.raises(FileChangedError):
        reader.fill(memoryview(bytearray(10)), second.source, 0)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/hostname")])
def test_what_is_no_regular_file_is_not_opened(tmp_path, make):
    make(tmp_path / "x")
    file = SourceFile(os.fsencode(tmp_path / "x"), "")

    with pytest.raises(FileError, match="Not a regular file: "):
        hash_files(TorrentRecipe(name="x", files=(file,)), threads=1)


@pytest.mark.parametrize("version", Version)
def test_the_number_of_threads_changes_nothing(files, version):
    folder = files({name: name.encode() * 70_000 for name in "abcdefg"})

    (_, one), (_, many) = (hash_files(recipe(folder, version=version), threads=threads) for threads in (1, 7))

    assert (one.v1, one.v2) == (many.v1, many.v2)


def test_progress_ends_with_the_bytes_of_all_files(files):
    folder = files({"a": b"a" * 40_000, "b": b"b" * 3})
    seen: list[int] = []

    hash_files(recipe(folder, has_padding=True), threads=2, progress=seen.append)

    assert seen[-1] == 40_003
