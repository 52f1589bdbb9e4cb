"""From the add to the first byte of a peer that speaks only TCP, against a plain session of libtorrent in the same run.

The peer itself takes the time, in a process of its own. It is named by a magnet link, as in practice by a tracker.
"""

import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path

from rig import PIECE_LENGTH, Daemon, elsewhere, report, temporary_directory, zeros_metainfo
from swarm import download_plainly, magnet_of, seed_zeros

SIZE = 16 * PIECE_LENGTH
ROUNDS = 3
MOST_SECONDS = 0.8
TCP_ONLY = {"enable_incoming_utp": False, "enable_outgoing_utp": False}
NAME = "zeros.bin"


def by_plain_session(seeder: Connection, magnet: str, folder: Path) -> float:
    """Return the seconds that a plain session takes, its start included (some 20 ms)."""
    folder.mkdir()
    seeder.send("next")
    with elsewhere(download_plainly, magnet, folder, {}, 1.0) as pipe:
        began: float = pipe.recv()
        first: float = seeder.recv()
        seeder.recv()
    return first - began


def by_daemon(seeder: Connection, magnet: str, daemon: Daemon) -> float:
    """Return the seconds from the request to the first byte."""
    client = daemon.client()
    seeder.send("next")
    began = time.perf_counter()
    infohash = client.ask_json("PUT", "/downloads", {"uri": magnet})["infohash"]
    first: float = seeder.recv()
    seeder.recv()
    client.ask_json("DELETE", f"/downloads/{infohash}", {"remove_data": True})
    return first - began


def main() -> None:
    """Measure some rounds of both; a daemon is given time between two adds to go back to its usual settings."""
    with temporary_directory() as folder:
        (folder / "seeder").mkdir()
        with elsewhere(seed_zeros, folder / "seeder", [NAME], SIZE, TCP_ONLY) as seeder:
            magnet = magnet_of(zeros_metainfo(NAME, SIZE), seeder.recv())
            plain = [by_plain_session(seeder, magnet, folder / f"plain{number}") for number in range(ROUNDS)]
            ours = []
            daemon = Daemon(folder / "daemon")
            with daemon.running():
                for _ in range(ROUNDS):
                    ours.append(by_daemon(seeder, magnet, daemon))
                    time.sleep(4)
    slowest, base = max(ours), statistics.median(plain)
    report(
        f"first byte from a TCP-only peer, worst of {ROUNDS}",
        f"{slowest:.2f} s",
        baseline=f"plain session: {base:.2f} s, x{slowest / base:.2f}",
        target=f"<= {MOST_SECONDS} s",
        ok=slowest <= MOST_SECONDS,
    )


if __name__ == "__main__":
    main()
