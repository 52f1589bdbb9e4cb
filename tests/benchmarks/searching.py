"""The metadata store and its index with a million torrents, against SQLite's full-text search with the same torrents.

The same words are looked for in both, in turns. SQLite answers in this process; the daemon's own search runs in the
daemon's process, once without HTTP, to be compared, and once through HTTP while gossip comes.
"""

import itertools
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode

import msgspec
from fts5 import Fts5Store
from inside import GOSSIP_RATE, make_gossip, run_inside
from rig import Client, Daemon, elsewhere, report, temporary_directory, timed

from triblerd_metadata.api import Entry, NewEntry
from triblerd_metadata.bulk.lines import encode_entries
from triblerd_metadata.testing import iter_torrents, vocabulary

TITLES = 1_000_000
PLUGINS = (
    "metadata",
    "search",
    "knowledge",
    "downloads",
    "torrentinfo",
    "createtorrent",
    "events",
    "settings",
    "state",
)
ROUNDS, IN_A_ROW = 12, 3
ASKED = 200
"""Requests of each kind through HTTP, for the 99th percentile."""
PAUSE_SECONDS = 0.02
"""Between two requests: people type slower, and gossip has to come in between."""
GOSSIP_SECONDS = 20.0
LEAST_IMPORTED = 20_000
MOST_MS = 50.0
MOST_COMPLETION_MS = 10.0
MOST_GOSSIP_SHARE = 0.05
MOST_ANONYMOUS = 250 << 20
MOST_DISK_RATIO = 1.2
MOST_START_SECONDS = 10.0

_WORDS = vocabulary()
SEARCHES = {
    "very common word": ('"1080p"', 10.0),
    "common word": (f'"{_WORDS[9]}"', 20.0),
    "two words": (f'"{_WORDS[9]}" "{_WORDS[20]}"', 3.0),
}
"""What is looked for, and how many times as fast as SQLite it has to be when ordered by seeders."""


def torrents(count: int) -> Iterator[NewEntry]:
    """Yield the torrents of both stores."""
    return itertools.islice(iter_torrents(), count)


def write_lines(path: Path, count: int) -> None:
    """Write the torrents as a file to be imported."""
    with path.open("wb") as file:
        entries = (Entry(**msgspec.structs.asdict(torrent), rowid=1) for torrent in torrents(count))
        while chunk := list(itertools.islice(entries, 10_000)):
            file.write(encode_entries(chunk))


def measure_import(daemon: Daemon, lines: Path, count: int, baseline: float) -> None:
    """Import all of it with the command, into records and index together."""
    command = [sys.executable, "-m", "triblerd", "--state-dir", str(daemon.state_dir), "metadata", "import", str(lines)]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rate = count / (time.perf_counter() - began)
    report(
        "import into store and index",
        f"{rate:,.0f} /s",
        baseline=f"SQLite, records and FTS5: {count / baseline:,.0f} /s, x{rate * baseline / count:.2f}",
        target=f">= {LEAST_IMPORTED:,} /s",
        ok=rate >= LEAST_IMPORTED,
    )


def report_memory(daemon: Daemon, when: str) -> None:
    """Report the daemon's memory."""
    anonymous = int(re.findall(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{daemon.process.pid}/status").read_text())[0]) << 10
    report(
        f"memory beyond page cache, {when}",
        f"{anonymous / 2**20:.0f} MiB",
        target=f"<= {MOST_ANONYMOUS >> 20} MiB",
        ok=anonymous <= MOST_ANONYMOUS,
    )


def measure_size(daemon: Daemon, baseline: Fts5Store) -> None:
    """Report what the store takes on disk, and the daemon in memory once it was asked some things."""
    client = daemon.client()
    for text, _ in SEARCHES.values():
        for sort_by in ("health", ""):
            client.ask("GET", search_path(text, sort_by))
    client.ask("GET", "/search?first=1&last=50&sort_by=name")
    report_memory(daemon, "once it was asked some things")
    size, other = (daemon.state_dir / "store" / "data.mdb").stat().st_size, baseline.size()
    report(
        "size on disk",
        f"{size / 2**20:.0f} MiB",
        baseline=f"SQLite: {other / 2**20:.0f} MiB, x{size / other:.2f}",
        target=f"<= {MOST_DISK_RATIO:g} x",
        ok=size <= MOST_DISK_RATIO * other,
    )


def measure_searches(pipe: Connection, baseline: Fts5Store) -> None:
    """Report the median of each search beside SQLite's, both without HTTP: its rows, and these with their records."""
    for name, (text, times_faster) in SEARCHES.items():
        for sort_by, about in (("health", "by seeders"), (None, "ranked")):
            ours, theirs = [], []
            for _ in range(ROUNDS):
                # Several in a row: what comes after the other side's turn finds the processor's caches emptied.
                pipe.send(("searches", [(text, sort_by is not None)] * IN_A_ROW))
                ours += pipe.recv()
                for _ in range(IN_A_ROW):
                    rows = timed(lambda: baseline.search(text, sort_by, "record.rowid"), 1)  # noqa: B023 - called at once
                    theirs.append((*rows, *timed(lambda: baseline.search(text, sort_by), 1)))  # noqa: B023 - likewise
            for what, part in (("rows", 0), ("records", 1)):
                p50, base = (statistics.median(times[part] for times in both) for both in (ours, theirs))
                is_wanted = sort_by is not None and what == "records"
                report(
                    f"{name}, {about}, {what}, p50",
                    f"{p50:.2f} ms",
                    baseline=f"SQLite FTS5: {base:.2f} ms, x{base / p50:.1f} as fast",
                    target=f">= {times_faster:g} x" if is_wanted else "",
                    ok=base / p50 >= times_faster if is_wanted else None,
                )


def measure_gossip(pipe: Connection) -> None:
    """Report what steady gossip costs."""
    pipe.send(("idle", GOSSIP_SECONDS))
    idle = pipe.recv()
    pipe.send(("gossip", GOSSIP_SECONDS))
    share = (pipe.recv() - idle) / GOSSIP_SECONDS
    report(
        f"{GOSSIP_RATE} gossip records a second",
        f"{share:.1%} of a core",
        baseline=f"idle: {idle / GOSSIP_SECONDS:.1%}",
        target=f"<= {MOST_GOSSIP_SHARE:.0%}",
        ok=share <= MOST_GOSSIP_SHARE,
    )


def measure_requests(pipe: Connection, client: Client, about: str, paths: Sequence[str], most: float) -> None:
    """Report the 99th percentile of requests through HTTP while gossip comes."""
    seconds = ASKED * (PAUSE_SECONDS + most / 1e3)
    pipe.send(("gossip", seconds))
    times = []
    for path in itertools.islice(itertools.cycle(paths), ASKED):
        times += timed(lambda: client.ask("GET", path), 1)  # noqa: B023 - called at once
        time.sleep(PAUSE_SECONDS)
    pipe.recv()
    report_p99(about, times, most)


def report_p99(about: str, times: Sequence[float], most: float) -> None:
    """Report the 99th percentile, beside the median."""
    p99 = statistics.quantiles(times, n=100)[98]
    report(
        f"{about}, HTTP, p99",
        f"{p99:.1f} ms",
        baseline=f"p50 {statistics.median(times):.1f} ms",
        target=f"<= {most:g} ms",
        ok=p99 <= most,
    )


def search_path(text: str, sort_by: str | None, **further: object) -> str:
    """Return the request of a search."""
    query = {"txt_filter": text, "metadata_type": "torrent", "sort_by": sort_by or None, **further}
    return f"/search?{urlencode({name: value for name, value in query.items() if value is not None})}"


def measure_http(pipe: Connection, client: Client) -> None:
    """Report what clients wait for while gossip comes."""
    for name, (text, _) in SEARCHES.items():
        for sort_by, about in (("health", "by seeders"), (None, "ranked")):
            measure_requests(pipe, client, f"{name}, {about}", [search_path(text, sort_by)], MOST_MS)
    beginnings = [word[:length] for word in _WORDS[:200:7] for length in (2, 3, 4)]
    paths = [f"/search/completions?q={beginning}" for beginning in beginnings]
    measure_requests(pipe, client, "completions", paths, MOST_COMPLETION_MS)


def measure(folder: Path, count: int) -> None:
    """Measure everything with so many titles."""
    baseline = Fts5Store(folder / "titles.db")
    filled = baseline.fill(torrents(count))
    write_lines(folder / "lines.json", count)
    daemon = Daemon(folder / "daemon", PLUGINS)
    with daemon.running():
        measure_import(daemon, folder / "lines.json", count, filled)
        report_memory(daemon, "after the import")
    with daemon.running():
        seconds = time.perf_counter() - daemon.started_at
        report(
            "start of all plugins",
            f"{seconds:.2f} s",
            target=f"<= {MOST_START_SECONDS:g} s",
            ok=seconds <= MOST_START_SECONDS,
        )
        measure_size(daemon, baseline)
    gossip = make_gossip(int((len(SEARCHES) * 2 + 2) * ASKED * 0.07 + GOSSIP_SECONDS) * GOSSIP_RATE)
    with elsewhere(run_inside, daemon.state_dir, gossip) as pipe:
        client = Client(pipe.recv(), daemon.key)
        measure_searches(pipe, baseline)
        measure_gossip(pipe)
        measure_http(pipe, client)
    baseline.close()


def main(wanted: Sequence[str]) -> None:
    """Measure with as many titles as is said, by default a million."""
    with temporary_directory() as folder:
        measure(folder, int(wanted[0]) if wanted else TITLES)


if __name__ == "__main__":
    main(sys.argv[1:])
