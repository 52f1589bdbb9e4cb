from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

import pytest

from tests.plugins.tunnels.nodes import OtherNode, PythonNode
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import seeder

__all__ = ["seeder", "start_nodes"]

StartNodes = Callable[..., Awaitable[list[OtherNode]]]


@pytest.fixture
async def start_nodes() -> AsyncIterator[StartNodes]:
    """Start a network of nodes that know each other, given what each of them does."""
    everybody: list[OtherNode] = []

    async def start(*kinds: Iterable[int], python: Iterable[int] | None = None) -> list[OtherNode]:
        nodes: list[OtherNode] = []
        for kind in (*kinds, *(() if python is None else (None,))):
            contacts = [node.contact for node in nodes[:1]]
            nodes.append(PythonNode(python or (), contacts) if kind is None else OtherNode(kind, contacts))
            everybody.append(nodes[-1])
            await nodes[-1].start()
        await wait_for(
            lambda: all(len(node.tunnels.candidates) == len(nodes) - 1 for node in nodes),
            what="nodes that know each other",
        )
        return nodes

    yield start
    for node in everybody:
        await node.stop()
