"""What other plugins see of the debug plugin: who fills in the slots of circuits."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

__all__ = ["CircuitSlots"]


@runtime_checkable
class CircuitSlots(Protocol):
    """The slots of this node when it relays traffic for others. Offered by the plugin that builds the tunnels."""

    def random(self) -> Sequence[int | None]:
        """Return the circuit that holds each of the slots given out at random, ``None`` for a free one."""

    def competing(self) -> Sequence[tuple[int, int | None]]:
        """Return balance and circuit of each slot given by balance: bytes, 0 when free, and ``None`` for a free one.

        Nothing without bandwidth accounting.
        """
