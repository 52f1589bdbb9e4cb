"""Which nodes and relations are in the graph: this node, its partners, and theirs.

The numbers are those of version 7.13 of Tribler.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

MOST_NODES: Final = 500
MOST_EDGES: Final = 2500
MOST_RECORDS: Final = 100
"""Records that are looked at of one node."""


class Record(Protocol):
    """That A has taken something from B. The keys of the two are 74 bytes each, and differ."""

    @property
    def public_key_a(self) -> bytes:
        """Who took."""

    @property
    def public_key_b(self) -> bytes:
        """Who gave."""


RecordsOf = Callable[[bytes], Iterable[Record]]
"""Gives the records that a key stands in, always in the same order."""


@dataclass
class Graph:
    """Nodes by number, in the order in which they were found, and relations between them.

    Attributes:
        keys: The key of each node; this node is number 0.
        edges: Who took from whom, each once, in the order in which they were found.
    """

    keys: list[bytes]
    edges: list[tuple[int, int]] = field(default_factory=list)


def find_graph(root: bytes, records_of: RecordsOf) -> Graph:
    """Return the graph around ``root``: its partners and their partners, as far as the limits reach."""
    found = _Found(root)
    for record in _around(root, records_of):
        if found.is_full:
            break
        found.add(record)
    return found.graph


def _around(root: bytes, records_of: RecordsOf) -> Iterator[Record]:
    for record in _first(records_of(root)):
        yield record
        yield from _first(records_of(record.public_key_b if record.public_key_a == root else record.public_key_a))


def _first(records: Iterable[Record]) -> list[Record]:
    return list(islice(records, MOST_RECORDS))  # as a list: no scan of the ledger goes on during another one


class _Found:
    def __init__(self, root: bytes) -> None:
        self.graph = Graph([root])
        self._numbers = {root: 0}
        self._edges: set[tuple[int, int]] = set()

    @property
    def is_full(self) -> bool:
        return len(self.graph.keys) >= MOST_NODES or len(self.graph.edges) >= MOST_EDGES

    def add(self, record: Record) -> None:
        edge = self._number(record.public_key_a), self._number(record.public_key_b)
        if edge not in self._edges:
            self._edges.add(edge)
            self.graph.edges.append(edge)

    def _number(self, key: bytes) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.graph.keys)
            self.graph.keys.append(key)
        return self._numbers[key]
