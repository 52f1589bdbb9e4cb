"""``GET /downloads`` with thousands of stopped downloads, and with 200 more that are being downloaded.

The active ones come from a seeder that feeds them slowly, so that their rows change all the time. The baseline is a
bare aiohttp handler that sends as many bytes. A third process asks for a trivial thing meanwhile.
"""

import statistics
from pathlib import Path

from rig import (
    PIECE_LENGTH,
    Client,
    Daemon,
    bare_times,
    elsewhere,
    fill,
    p99_meanwhile,
    report,
    temporary_directory,
    timed,
    wait_until,
    zeros_metainfo,
)
from swarm import magnet_of, seed_zeros

TARGETS = {1_000: 4.0, 10_000: 40.0}
MOST_P99 = 10.0
ACTIVE = 200
ACTIVE_SIZE = 64 * PIECE_LENGTH
SLOWLY = {"upload_rate_limit": 4_000_000}
ROUNDS = 60
ENGINE_SECONDS = 120.0


def measure_lists(daemon: Daemon, target: float, about: str) -> None:
    """Report what whole lists cost."""
    client = daemon.client()
    size = len(client.ask("GET", "/downloads"))
    plain, plain_p99 = bare_times(size, ROUNDS)
    p50 = statistics.median(timed(lambda: client.ask("GET", "/downloads"), ROUNDS))
    report(
        f"list, {about}, p50",
        f"{p50:.2f} ms",
        baseline=f"bare handler, {size / 1e6:.2f} MB: {plain:.2f} ms, x{p50 / plain:.2f}",
        target=f"<= {target:g} ms",
        ok=p50 <= target,
    )
    p99 = p99_meanwhile(daemon.port, lambda: client.ask("GET", "/downloads"))
    report(
        "  trivial request meanwhile, p99",
        f"{p99:.2f} ms",
        baseline=f"bare handler: {plain_p99:.2f} ms",
        target=f"<= {MOST_P99:g} ms",
        ok=p99 <= MOST_P99,
    )


def start_active(client: Client, port: int) -> None:
    """Add downloads that a seeder feeds, and wait until all of them receive something."""
    for name in active_names():
        client.ask_json("PUT", "/downloads", {"uri": magnet_of(zeros_metainfo(name, ACTIVE_SIZE), port)})
    wait_until(lambda: count_active(client) >= ACTIVE, ENGINE_SECONDS, every_seconds=0.5)


def count_active(client: Client) -> int:
    """Return how many downloads have received something and go on."""
    return sum(item["status"] == "DOWNLOADING" and item["total_down"] > 0 for item in client.downloads())


def active_names() -> list[str]:
    """Return the files of the active downloads."""
    return [f"active{number}" for number in range(ACTIVE)]


def measure(folder: Path, count: int, target: float) -> None:
    """Measure with so many stopped downloads, first alone."""
    daemon = Daemon(folder / "daemon")
    fill(daemon.state_dir, count)
    (folder / "seeder").mkdir()
    with elsewhere(seed_zeros, folder / "seeder", active_names(), ACTIVE_SIZE, SLOWLY) as seeder, daemon.running():
        client = daemon.client()
        wait_until(lambda: all(item["trackers"] for item in client.downloads()), ENGINE_SECONDS, every_seconds=0.5)
        measure_lists(daemon, target, f"{count} stopped")
        start_active(client, seeder.recv())
        measure_lists(daemon, target, f"{count} stopped, {ACTIVE} active")
        active = count_active(client)
        report("  active at the end", f"{active}", target=f"= {ACTIVE}", ok=active == ACTIVE)


def main() -> None:
    """Measure each number of downloads with a daemon of its own."""
    for count, target in TARGETS.items():
        with temporary_directory() as folder:
            measure(folder, count, target)


if __name__ == "__main__":
    main()
