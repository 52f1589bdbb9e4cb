"""Sorted lists of a million torrents, first page and page 1,000, and what is popular, while gossip comes.

The baseline is the query of each page in SQLite, with indexes over the columns that Tribler has indexed, in this
process and without HTTP.
"""

import itertools
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from fts5 import Fts5Store
from inside import GOSSIP_RATE, make_gossip, run_inside
from rig import Client, Daemon, elsewhere, report, temporary_directory, timed
from searching import torrents, write_lines

TORRENTS = 1_000_000
PLUGINS = ("metadata", "search")
PAGES = (1, 1000)
PAGE_ROWS = 50
REQUESTS = 100
PAUSE_SECONDS = 0.02
MOST_MS = 10.0
CHECKS = 2000
"""Torrents that were checked in the last hour."""
SQL_ROUNDS = 3
SQL_ORDERS = {
    None: "rowid",
    "category": "tags",
    "name": "lower(title)",
    "size": "size",
    "infohash": "infohash",
    "date": "torrent_date",
    "status": "status",
    "torrents": "rowid",
    "votes": "rowid",
    "subscribed": "rowid",
    "health": "seeders {d}, leechers",
}
"""What each list is ordered by; of torrents alone, three columns are all the same."""
POPULAR = """
SELECT * FROM record WHERE metadata_type = 300 AND last_check >= {since} AND (seeders > 0 OR leechers > 0)
ORDER BY seeders DESC, leechers DESC, last_check DESC LIMIT 50
"""
NTH_CHECK = f"SELECT last_check FROM record ORDER BY last_check DESC LIMIT 1 OFFSET {CHECKS}"  # noqa: S608
"""In SQLite the last checks are as old as the torrents."""


def query_of(column: str | None, page: int) -> str:
    """Return what SQLite is asked for a page."""
    order = SQL_ORDERS[column].format(d="DESC")
    return f"SELECT * FROM record ORDER BY {order} DESC, rowid DESC LIMIT {PAGE_ROWS} OFFSET {(page - 1) * PAGE_ROWS}"  # noqa: S608


def path_of(column: str | None, page: int) -> str:
    """Return the request of a page."""
    by = f"&sort_by={column}" if column else ""
    return f"/search?first={(page - 1) * PAGE_ROWS + 1}&last={page * PAGE_ROWS}{by}"


def measure_page(pipe: Connection, client: Client, about: str, path: str, baseline: float = 0.0) -> None:
    """Report what clients wait for a page, or without a baseline for something trivial, while gossip comes."""
    times = []
    pipe.send(("gossip", REQUESTS * (PAUSE_SECONDS + MOST_MS / 1e3)))
    for _ in range(REQUESTS):
        times += timed(lambda: client.ask("GET", path), 1)
        time.sleep(PAUSE_SECONDS)
    pipe.recv()
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    sql = f"; SQLite alone: {baseline:.1f} ms, x{baseline / p50:.1f} as fast" if baseline else ""
    report(
        f"{about}, HTTP, p99",
        f"{p99:.1f} ms",
        baseline=f"p50 {p50:.1f} ms{sql}",
        target=f"<= {MOST_MS:g} ms" if baseline else "",
        ok=p99 <= MOST_MS if baseline else None,
    )


def measure(folder: Path, count: int) -> None:
    """Measure everything with so many torrents."""
    baseline = Fts5Store(folder / "titles.db")
    baseline.fill(torrents(count))
    baseline.close()
    write_lines(folder / "lines.json", count)
    daemon = Daemon(folder / "daemon", PLUGINS)
    command = [sys.executable, "-m", "triblerd", "--state-dir", str(daemon.state_dir), "metadata", "import"]
    with daemon.running():
        subprocess.run([*command, str(folder / "lines.json")], check=True, stdout=subprocess.DEVNULL)
    lists = [*itertools.product(SQL_ORDERS, PAGES)]
    gossip = make_gossip(int((len(lists) + 3) * REQUESTS * (PAUSE_SECONDS + MOST_MS / 1e3) + 5) * GOSSIP_RATE)
    database = sqlite3.connect(folder / "titles.db")
    database.execute("PRAGMA cache_size = -65536")

    def sql_ms(query: str) -> float:
        return statistics.median(timed(lambda: database.execute(query).fetchall(), SQL_ROUNDS))

    with elsewhere(run_inside, daemon.state_dir, gossip) as pipe:
        client = Client(pipe.recv(), daemon.key)
        pipe.send(("checks", CHECKS))
        pipe.recv()
        [[since]] = database.execute(NTH_CHECK)
        popular = sql_ms(POPULAR.format(since=since))
        measure_page(pipe, client, "a trivial request", "/healthz")
        measure_page(pipe, client, "popular", "/metadata/torrents/popular", popular)
        for column in SQL_ORDERS:
            first = timed(lambda: client.ask("GET", path_of(column, 1)), 1)[0]  # noqa: B023 - called at once
            report(f"by {column or 'row'}, the very first time", f"{first:.0f} ms")
            time.sleep(1)  # the order may still be made
            for page in PAGES:
                sql = sql_ms(query_of(column, page))
                measure_page(pipe, client, f"by {column or 'row'}, page {page}", path_of(column, page), sql)
    database.close()


def main(wanted: Sequence[str]) -> None:
    """Measure with as many torrents as is said, by default a million."""
    with temporary_directory() as folder:
        measure(folder, int(wanted[0]) if wanted else TORRENTS)


if __name__ == "__main__":
    main(sys.argv[1:])
