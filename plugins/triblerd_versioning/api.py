"""What other plugins see of this area: the look for newer releases as a service, and the event of a newer one."""

from typing import ClassVar, Protocol, runtime_checkable

from triblerd.errors import FailedError
from triblerd.events import Arguments, Event


class UpdateSourceError(FailedError):
    """Who knows the releases does not tell."""


class NewVersion(Event):
    """There is a newer release than the one that runs. Told at the start, and every six hours."""

    topic: ClassVar[str] = "tribler_new_version"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    version: str


@runtime_checkable
class UpdateCheck(Protocol):
    """Looks for a newer release. Nobody is asked unless ``versioning.update_url`` says whom."""

    @property
    def is_wanted(self) -> bool:
        """Whether the daemon looks by itself (``general.version_checker_enabled``)."""

    @property
    def has_source(self) -> bool:
        """Whether there is somebody to ask."""

    async def newer(self) -> str:
        """Ask now, for five seconds at most, and return the newer release; empty when there is none, or no source.

        Raises:
            UpdateSourceError: who is asked does not answer, or not with releases.
        """
