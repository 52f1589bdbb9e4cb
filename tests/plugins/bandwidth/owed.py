"""What has to be in the ledgers after circuits were closed, reckoned from what their owners show of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from hashlib import sha1
from itertools import pairwise
from typing import Any

from triblerd.testing import DaemonClient, wait_for

FREE = 65536
"""Bytes; a circuit that carried less costs nothing."""
_SHARES = (1, 2, 2, 2)
"""What each hop of a circuit gets for each byte."""
_COUNTED = {"DATA": "bytes_down", "RP_DOWNLOADER": "bytes_down", "RP_SEEDER": "bytes_up"}
_LOOK_SECONDS = 0.2

Debts = Mapping[tuple[str, str], int]
"""Bytes by the keys of who took and who gave, in hex."""


class Watch:
    """Knows the circuits of a daemon that is no hop of others, and what went over those that are gone.

    Attributes:
        built: Rows of ``/ipv8/tunnel/circuits`` with all their hops, by the number of the circuit.
        closed: What ``tunnel_removed`` said, by the same.
    """

    def __init__(self, daemon: DaemonClient) -> None:
        self._daemon = daemon
        self.built: dict[int, Mapping[str, Any]] = {}
        self.closed: dict[int, Mapping[str, Any]] = {}
        self.is_looking = True

    async def look_on(self) -> None:
        """Look at the circuits until that is no longer wanted."""
        while self.is_looking:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look at the circuits that there are now."""
        rows = (await self._daemon.get("/ipv8/tunnel/circuits"))["circuits"]
        self.built |= {row["circuit_id"]: row for row in rows if row["actual_hops"] == row["goal_hops"]}

    async def listen_on(self) -> None:
        """Listen to what is told of circuits that are closed."""
        async with self._daemon.stream() as stream:
            while True:
                told = (await stream.next("tunnel_removed", limit_seconds=600))["kwargs"]
                self.closed[told["circuit_id"]] = told

    @property
    def is_over(self) -> bool:
        """Whether all circuits that were seen are closed."""
        return self.built.keys() <= self.closed.keys()

    def used(self) -> list[tuple[str, list[str], int]]:
        """Return the kind, the hops and the bytes of each circuit that has to be paid for."""
        sizes = [
            (row["type"], row["verified_hops"], self.closed[number].get(_COUNTED.get(row["type"], ""), 0))
            for number, row in self.built.items()
        ]
        unseen = [told for number, told in self.closed.items() if number not in self.built]
        assert all(told["bytes_down"] + told["bytes_up"] < FREE for told in unseen), unseen
        return [(kind, hops, size) for kind, hops, size in sizes if size >= FREE]


class Accounts:
    """The daemons of a network, and what those owe who build circuits.

    Attributes:
        ids: The public keys of all daemons in hex, by their names.
        watches: Of those who build circuits, by their names.
    """

    def __init__(self, daemons: Mapping[str, DaemonClient], ids: Mapping[str, str], owners: Iterable[str]) -> None:
        self._daemons = daemons
        self.ids = ids
        self.watches = {name: Watch(daemons[name]) for name in owners}

    def debts(self) -> Debts:
        """Return who took how much from whom."""
        by_mid = {sha1(bytes.fromhex(key), usedforsecurity=False).hexdigest(): key for key in self.ids.values()}
        debts: Counter[tuple[str, str]] = Counter()
        for name, watch in self.watches.items():
            for _, hops, size in watch.used():
                chain = [self.ids[name], *(by_mid[mid] for mid in hops)]
                for place, two in enumerate(pairwise(chain)):
                    debts[two] += size * sum(_SHARES[place : len(hops)])
        return debts

    async def turn_tunnels_off_and_on(self) -> None:
        """Have all circuits closed, and paid for; returns when it is known what they had."""
        for name, watch in self.watches.items():
            watch.is_looking = False
            await watch.look()  # a small download takes less time than there is between two looks
            for is_on in (False, True):
                await self._daemons[name].patch("/plugins/tunnels", json={"enabled": is_on})
        await wait_for(lambda: all(watch.is_over for watch in self.watches.values()), what="the end of all circuits")

    async def figures(self) -> dict[str, Mapping[str, Any]]:
        """Return what ``/bandwidth/statistics`` says, by the names of the daemons."""
        return {name: await statistics(daemon) for name, daemon in self._daemons.items()}

    def expected_figures(self) -> dict[str, Mapping[str, Any]]:
        """Return what it should say."""
        debts = self.debts()
        return {name: _figures(key, debts) for name, key in self.ids.items()}


@asynccontextmanager
async def accounts(daemons: Mapping[str, DaemonClient], *owners: str) -> AsyncIterator[Accounts]:
    """Keep accounts of the circuits that are built and closed meanwhile.

    Args:
        daemons: All of a network, by their names, with the plugins ``bandwidth`` and ``events``.
        owners: The names of those who build circuits.
    """
    ids = {name: (await statistics(daemon))["id"] for name, daemon in daemons.items()}
    accounts = Accounts(daemons, ids, owners)
    work = [
        asyncio.create_task(job) for watch in accounts.watches.values() for job in (watch.look_on(), watch.listen_on())
    ]
    try:
        yield accounts
    finally:
        for task in work:
            task.cancel()
        ends = await asyncio.gather(*work, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends), ends


async def statistics(daemon: DaemonClient) -> Mapping[str, Any]:
    """Return what a daemon says of its ledger."""
    answer: Mapping[str, Any] = (await daemon.get("/bandwidth/statistics"))["statistics"]
    return answer


async def drawn(daemon: DaemonClient) -> tuple[dict[str, tuple[int, int]], set[frozenset[str]]]:
    """Return what the graph of a daemon shows now: bytes given and taken by key, and who is tied to whom."""
    graph = (await daemon.get("/trustview?refresh=1"))["graph"]
    keys = {node["id"]: node["key"] for node in graph["node"]}
    totals = {node["key"]: (node["total_up"], node["total_down"]) for node in graph["node"]}
    return totals, {frozenset((keys[one], keys[other])) for one, other in graph["edge"]}


def expected_drawing(root: str, debts: Debts) -> tuple[dict[str, tuple[int, int]], set[frozenset[str]]]:
    """Return what it should show when the ledger has all rows: what root and its partners took part in."""
    partners = {key for two in debts if root in two for key in two} | {root}
    shown = {two for two in debts if partners & set(two)}
    keys = {key for two in shown for key in two} | {root}
    figures = {key: _figures(key, debts) for key in keys}
    totals = {key: (one["total_given"], one["total_taken"]) for key, one in figures.items()}
    return totals, {frozenset(two) for two in shown}


def _figures(key: str, debts: Debts) -> Mapping[str, Any]:
    taken = [size for (taker, _), size in debts.items() if taker == key]
    given = [size for (_, giver), size in debts.items() if giver == key]
    return {
        "id": key,
        "total_taken": sum(taken),
        "total_given": sum(given),
        "num_peers_helped": len(taken),
        "num_peers_helped_by": len(given),
    }
