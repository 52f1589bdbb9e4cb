"""Making torrents of 2 GiB, against libtorrent's own hashing in the same run, and what the API is like meanwhile.

The daemon's time is that of the whole request: its process starts, reads, hashes and writes, the answer comes. The
baseline is the one call that hashes, with the file's list made before. Both run in turns.
"""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import libtorrent as lt
from rig import Client, Daemon, elsewhere, p99_meanwhile, report, serve_bare, temporary_directory

GIB = 1 << 30
SIZE = 2 * GIB
ROUNDS = 4
LEAST_SPEED = 0.9
MOST_MS = 20.0
VERSIONS = {
    "v1": lt.create_torrent.v1_only,
    "v2": lt.create_torrent.v2_only,
    "hybrid": lt.create_torrent.canonical_files_no_tail_padding,
}


def write_file(path: Path) -> None:
    """Write 2 GiB of which no block is like another."""
    with path.open("wb") as file:
        for number in range(SIZE >> 24):
            file.write(number.to_bytes(8) * (1 << 21))


def by_libtorrent(path: Path, version: str) -> float:
    """Return the seconds that libtorrent takes to hash the file."""
    torrent = lt.create_torrent(lt.list_files(str(path)), 0, VERSIONS[version])
    began = time.perf_counter()
    lt.set_piece_hashes(torrent, str(path.parent), lambda _: None)
    return time.perf_counter() - began


def by_daemon(client: Client, path: Path, version: str) -> float:
    """Return the seconds that the daemon takes to answer with the torrent."""
    body = json.dumps({"files": [str(path)], "version": version}).encode()
    began = time.perf_counter()
    client.ask("POST", "/createtorrent", body)
    return time.perf_counter() - began


def compare(daemon: Daemon, path: Path, version: str) -> None:
    """Hash in turns, and report the ratio of the best rounds."""
    client = daemon.client()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(by_libtorrent(path, version))
        ours.append(by_daemon(client, path, version))
    ratio = min(theirs) / min(ours)
    report(
        f"a torrent of 2 GiB, {version}",
        f"{SIZE / min(ours) / 1e6:.0f} MB/s",
        baseline=f"set_piece_hashes: {SIZE / min(theirs) / 1e6:.0f} MB/s, x{ratio:.2f}",
        target=f">= {LEAST_SPEED} x",
        ok=ratio >= LEAST_SPEED,
    )


def measure_latency(daemon: Daemon, path: Path) -> None:
    """Report how long a trivial request takes meanwhile, beside a bare server on the same busy machine."""
    ours = during_hashing(daemon, path, daemon.port)
    with elsewhere(serve_bare, 2) as pipe:
        bare = during_hashing(daemon, path, pipe.recv())
    report(
        "p99 of a trivial request meanwhile",
        f"{ours:.1f} ms",
        baseline=f"bare aiohttp on the same machine: {bare:.1f} ms",
        target=f"<= {MOST_MS:.0f} ms",
        ok=ours <= MOST_MS,
    )


def during_hashing(daemon: Daemon, path: Path, port: int) -> float:
    """Return the 99th percentile of a trivial request's milliseconds while torrents are made one after the other."""
    stop = threading.Event()
    hashing = threading.Thread(target=hash_until, args=(daemon.client(), path, stop.is_set))
    hashing.start()
    try:
        return p99_meanwhile(port, lambda: time.sleep(0.1))
    finally:
        stop.set()
        hashing.join()


def hash_until(client: Client, path: Path, is_over: Callable[[], bool]) -> None:
    """Make torrents of each version until told to stop."""
    while not is_over():
        for version in VERSIONS:
            by_daemon(client, path, version)


def main() -> None:
    """Measure all versions, and the latency."""
    with temporary_directory() as folder:
        path = folder / "file"
        write_file(path)
        daemon = Daemon(folder / "state", ("createtorrent",))
        with daemon.running():
            for version in VERSIONS:
                compare(daemon, path, version)
            measure_latency(daemon, path)


if __name__ == "__main__":
    main()
