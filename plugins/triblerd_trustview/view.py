"""The graph as it is shown: made off the event loop, and kept."""

import asyncio
from dataclasses import dataclass

from triblerd_bandwidth.api import Ledger
from triblerd_identity.api import NodeKey
from triblerd_trustview.graph import find_graph
from triblerd_trustview.layout import lay_out
from triblerd_trustview.schemas import TrustGraph, TrustNode, TrustView


def make_view(root: bytes, ledger: Ledger) -> TrustView:
    """Return the graph around a node. Reads some ten thousand rows at most.

    Args:
        root: The node's public key, 74 bytes.
        ledger: Who took from whom.
    """
    graph = find_graph(root, ledger.rows)
    layout = lay_out(len(graph.keys), graph.edges)
    nodes = []
    for number, (old, place) in enumerate(zip(layout.order, layout.positions, strict=True)):
        totals = ledger.totals(graph.keys[old])
        nodes.append(
            TrustNode(
                id=number,
                key=graph.keys[old].hex(),
                total_up=totals.given,
                total_down=totals.taken,
                pos=place,
            )
        )
    return TrustView(
        root_public_key=root.hex(), graph=TrustGraph(node=nodes, edge=layout.edges), num_tx=len(layout.edges)
    )


@dataclass(frozen=True)
class _Kept:
    root: bytes
    revision: int
    view: TrustView


class KeptView:
    """The view of this node, which stays as it is until somebody wants a new one.

    Args:
        key: This node.
        ledger: Who took from whom.
    """

    def __init__(self, *, key: NodeKey, ledger: Ledger) -> None:
        self._key = key
        self._ledger = ledger
        self._kept: _Kept | None = None
        self._making = asyncio.Lock()  # those who come meanwhile want the same

    async def get(self, *, refresh: bool) -> TrustView:
        """Return the view: that of the first call, or, with ``refresh``, that of the ledger as it is now."""
        async with self._making:
            kept = self._kept
            if kept is None or kept.root != self._key.full_public_key or (refresh and self._is_old(kept)):
                self._kept = kept = await asyncio.to_thread(self._make)
            return kept.view

    def _is_old(self, kept: _Kept) -> bool:
        return kept.revision != self._ledger.revision

    def _make(self) -> _Kept:
        # The revision comes first: what changes while the view is made is in the next one.
        root, revision = self._key.full_public_key, self._ledger.revision
        return _Kept(root, revision, make_view(root, self._ledger))
