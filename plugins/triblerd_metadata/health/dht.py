"""How many peers the DHT knows of a torrent: BEP 33, within a look-up of our own (BEP 5).

The engine answers such questions of others, but has no way to ask them. We only ask and answer nobody, and say so
(BEP 43), so that nobody keeps us among his neighbours.
"""

import asyncio
import heapq
import random
import secrets
from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import NamedTuple

from triblerd_libtorrent.api import Bencodable, Bencoded, bdecode, bencode
from triblerd_metadata.health.bloom import SIZE, BloomFilter
from triblerd_metadata.health.datagrams import DatagramSocket
from triblerd_metadata.health.outgoing import Address, Refuses, is_unicast, leads_inside, refuses_nobody
from triblerd_metadata.health.values import Counted, NoAnswerError

LIMIT_SECONDS = 15.0

_AT_ONCE = 4
_CLOSEST = 8
_QUERY_SECONDS = 2.0
_MOST_STARTS = 32
_MOST_OF_ONE = 16  # questions; nodes ban an address that sends 50 messages in 10 s, and the engine has the same one
_WINDOW_SECONDS = 10.0
_MOST_QUERIES = 100
_MOST_CANDIDATES = 500
_MOST_PEERS = 200  # of one answer; a packet holds no more
_ID_SIZE = 20
_UNKNOWN = 1 << 8 * _ID_SIZE  # farther away than anybody
_COMPACT_NODE = 26
_COMPACT_PEER = 6
_PORT = 2
_MOST_PACKET = 4096

Answer = dict[bytes, Bencoded]


class _Node(NamedTuple):
    """Somebody in the DHT."""

    address: Address
    distance: int


class Dht(DatagramSocket):
    """Asks the nodes that are closest to a torrent. Any number of look-ups share one socket.

    Args:
        query_seconds: How long one node may take.
        refuses: Which addresses are not spoken to.
    """

    def __init__(self, query_seconds: float = _QUERY_SECONDS, refuses: Refuses = refuses_nobody) -> None:
        self._refuses = refuses
        self._query_seconds = query_seconds
        super().__init__()
        self._open: dict[bytes, tuple[Address, asyncio.Future[Answer | None]]] = {}
        self._asked: Counter[str] = Counter()
        self._window_ends = 0.0

    async def scrape(self, infohash: bytes, starts: Iterable[Address]) -> Counted:
        """Return how many peers the nodes closest to a torrent know together.

        A node that many look-ups have asked within the last seconds is passed over, as if it had not answered.

        Args:
            infohash: 20 bytes.
            starts: Nodes to begin with, by their addresses of IPv4.

        Raises:
            NoAnswerError: nobody answered, or the look-up came to no end.
        """
        lookup = _Lookup(infohash, starts, self._refuses)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await self._walk(lookup)
        except TimeoutError:
            lookup.is_complete = False
        return lookup.outcome()

    # --- asyncio's side -----------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand an answer to the look-up that waits for it. What nobody asked for is dropped."""
        if len(data) > _MOST_PACKET:
            return
        try:
            message = bdecode(data)
        except ValueError:
            return
        transaction = message.get(b"t") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(transaction, bytes):
            return
        asked, answer = self._open.get(transaction, (None, None))
        if answer is None or answer.done() or addr[:2] != asked:
            return
        content = message.get(b"r") if message.get(b"y") == b"r" else None
        answer.set_result(content if isinstance(content, dict) else None)

    def closed(self) -> None:
        """Tell those who wait."""
        for _, answer in self._open.values():
            _settle(answer, None)

    # --- a look-up ----------------------------------------------------------------------------------------------

    async def _walk(self, lookup: "_Lookup") -> None:
        asked: dict[asyncio.Future[Answer | None], Address] = {}
        while True:
            while len(asked) < _AT_ONCE and (address := lookup.next_to_ask()):
                if self._may_ask(address[0]):
                    asked[self._ask(address, lookup)] = address
                else:
                    lookup.heard(address, None)
            if not asked:
                return
            done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            for answer in done:
                lookup.heard(asked.pop(answer), answer.result())

    def _may_ask(self, host: str) -> bool:
        now = asyncio.get_running_loop().time()
        if now >= self._window_ends:
            self._asked.clear()
            self._window_ends = now + _WINDOW_SECONDS
        self._asked[host] += 1
        return self._asked[host] <= _MOST_OF_ONE

    def _ask(self, address: Address, lookup: "_Lookup") -> "asyncio.Future[Answer | None]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer | None] = loop.create_future()
        while (transaction := secrets.token_bytes(4)) in self._open:
            pass
        arguments: dict[bytes, Bencodable] = {b"id": lookup.own_id, b"info_hash": lookup.infohash, b"scrape": 1}
        message: dict[bytes, Bencodable] = {
            b"a": arguments,
            b"q": b"get_peers",
            b"ro": 1,
            b"t": transaction,
            b"y": b"q",
        }
        self._open[transaction] = address, answer
        timer = loop.call_later(self._query_seconds, _settle, answer, None)

        def forget(_: object) -> None:
            timer.cancel()
            del self._open[transaction]

        answer.add_done_callback(forget)
        if not self.send(bencode(message), address):
            _settle(answer, None)
        return answer


class _Lookup:
    """What is known of the way to one torrent.

    Attributes:
        own_id: Another one each time, so that nobody sees who asks what.
        is_complete: Everybody who ought to be asked was asked.
    """

    def __init__(self, infohash: bytes, starts: Iterable[Address], refuses: Refuses) -> None:
        self.infohash = infohash
        self.own_id = secrets.token_bytes(_ID_SIZE)
        self.is_complete = True
        self._refuses = refuses
        self._goal = int.from_bytes(infohash)
        # Nodes of whom only the address is known are asked as long as too few others are known, and in an order that
        # spreads the look-ups over all of them.
        self._candidates: dict[str, _Node] = {}
        known = list(starts)
        random.shuffle(known)
        for host, port in known:
            if len(self._candidates) < _MOST_STARTS and not refuses(host):
                self._candidates.setdefault(host, _Node((host, port), _UNKNOWN))
        self._asked: set[Address] = set()
        self._failed: set[Address] = set()
        self._answers = 0
        self._seeds = BloomFilter()
        self._others = BloomFilter()
        self._named: set[str] = set()

    def next_to_ask(self) -> Address | None:
        """Return one of the closest nodes that was not asked yet, ``None`` when all were."""
        alive = (node for node in self._candidates.values() if node.address not in self._failed)
        closest = heapq.nsmallest(_CLOSEST, alive, key=lambda node: node.distance)
        address = next((node.address for node in closest if node.address not in self._asked), None)
        if address is None:
            return None
        if len(self._asked) >= _MOST_QUERIES:
            self.is_complete = False
            return None
        self._asked.add(address)
        return address

    def heard(self, address: Address, answer: Answer | None) -> None:
        """Take what a node answered, ``None`` when nothing came."""
        identity = answer.get(b"id") if answer else None
        if answer is None or not isinstance(identity, bytes) or len(identity) != _ID_SIZE:
            self._failed.add(address)
            return
        self._answers += 1
        self._candidates[address[0]] = _Node(address, self._distance(identity))
        for key, found in ((b"BFsd", self._seeds), (b"BFpe", self._others)):
            raw = answer.get(key)
            if isinstance(raw, bytes) and len(raw) == SIZE:
                found.merge(raw)
        values = answer.get(b"values")
        for peer in values[:_MOST_PEERS] if isinstance(values, list) else ():
            if isinstance(peer, bytes) and len(peer) == _COMPACT_PEER:
                self._named.add(str(IPv4Address(peer[:-_PORT])))
        nodes = answer.get(b"nodes")
        if isinstance(nodes, bytes):
            self._learn(address[0], nodes)

    def outcome(self) -> Counted:
        """Return the numbers.

        Raises:
            NoAnswerError: nobody answered, or nothing was found and too few were heard.
        """
        for host in self._named:  # by nodes that do not count; who is known as a seed is none of the others
            if host not in self._seeds:
                self._others.add(host)
        found = Counted(self._seeds.estimate(), self._others.estimate())
        are_many = self.is_complete and 2 * self._answers >= len(self._asked)
        if not self._answers or (found == (0, 0) and not are_many):
            msg = "the DHT does not answer"
            raise NoAnswerError(msg)
        return found

    def _learn(self, asked: str, nodes: bytes) -> None:
        for start in range(0, min(len(nodes), _COMPACT_NODE * 2 * _CLOSEST) - _COMPACT_NODE + 1, _COMPACT_NODE):
            compact = nodes[start : start + _COMPACT_NODE]
            host = str(IPv4Address(compact[_ID_SIZE:-_PORT]))
            port = int.from_bytes(compact[-_PORT:])
            node = _Node((host, port), self._distance(compact[:_ID_SIZE]))
            # One for each address: who has many of them there wants to be everybody.
            known = self._candidates.get(host, _Node(node.address, _UNKNOWN))
            is_new = known == (node.address, _UNKNOWN) and len(self._candidates) < _MOST_CANDIDATES
            if is_new and port and is_unicast(host) and not self._is_off_limits(asked, host):
                self._candidates[host] = node

    def _is_off_limits(self, asked: str, host: str) -> bool:
        return leads_inside(asked, host) or self._refuses(host)

    def _distance(self, identity: bytes) -> int:
        return int.from_bytes(identity) ^ self._goal


def _settle(answer: "asyncio.Future[Answer | None]", outcome: Answer | None) -> None:
    if not answer.done():
        answer.set_result(outcome)
