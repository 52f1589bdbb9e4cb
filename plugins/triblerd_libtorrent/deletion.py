"""Deleting the files of a torrent: those that it names, below its destination, and nothing that a link leads to."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def delete_files(destination: str, paths: Iterable[str]) -> None:
    """Delete files, then the folders above them that are empty now, but not the destination.

    Files that are not there are no error. A folder that is a link by now is left alone with all that it holds.

    Args:
        destination: An absolute directory. It may be reached by links.
        paths: POSIX paths relative to it.

    Raises:
        OSError: a file exists and cannot be deleted.
    """
    by_folder: dict[PurePosixPath, list[str]] = {}
    for path in map(PurePosixPath, paths):
        by_folder.setdefault(path.parent, []).append(path.name)
    try:
        root = os.open(destination, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        for folder, names in by_folder.items():
            _delete_in(root, folder, names)
        for folder in _deepest_first(by_folder):
            _delete_if_empty(root, folder)
    finally:
        os.close(root)


def _delete_in(root: int, folder: PurePosixPath, names: list[str]) -> None:
    with _opened(root, folder) as descriptor:
        if descriptor is None:
            return
        for name in names:
            # A folder in a file's place is not the torrent's.
            with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
                os.unlink(name, dir_fd=descriptor)


def _delete_if_empty(root: int, folder: PurePosixPath) -> None:
    with _opened(root, folder.parent) as descriptor, suppress(OSError):
        if descriptor is not None:
            os.rmdir(folder.name, dir_fd=descriptor)


def _deepest_first(folders: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    all_folders = {above for folder in folders for above in (folder, *folder.parents) if above.name}
    return sorted(all_folders, key=lambda folder: len(folder.parts), reverse=True)


@contextmanager
def _opened(root: int, folder: PurePosixPath) -> Iterator[int | None]:
    """Yield the open folder, or ``None`` when it is not there or a link stands in the way."""
    descriptor: int | None = os.dup(root)
    try:
        for part in folder.parts:
            inner = _open_folder(part, descriptor)
            if descriptor is not None:
                os.close(descriptor)
            descriptor = inner
            if descriptor is None:
                break
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open_folder(name: str, within: int | None) -> int | None:
    try:
        return os.open(name, _FOLDER, dir_fd=within)
    except OSError:  # gone, no folder, or a link
        return None
