"""Directories that clients and settings name for downloads."""

import asyncio
import time
from pathlib import Path

from triblerd.errors import FailedError, InvalidInputError
from triblerd.services import FileRoots

_SEEN_SECONDS = 5.0


class Folders:
    """Checks directories, and makes those that are missing."""

    def __init__(self, *, roots: FileRoots) -> None:
        self._roots = roots
        self._seen: dict[str, float] = {}

    def check(self, key: str, folder: str) -> None:
        """Check that a directory may be used; an empty text names none.

        Raises:
            InvalidInputError: it is relative, or outside of the allowed ones.
        """
        if not folder:
            return
        if "\0" in folder or not Path(folder).is_absolute():
            msg = f"{key} must be an absolute path, not {folder!r}"
            raise InvalidInputError(msg)
        if not self._roots.allow(Path(folder)):
            msg = f"{key} {folder} is outside of the allowed directories"
            raise InvalidInputError(msg)

    async def find_or_make(self, key: str, folder: str) -> str:
        """Return a directory as ``make`` does, but do not look again at one that was made a moment ago."""
        if self._seen.get(folder, -_SEEN_SECONDS) + _SEEN_SECONDS > time.monotonic():
            return folder
        return await self.make(key, folder)

    async def make(self, key: str, folder: str) -> str:
        """Return a directory, which exists then.

        Raises:
            InvalidInputError: it may not be used.
            FailedError: it cannot be made.
        """
        self.check(key, folder)
        try:
            await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"Cannot create {folder}: {error.strerror or error}"
            raise FailedError(msg) from error
        self._seen = {name: seen for name, seen in self._seen.items() if seen + _SEEN_SECONDS > time.monotonic()}
        self._seen[folder] = time.monotonic()
        return folder
