"""Questions to peers that may still be answered."""

import asyncio
import random
from collections.abc import Callable

import msgspec

from triblerd_discovery.link import Link, PeerId
from triblerd_discovery.messages import MessageNumber, Select

ANSWER_SECONDS = 10.0
"""So long an answer may take; whoever sends none is forgotten."""
MOST_PACKETS = 10
"""Of an answer."""

_MOST_OPEN = 2000
_MOST_ID = 0xFFFF


class Question(msgspec.Struct, eq=False):
    """One question to one peer.

    Attributes:
        peer: Who was asked.
        on_packet: Called with the block of each packet of the answer.
        packets: How many have come.
        rows_left: How many more records it may bring.
    """

    peer: PeerId
    on_packet: Callable[["Question", bytes], None]
    rows_left: int
    packets: int = 0


class Requests:
    """Asks peers, and knows which answers are waited for.

    Args:
        link: To the peers.
        draw: Draws numbers of requests.
    """

    def __init__(self, *, link: Link, draw: random.Random) -> None:
        self._link = link
        self._draw = draw
        self._open: dict[tuple[PeerId, int], Question] = {}
        self._timers: dict[tuple[PeerId, int], asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    def ask(self, peer: PeerId, query: bytes, rows: int, on_packet: Callable[[Question, bytes], None]) -> bool:
        """Ask a peer; return whether it was asked.

        Args:
            peer: Whom to ask.
            query: What, as JSON.
            rows: How many records the answer may bring.
            on_packet: Called with each packet of the answer, 10 at most.
        """
        if len(self._open) >= _MOST_OPEN:
            return False
        key = peer, self._draw.randint(0, _MOST_ID)
        if key in self._open or not self._link.send(peer, MessageNumber.SELECT, Select(key[1], query).pack()):
            return False
        self._open[key] = Question(peer, on_packet, rows)
        self._timers[key] = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._expire, key)
        return True

    def answered(self, peer: PeerId, request_id: int, block: bytes) -> None:
        """Take a packet of an answer; what nobody asked for is dropped."""
        key = peer, request_id
        question = self._open.get(key)
        if question is None:
            return
        question.packets += 1
        if question.packets == MOST_PACKETS:
            self._close(key)
        question.on_packet(question, block)

    def close(self) -> None:
        """Wait for no answer any more."""
        for key in list(self._open):
            self._close(key)

    def _expire(self, key: tuple[PeerId, int]) -> None:
        question = self._open[key]
        self._close(key)
        if not question.packets:
            self._link.forget(key[0])

    def _close(self, key: tuple[PeerId, int]) -> None:
        del self._open[key]
        self._timers.pop(key).cancel()
