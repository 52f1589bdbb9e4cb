"""Importing the states of other programs, 2,000 downloads each, into a daemon that has none.

The baseline is a plain session of libtorrent that is handed the same torrents as resume data, in batches, and waits for
its answers: what any import has to do at the very least.
"""

import shutil
import sys
import time
from pathlib import Path

import libtorrent as lt
from rig import QUIET, Daemon, report, temporary_directory, wait_until

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.plugins.upgrader.blown_up import Clone, blow_up, count_of
from tests.plugins.upgrader.samples import PROGRAMS, ROOT, copy_data, copy_state

COUNT = 2_000
LEAST_A_SECOND = 200
_LIMIT_SECONDS = 300.0
_BATCH = 100


def imports_a_second(name: str, folder: Path) -> tuple[float, float, float]:
    """Return how many downloads a second are imported, and how many in a second of the daemon's own CPU time.

    The third is the longest wait for a trivial answer meanwhile, in ms.
    """
    state, data = copy_state(name, folder / "state"), copy_data(name, folder / "data")
    blow_up(name, state, data, COUNT)
    daemon = Daemon(folder / "daemon", plugins=("upgrader", "downloads"))
    with daemon.running():
        client = daemon.client()
        began, used = time.perf_counter(), daemon.cpu_seconds()
        body = {"path": str(state), "replace": {ROOT: str(data)}, "missing": "stop"}
        client.ask_json("POST", "/upgrader/import", body)
        slowest = 0.0

        def ended() -> bool:
            nonlocal slowest
            asked = time.perf_counter()
            view = client.ask_json("GET", "/upgrader/import")
            slowest = max(slowest, time.perf_counter() - asked)
            return bool(view["state"] != "running")

        wait_until(ended, _LIMIT_SECONDS, every_seconds=0.02)
        seconds, used = time.perf_counter() - began, daemon.cpu_seconds() - used
        view = client.ask_json("GET", "/upgrader/import")
        assert view["state"] == "finished", view
        assert len(client.downloads()) == COUNT + count_of(name), view["counts"]
    count = COUNT + count_of(name)
    return count / seconds, count / used, slowest * 1e3


def plain_adds_a_second(folder: Path) -> float:
    """Return how many torrents a second a plain session takes with resume data and looks at."""
    clones = [Clone(number) for number in range(COUNT)]
    for clone in clones:
        with (folder / clone.name.decode()).open("wb") as file:
            file.truncate(50_003)
    session = lt.session(QUIET)
    began = time.perf_counter()
    looked_at = 0
    for first in range(0, COUNT, _BATCH):
        for clone in clones[first : first + _BATCH]:
            params = lt.load_torrent_buffer(clone.torrent)
            params.save_path = str(folder)
            params.have_pieces = [True] * 4
            session.async_add_torrent(params)
        while looked_at < first + _BATCH:
            session.wait_for_alert(1000)
            looked_at += sum(isinstance(alert, lt.torrent_checked_alert) for alert in session.pop_alerts())
    return COUNT / (time.perf_counter() - began)


def main(wanted: list[str]) -> None:
    """Measure each format once, between two runs of the baseline."""
    bare = []
    figures = {}
    for name in wanted or PROGRAMS:
        with temporary_directory(on_disk=True) as folder:
            (folder / "plain").mkdir()
            bare.append(plain_adds_a_second(folder / "plain"))
            shutil.rmtree(folder / "plain")
            figures[name] = imports_a_second(name, folder)
    base = max(bare)
    for name, (rate, by_cpu, slowest) in figures.items():
        report(
            f"{COUNT} downloads of {name}",
            f"{rate:.0f} /s",
            baseline=f"{by_cpu:.0f} a second of CPU; plain session: {base:.0f} /s, x{rate / base:.2f}; "
            f"slowest answer meanwhile {slowest:.0f} ms",
            target=f">= {LEAST_A_SECOND} /s",
            ok=rate >= LEAST_A_SECOND,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
