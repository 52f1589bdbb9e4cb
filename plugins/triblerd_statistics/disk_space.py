"""How much room there is where a directory is, or would be."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from triblerd.errors import FailedError, InvalidInputError
from triblerd.services import FileRoots
from triblerd_statistics.api import NoSpaceKnownError, Space


class FileSystems:
    """Implements :class:`triblerd_statistics.api.DiskSpace`.

    Args:
        roots: Which directories clients may name.
        default: Returns where downloads are put, ``None`` without any.
    """

    def __init__(self, *, roots: FileRoots, default: Callable[[], str | None]) -> None:
        self._roots = roots
        self._default = default

    async def of(self, directory: str) -> Space:
        """Return the space of the file system that holds a directory, or its nearest parent that exists."""
        if not directory:
            default = self._default()
            if default is None:
                msg = "Session was not initialized!"  # the words that clients of this route know
                raise NoSpaceKnownError(msg)
            directory = default
        path = Path(directory)
        if "\0" in directory or not path.is_absolute():  # what a daemon's own directory is, no client knows
            msg = "No stats for directory!"
            raise NoSpaceKnownError(msg)
        return await asyncio.to_thread(self._look, path)  # a network disk may hang

    def _look(self, path: Path) -> Space:
        if not self._roots.allow(path):
            msg = f"directory {path} is outside of the allowed directories"
            raise InvalidInputError(msg)
        present = next(folder for folder in (path, *path.parents) if os.path.exists(folder))  # noqa: PTH110 - no errors
        try:
            usage = shutil.disk_usage(present)
        except OSError as error:
            msg = f"The file system of {present} does not answer: {error.strerror or error}"
            raise FailedError(msg) from error
        return Space(usage.total, usage.used, usage.free)
