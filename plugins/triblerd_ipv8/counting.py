"""Counts messages of overlays, by their numbers."""

import time
from collections.abc import Callable, Mapping

import msgspec

PREFIX_BYTES = 22


class Counted(msgspec.Struct):
    """What was sent and received of one message. Times are Unix times, 0 before the first."""

    num_up: int = 0
    num_down: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    first_measured_up: float = 0.0
    first_measured_down: float = 0.0
    last_measured_up: float = 0.0
    last_measured_down: float = 0.0


class MessageCounts:
    """Counts the messages of those overlays for which it is turned on.

    Args:
        clock: Tells Unix time.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counted: dict[bytes, dict[int, Counted]] = {}

    def turn(self, prefix: bytes, *, on: bool) -> None:
        """Count an overlay's messages from now on, or stop that and forget them."""
        if on:
            self._counted.setdefault(prefix, {})
        else:
            self._counted.pop(prefix, None)

    def of(self, prefix: bytes) -> Mapping[int, Counted]:
        """Return what was counted of an overlay, by message."""
        return self._counted.get(prefix, {})

    def sent(self, packet: bytes) -> None:
        """Count a packet that was sent."""
        if counted := self._find(packet):
            now = self._clock()
            counted.num_up += 1
            counted.bytes_up += len(packet)
            counted.first_measured_up = counted.first_measured_up or now
            counted.last_measured_up = now

    def received(self, packet: bytes) -> None:
        """Count a packet that was received."""
        if counted := self._find(packet):
            now = self._clock()
            counted.num_down += 1
            counted.bytes_down += len(packet)
            counted.first_measured_down = counted.first_measured_down or now
            counted.last_measured_down = now

    def _find(self, packet: bytes) -> Counted | None:
        if not self._counted or len(packet) <= PREFIX_BYTES:
            return None
        messages = self._counted.get(packet[:PREFIX_BYTES])
        return None if messages is None else messages.setdefault(packet[PREFIX_BYTES], Counted())
