"""A poll as Sonarr does it, with 5,000 downloads: the list, then the files of each of them, one request each.

Once over one connection that is kept, and once over a new connection for each request. The baseline is a bare aiohttp
handler that answers as many requests in the same way with as many bytes.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rig import Client, Daemon, elsewhere, fill, report, serve_bare, temporary_directory, wait_until

COUNT = 5_000
ROUNDS = 3
MOST_SECONDS = 5.0
MOST_SHARE = 0.25
POLL_SECONDS = 60.0
ENGINE_SECONDS = 120.0
SONARR = {"User-Agent": "Sonarr/4.0.16.2944 (debian 12)", "Accept": "application/json"}

Ask = Callable[[str], bytes]


def kept(port: int, key: str = "") -> Ask:
    """Return what asks over one connection."""
    client = Client(port, key)
    return lambda path: client.ask("GET", path, headers=SONARR)


def opened(port: int, key: str = "") -> Ask:
    """Return what asks over a new connection each time."""
    return lambda path: Client(port, key).ask("GET", path, headers={**SONARR, "Connection": "close"})


def poll(ask: Ask) -> tuple[int, int]:
    """Poll as Sonarr does; return the bytes of the list and those of the files together."""
    raw = ask("/api/downloads")
    listed = json.loads(raw)["downloads"]
    sizes = [len(ask(f"/api/downloads/{item['infohash']}/files")) for item in listed if item["size"]]
    assert len(sizes) == COUNT, len(sizes)
    return len(raw), sum(sizes)


def bare_seconds(way: Callable[[int], Ask], list_size: int, files_size: int) -> float:
    """Return the seconds that a bare handler takes for as many bytes."""
    with elsewhere(serve_bare, list_size) as pipe:
        port = pipe.recv()
        ask = way(port)
        began = time.perf_counter()
        ask("/")
        seconds = time.perf_counter() - began
    with elsewhere(serve_bare, files_size // COUNT) as pipe:
        ask = way(pipe.recv())
        began = time.perf_counter()
        for _ in range(COUNT):
            ask("/")
        return seconds + time.perf_counter() - began


def measure(daemon: Daemon, way: Callable[..., Ask], about: str) -> None:
    """Report what polls cost in one way, the first of all apart: nothing is kept before."""
    walls, cores = [], []
    sizes = (0, 0)
    for _ in range(ROUNDS):
        used, began = daemon.cpu_seconds(), time.perf_counter()
        sizes = poll(way(daemon.port, daemon.key))
        walls.append(time.perf_counter() - began)
        cores.append(daemon.cpu_seconds() - used)
    base = bare_seconds(way, *sizes)
    wall, cpu = statistics.median(walls), statistics.median(cores)
    report(
        f"poll of {COUNT}, {about}, p50",
        f"{wall:.2f} s",
        baseline=f"bare handler, {sum(sizes) / 1e6:.1f} MB: {base:.2f} s, x{wall / base:.2f}",
        target=f"<= {MOST_SECONDS:g} s",
        ok=wall <= MOST_SECONDS,
    )
    report(
        "  of a core, at one poll a minute",
        f"{cpu / POLL_SECONDS:.1%}",
        target=f"<= {MOST_SHARE:.0%}",
        ok=cpu / POLL_SECONDS <= MOST_SHARE,
    )
    report("  the first poll", f"{walls[0]:.2f} s", baseline=f"{cores[0]:.2f} s of CPU")


def main() -> None:
    """Fill a daemon and poll it."""
    with temporary_directory() as folder:
        daemon = Daemon(Path(folder, "daemon"), ("downloads", "tribler8"))
        fill(daemon.state_dir, COUNT)
        with daemon.running():
            client = daemon.client()
            wait_until(lambda: all(item["trackers"] for item in client.downloads()), ENGINE_SECONDS, every_seconds=0.5)
            measure(daemon, kept, "one connection")
            measure(daemon, opened, "new connections")


if __name__ == "__main__":
    main()
