"""Downloading 1 GiB over loopback, against a plain session of libtorrent in the same run.

The seeder is a plain session in a process of its own, and takes the time for both: from the first byte that it sends
to the last one. While the daemon downloads, a client asks for ``/downloads`` once a second and another reads
``/events``. A plain session with its default settings meets peers by uTP, which is slow over loopback: so there are
two baselines, one with the defaults and one that is told to use TCP, as ours does.
"""

import http.client
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from rig import LOOPBACK, Daemon, elsewhere, report, temporary_directory, zeros_metainfo
from swarm import download_plainly, magnet_of, seed_zeros

GIB = 1 << 30
ROUNDS = 4
LEAST_SPEED = 0.95
MOST_CPU = 1.15
UTP_SECONDS = 10.0
NAME = "zeros.bin"
TCP = {"enable_outgoing_utp": False}


class Run(NamedTuple):
    """How one download went."""

    bytes_a_second: float
    cpu_seconds_a_gib: float


def by_plain_session(seeder: Connection, magnet: str, folder: Path) -> Run:
    """Download with libtorrent alone, by TCP."""
    folder.mkdir()
    seeder.send("next")
    with elsewhere(download_plainly, magnet, folder, TCP, UTP_SECONDS * 30) as pipe:
        pipe.recv()
        seconds = -seeder.recv() + seeder.recv()
        cpu, _ = pipe.recv()
    (folder / NAME).unlink()
    return Run(GIB / seconds, cpu)


def by_daemon(seeder: Connection, magnet: str, folder: Path) -> Run:
    """Download with a daemon, being watched."""
    daemon = Daemon(folder)
    with daemon.running():
        client = daemon.client()
        reader = threading.Thread(target=read_events, args=(daemon.port, daemon.key), daemon=True)
        reader.start()
        time.sleep(0.5)
        used = daemon.cpu_seconds()
        seeder.send("next")
        client.ask_json("PUT", "/downloads", {"uri": magnet})
        while reader.is_alive():
            reader.join(1.0)
            [download] = client.downloads()
        cpu = daemon.cpu_seconds() - used
        assert download["progress"] == 1, download
        seconds = -seeder.recv() + seeder.recv()
    (folder / "saved" / NAME).unlink()
    return Run(GIB / seconds, cpu)


def read_events(port: int, key: str) -> None:
    """Read events until a download has finished."""
    link = http.client.HTTPConnection(LOOPBACK, port)
    link.request("GET", "/events", headers={"X-Api-Key": key})
    answer = link.getresponse()
    while b"torrent_finished" not in answer.readline():
        pass


def by_default_session(magnet: str, folder: Path) -> Run:
    """Download with libtorrent alone and its default settings, for some seconds: all of it would take minutes."""
    folder.mkdir()
    with elsewhere(download_plainly, magnet, folder, {}, UTP_SECONDS) as pipe:
        pipe.recv()
        cpu, count = pipe.recv()
    (folder / NAME).unlink()
    return Run(count / UTP_SECONDS, cpu * GIB / count)


def main() -> None:
    """Download with both in turns, and report the best of each."""
    with temporary_directory() as folder:
        (folder / "seeder").mkdir()
        with elsewhere(seed_zeros, folder / "seeder", [NAME], GIB, {}) as seeder:
            magnet = magnet_of(zeros_metainfo(NAME, GIB), seeder.recv())
            plain, ours = [], []
            for number in range(ROUNDS):
                plain.append(by_plain_session(seeder, magnet, folder / f"plain{number}"))
                ours.append(by_daemon(seeder, magnet, folder / f"daemon{number}"))
            default = by_default_session(magnet, folder / "default")
    tell("plain session by TCP", plain, ours)
    tell("plain session, default settings (uTP)", [default], ours)


def tell(name: str, plain: list[Run], ours: list[Run]) -> None:
    """Print the comparison with one baseline."""
    fastest, base = (max(run.bytes_a_second for run in runs) for runs in (ours, plain))
    report(
        "1 GiB: speed",
        f"{fastest / 1e6:.0f} MB/s",
        baseline=f"{name}: {base / 1e6:.0f} MB/s, x{fastest / base:.2f}",
        target=f">= {LEAST_SPEED} x",
        ok=fastest / base >= LEAST_SPEED,
    )
    least, base = (min(run.cpu_seconds_a_gib for run in runs) for runs in (ours, plain))
    report(
        "1 GiB: CPU, polled and with events open",
        f"{least:.2f} s",
        baseline=f"{name}: {base:.2f} s, x{least / base:.2f}",
        target=f"<= {MOST_CPU} x",
        ok=least / base <= MOST_CPU,
    )


if __name__ == "__main__":
    main()
