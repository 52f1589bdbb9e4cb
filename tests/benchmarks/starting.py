"""Starting with 10,000 stored downloads, and stopping with them.

The first answer, the whole list, everything in the engine, and the end are timed from the start of the program, or
from the signal. The baseline of the third is a plain session that is given the same torrents from memory.
"""

import time
from multiprocessing.connection import Connection
from pathlib import Path

import libtorrent as lt
from rig import QUIET, Client, Daemon, elsewhere, fill, make_metainfo, report, temporary_directory, wait_until

COUNT = 10_000
ROUNDS = 2
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
        rounds = [start_and_stop(daemon) for _ in range(ROUNDS)]
        with elsewhere(add_plainly, folder) as pipe:
            plain: float = pipe.recv()
    for step, target in TARGETS.items():
        best = min(times[step] for times in rounds)
        baseline = f"plain session: {plain:.2f} s, x{best / plain:.1f}" if "engine" in step else ""
        report(
            f"{COUNT} downloads: {step}",
            f"{best:.2f} s",
            baseline=baseline,
            target=f"<= {target:g} s",
            ok=best <= target,
        )


if __name__ == "__main__":
    main()
