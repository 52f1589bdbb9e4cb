"""Where the nodes stand: this node in the middle, the others on rings around it, each near the one it was found by.

The steps, and the order of what is computed, are those of version 7.13 of Tribler.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_ROOT_ANGLE: Final = 0.5
_RING: Final = -0.2
_SMALLEST_SPAN: Final = 0.0001

Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """The nodes in the order in which they are shown.

    Attributes:
        order: The former number of each node; the first is 0.
        positions: x and y of each, from -1 to 1.
        edges: Pairs of the new numbers, the smaller first, each once, sorted.
    """

    order: list[int]
    positions: list[tuple[float, float]]
    edges: list[Edge]


def lay_out(size: int, edges: Sequence[Edge]) -> Layout:
    """Return where the nodes of a graph stand.

    Args:
        size: The number of nodes, at least 1. From node 0 each of them can be reached.
        edges: Pairs of nodes.
    """
    children = _tree(_neighbours(size, edges))
    order, places = _rings(children)
    new = {old: number for number, old in enumerate(order)}
    pairs = {(min(new[a], new[b]), max(new[a], new[b])) for a, b in edges}
    return Layout(order=order, positions=_scaled(places), edges=sorted(pairs))


def _neighbours(size: int, edges: Sequence[Edge]) -> list[dict[int, None]]:
    """Return the neighbours of each node, in order; a dictionary is a set that keeps it."""
    neighbours: list[dict[int, None]] = [{} for _ in range(size)]
    for a, b in sorted(edges, key=lambda edge: edge[0]):  # those of one node stay in their order
        neighbours[a].setdefault(b)
        neighbours[b].setdefault(a)
    return neighbours


def _tree(neighbours: Sequence[dict[int, None]]) -> list[list[int]]:
    """Return the children of each node in a tree of shortest ways from node 0."""
    children: list[list[int]] = [[] for _ in neighbours]
    seen, queue = {0}, [0]
    for node in queue:  # it grows meanwhile
        for neighbour in neighbours[node]:
            if neighbour not in seen:
                seen.add(neighbour)
                children[node].append(neighbour)
                queue.append(neighbour)
    return children


def _rings(children: Sequence[list[int]]) -> tuple[list[int], list[tuple[float, float]]]:
    """Return the nodes depth first, and their places: each shares its part of the circle out among its children."""
    order: list[int] = []
    places: list[tuple[float, float]] = []
    waiting = [(0, 0, _ROOT_ANGLE, 2 * math.pi)]
    while waiting:
        node, depth, angle, width = waiting.pop()
        radius = _RING * depth
        order.append(node)
        places.append((radius * math.sin(angle), radius * math.cos(angle)))
        share = len(children[node])
        for index in reversed(range(share)):
            middle = angle + (index - share / 2 + 0.5) * (width / share)
            waiting.append((children[node][index], depth + 1, middle, width / share))
    return order, places


def _scaled(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    largest_x = max(_SMALLEST_SPAN, *(abs(x) for x, _ in places), 0.0)
    largest_y = max(_SMALLEST_SPAN, *(abs(y) for _, y in places), 0.0)
    return [(x / largest_x + 0.0, y / largest_y + 0.0) for x, y in places]  # + 0.0: there is no -0.0 then
