"""Deleting the files of a torrent: those that it names, below its destination, and nothing that a link leads to."""

import os
from collections.abc import Iterable
from contextlib import suppress

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def delete_files(destination: str, paths: Iterable[str]) -> None:
    """Delete files, then the folders above them that are empty now, but not the destination.

    Files that are not there are no error. A folder that is a link by now is left alone with all that it holds.

    Args:
        destination: An absolute directory. It may be reached by links.
        paths: POSIX paths relative to it, without ``.`` and ``..``.

    Raises:
        OSError: a file exists and cannot be deleted.
    """
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        by_folder.setdefault(folder, []).append(name)
    try:
        way = _Way(os.open(destination, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        # In this order no folder is left before all that is in it was visited.
        for parts, names in sorted((folder.split("/") if folder else [], names) for folder, names in by_folder.items()):
            if (descriptor := way.go(parts)) is not None:
                _unlink(descriptor, names)
    finally:
        way.close()


def _unlink(folder: int, names: list[str]) -> None:
    for name in names:
        # A folder in a file's place is not the torrent's.
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            os.unlink(name, dir_fd=folder)


class _Way:
    """The open folders from the destination to where we are. One that is left is deleted if it is empty."""

    def __init__(self, root: int) -> None:
        self._names: list[str] = []
        self._descriptors: list[int | None] = [root]

    def go(self, parts: list[str]) -> int | None:
        """Go to a folder; return it, or ``None`` when it is not there or a link stands in the way."""
        shared = 0
        for ours, theirs in zip(self._names, parts, strict=False):
            if ours != theirs:
                break
            shared += 1
        while len(self._names) > shared:
            self._leave()
        for part in parts[shared:]:
            above = self._descriptors[-1]
            self._descriptors.append(None if above is None else _open_folder(part, above))
            self._names.append(part)
        return self._descriptors[-1]

    def close(self) -> None:
        """Leave all folders."""
        while self._names:
            self._leave()
        if (root := self._descriptors.pop()) is not None:
            os.close(root)

    def _leave(self) -> None:
        name, descriptor = self._names.pop(), self._descriptors.pop()
        if descriptor is not None:
            os.close(descriptor)
            with suppress(OSError):  # somebody else's files are in it
                os.rmdir(name, dir_fd=self._descriptors[-1])


def _open_folder(name: str, within: int) -> int | None:
    try:
        return os.open(name, _FOLDER, dir_fd=within)
    except OSError:  # gone, no folder, or a link
        return None
