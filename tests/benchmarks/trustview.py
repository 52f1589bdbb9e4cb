"""The graph of a ledger of 100,000 rows between 10,000 nodes: made for the first time, and asked for again.

The baseline of the first is one look at each row of the same ledger, in a process of its own; that of the others is a
bare aiohttp handler that answers as many bytes as the graph has in JSON.
"""

import asyncio
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rig import Daemon, bare_times, report, temporary_directory, timed

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_bandwidth.api import LedgerRow
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_identity.api import PUBLIC_KEY_SIZE, PUBLIC_KIND
from triblerd_identity.key_file import KeyFile

NODES = 10_000
ROWS = 100_000
OWN_ROWS = 1000
AT_ONCE = 5000
ROUNDS = 200
MOST_FIRST_SECONDS = 2.0
MOST_AGAIN_MS = 50.0
NODES_SHOWN = 500


def rows(own: bytes) -> Iterator[LedgerRow]:
    """Yield rows of different pairs of nodes, of which some are ours. The ledger has checked them already."""
    choose = random.Random(7)
    keys = [own, *(PUBLIC_KIND + choose.randbytes(PUBLIC_KEY_SIZE) for _ in range(NODES - 1))]
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < ROWS:
        one = 0 if len(pairs) < OWN_ROWS else choose.randrange(NODES)
        other = choose.randrange(NODES)
        if one != other:
            pairs.add(choose.choice([(one, other), (other, one)]))
    for a, b in sorted(pairs):
        yield LedgerRow(
            public_key_a=keys[a],
            public_key_b=keys[b],
            sequence_number=1,
            amount=choose.randrange(1, 10**13),
            timestamp=1_700_000_000_000,
            signature_a=choose.randbytes(64),
            signature_b=choose.randbytes(64),
        )


async def fill(state_dir: Path) -> None:
    """Store the rows, as a daemon would have after years."""
    key = await asyncio.to_thread(KeyFile(state_dir / "ec_multichain.pem").load)
    async with Store(state_dir / "store", StoreConfig()) as store:
        ledger = await StoredLedger.open(store.view("bandwidth"), key, most_of_others=ROWS)
        stored = list(rows(key.full_public_key))
        for first in range(0, ROWS, AT_ONCE):
            some = stored[first : first + AT_ONCE]
            await ledger.change(lambda transaction, some=some: [ledger.put(transaction, row) for row in some])  # type: ignore[misc]


async def scan(state_dir: Path) -> None:
    """Print the seconds that one look at each row takes."""
    key = await asyncio.to_thread(KeyFile(state_dir / "ec_multichain.pem").load)
    async with Store(state_dir / "store", StoreConfig()) as store:
        ledger = await StoredLedger.open(store.view("bandwidth"), key, most_of_others=ROWS)
        began = time.perf_counter()
        assert sum(1 for _ in ledger.rows()) == ROWS
        print(time.perf_counter() - began)


def measure(daemon: Daemon, baseline: float) -> None:
    """Ask for the graph for the first time, and then again and again."""
    client = daemon.client()
    began = time.perf_counter()
    view = client.ask_json("GET", "/trustview")
    first = time.perf_counter() - began
    assert len(view["graph"]["node"]) == NODES_SHOWN, len(view["graph"]["node"])
    report(
        f"first graph, {ROWS:,} rows, {NODES:,} nodes",
        f"{first:.2f} s",
        baseline=f"a look at each row: {baseline:.2f} s, x{first / baseline:.2f}",
        target=f"<= {MOST_FIRST_SECONDS:g} s",
        ok=first <= MOST_FIRST_SECONDS,
    )
    size = len(client.ask("GET", "/trustview"))
    bare, _ = bare_times(size, ROUNDS)
    for name, path, accept in (
        ("again", "/trustview", "*/*"),
        ("with refresh=1, nothing changed", "/trustview?refresh=1", "*/*"),
        ("as GraphML", "/trustview", "application/graphml+xml"),
        ("for Graphviz", "/trustview", "text/vnd.graphviz"),
    ):
        took = statistics.median(
            timed(lambda path=path, accept=accept: client.ask("GET", path, headers={"Accept": accept}), ROUNDS)  # type: ignore[misc]
        )
        report(
            f"  {name}, median",
            f"{took:.2f} ms",
            baseline=f"bare handler, {size:,} bytes of JSON: {bare:.2f} ms, x{took / bare:.1f}",
            target=f"<= {MOST_AGAIN_MS:g} ms",
            ok=took <= MOST_AGAIN_MS,
        )


def main() -> None:
    """Fill a ledger, look at it, and start a daemon on it."""
    with temporary_directory() as folder:
        daemon = Daemon(folder / "daemon", plugins=("trustview",))
        asyncio.run(fill(daemon.state_dir))
        looked = subprocess.check_output([sys.executable, __file__, str(daemon.state_dir)], text=True)
        with daemon.running():
            measure(daemon, float(looked))


if __name__ == "__main__":
    if sys.argv[1:]:
        asyncio.run(scan(Path(sys.argv[1])))
    else:
        main()
