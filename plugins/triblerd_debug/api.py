"""What other plugins see of the debug plugin: the log without secrets, and who fills in the slots of circuits."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

__all__ = ["CircuitSlots", "LogReader"]


@runtime_checkable
class CircuitSlots(Protocol):
    """The slots of this node when it relays traffic for others. Offered by the plugin that builds the tunnels."""

    def random(self) -> Sequence[int | None]:
        """Return the circuit that holds each of the slots given out at random, ``None`` for a free one."""

    def competing(self) -> Sequence[tuple[int, int | None]]:
        """Return balance and circuit of each slot given by balance: bytes, 0 when free, and ``None`` for a free one.

        Nothing without bandwidth accounting.
        """


@runtime_checkable
class LogReader(Protocol):
    """Reads the daemon's log from its end."""

    async def tail(self, lines: int, *, level: str = "", logger: str = "", contains: str = "") -> str | None:
        """Return the last lines, the oldest first, through rotated files and without secrets.

        Args:
            lines: The most lines.
            level: Only records of this level (in lower case) and above; empty for all.
            logger: Only records of this logger and those below it; empty for all.
            contains: Only records with this text, in whatever case; empty for all.

        Returns:
            ``None`` when there is no log.
        """
