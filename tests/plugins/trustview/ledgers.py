"""Ledgers for tests, and the graph of one as its description says it, step by step, as slowly as may be."""

import math
from typing import NamedTuple


class Row(NamedTuple):
    public_key_a: bytes
    public_key_b: bytes
    amount: int


MOST_NODES, MOST_EDGES, MOST_RECORDS = 500, 2500, 100


def key_of(name):
    """Return a public key of 74 bytes."""
    return b"LibNaCLPK:" + str(name).encode().rjust(64, b"\0")


def ledger_of(*rows):
    """Return rows; each is who took, from whom, how much."""
    return [Row(key_of(a), key_of(b), amount) for a, b, amount in rows]


def records_of(rows):
    """Return what gives the records of a key."""
    return lambda key: (row for row in rows if key in (row.public_key_a, row.public_key_b))


def expected_nodes(root, rows):
    """Return the keys of the nodes in the order of their appearance, and the pairs of keys of those who took."""
    nodes, edges = [root], list[tuple[bytes, bytes]]()
    for own in [row for row in rows if root in (row.public_key_a, row.public_key_b)][:MOST_RECORDS]:
        other = ({own.public_key_a, own.public_key_b} - {root}).pop()
        theirs = [row for row in rows if other in (row.public_key_a, row.public_key_b)][:MOST_RECORDS]
        for row in [own, *theirs]:
            if len(nodes) == MOST_NODES or len(edges) == MOST_EDGES:
                return nodes, edges
            nodes += [key for key in (row.public_key_a, row.public_key_b) if key not in nodes]
            edges += [pair for pair in [(row.public_key_a, row.public_key_b)] if pair not in edges]
    return nodes, edges


def expected_view(root, rows):
    """Return keys, positions and pairs of numbers as they are shown."""
    nodes, edges = expected_nodes(root, rows)
    neighbours: dict[bytes, list[bytes]] = {node: [] for node in nodes}
    for node in nodes:
        for a, b in edges:
            if a == node:
                neighbours[a] += [b] if b not in neighbours[a] else []
                neighbours[b] += [a] if a not in neighbours[b] else []
    parents, level = {root: None}, [root]
    while level:
        found = []
        for node in level:
            for neighbour in neighbours[node]:
                if neighbour not in parents:
                    parents[neighbour] = node
                    found.append(neighbour)
        level = found

    places = {}

    def place(node, depth, angle, width):
        radius = -0.2 * depth
        places[node] = radius * math.sin(angle) * len(nodes), radius * math.cos(angle) * len(nodes)
        children = [child for child, parent in parents.items() if parent == node]
        for number, child in enumerate(children):
            share = width / len(children)
            place(child, depth + 1, angle - width / 2 + (number + 0.5) * share, share)

    place(root, 0, 0.5, 2 * math.pi)
    widest = [max(0.0001, *(abs(at[axis]) for at in [(0, 0), *places.values()])) for axis in (0, 1)]
    numbers = {node: number for number, node in enumerate(places)}
    return (
        list(places),
        [(x / widest[0], y / widest[1]) for x, y in places.values()],
        {frozenset((numbers[a], numbers[b])) for a, b in edges},
    )
