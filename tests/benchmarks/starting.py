"""Starting with 10,000 stored downloads, and stopping with them.

The first answer, the whole list, everything in the engine, and the end are timed from the start of the program, or
from the signal. The baseline of the third is a plain session that is given the same torrents from memory.
"""

import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import libtorrent as lt
from rig import QUIET, Client, Daemon, elsewhere, fill, make_metainfo, report, temporary_directory, timed, wait_until

COUNT = 10_000
ROUNDS = 3
LIBRARIES = "aiohttp.web, apispec, click, dependency_injector.containers, libtorrent, lmdb, msgspec, pluggy, tomlkit"
TARGETS = {"first answer": 1.0, "all listed": 2.0, "all in the engine": 20.0, "stop": 5.0}
ENGINE_SECONDS = 120.0


def add_plainly(pipe: Connection, folder: Path) -> None:
    """Add the torrents to a plain session; tell the seconds."""
    metainfos = [make_metainfo(number) for number in range(COUNT)]
    session = lt.session({**QUIET})
    began = time.perf_counter()
    for metainfo in metainfos:
        params = lt.load_torrent_buffer(metainfo)
        params.save_path = str(folder)
        params.flags = lt.torrent_flags.paused
        session.async_add_torrent(params)
    added = 0
    while added < COUNT:
        session.wait_for_alert(100)
        added += sum(isinstance(alert, lt.add_torrent_alert) for alert in session.pop_alerts())
    pipe.send(time.perf_counter() - began)
    pipe.recv()


def start_and_stop(daemon: Daemon) -> dict[str, float]:
    """Return the seconds of each step."""
    with daemon.running():
        client = daemon.client()
        wait_until(lambda: counted(client) == COUNT, ENGINE_SECONDS)
        listed = time.perf_counter() - daemon.started_at
        wait_until(lambda: all(item["trackers"] for item in client.downloads()), ENGINE_SECONDS, every_seconds=0.5)
        engaged = time.perf_counter() - daemon.started_at
    return {
        "first answer": daemon.seconds_to_answer,
        "all listed": listed,
        "all in the engine": engaged,
        "stop": daemon.seconds_to_stop,
    }


def import_libraries() -> None:
    """Start a Python that imports what the daemon imports from others."""
    subprocess.run([sys.executable, "-c", f"import {LIBRARIES}"], check=True)


def counted(client: Client) -> int:
    """Return how many downloads are listed; none while the plugin starts."""
    try:
        return len(client.downloads())
    except RuntimeError:
        return 0


def main() -> None:
    """Start and stop some times, and report the best of each step."""
    with temporary_directory(on_disk=True) as folder:
        daemon = Daemon(folder / "daemon")
        fill(daemon.state_dir, COUNT)
        rounds, imports = [], []
        for _ in range(ROUNDS):
            imports += timed(import_libraries, 1)
            rounds.append(start_and_stop(daemon))
        with elsewhere(add_plainly, folder) as pipe:
            plain: float = pipe.recv()
    baselines = {
        "first answer": ("Python with the libraries", min(imports) / 1e3),
        "all in the engine": ("plain session", plain),
    }
    for step, target in TARGETS.items():
        best = min(times[step] for times in rounds)
        about, base = baselines.get(step, ("", 0.0))
        baseline = f"{about}: {base:.2f} s, x{best / base:.1f}" if about else ""
        report(
            f"{COUNT} downloads: {step}",
            f"{best:.2f} s",
            baseline=baseline,
            target=f"<= {target:g} s",
            ok=best <= target,
        )


if __name__ == "__main__":
    main()
