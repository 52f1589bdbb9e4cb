"""What other plugins see of the statistics: how much room a directory has."""

from typing import Protocol, runtime_checkable

import msgspec

from triblerd.errors import NotFoundError

__all__ = ["DiskSpace", "NoSpaceKnownError", "Space"]


class NoSpaceKnownError(NotFoundError):
    """Nothing of the directory exists, or none was named and there is no default."""


class Space(msgspec.Struct, frozen=True):
    """The bytes of a file system; what is free for an ordinary user may be less than the total without the used."""

    total: int
    used: int
    free: int


@runtime_checkable
class DiskSpace(Protocol):
    """Looks at the file systems of directories."""

    async def of(self, directory: str) -> Space:
        """Return the space of the file system that holds a directory, or its nearest parent that exists.

        Args:
            directory: Absolute; an empty text means where downloads are put by default.

        Raises:
            NoSpaceKnownError: it is relative, or empty while there are no downloads.
            InvalidInputError: it is outside of the configured file roots.
            FailedError: the file system does not answer.
        """
