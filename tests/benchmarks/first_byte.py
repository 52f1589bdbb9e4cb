"""From the add to the first byte of a peer that speaks only TCP, against a plain session of libtorrent in the same run.

The peer itself takes the time, in a process of its own. Once a magnet link names it, once a tracker does.
"""

import json
import statistics
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

from rig import (
    LOOPBACK,
    PIECE_LENGTH,
    TORRENT,
    Client,
    Daemon,
    elsewhere,
    report,
    temporary_directory,
    zeros_metainfo,
)
from swarm import download_plainly, magnet_of, seed_zeros

SIZE = 16 * PIECE_LENGTH
ROUNDS = 3
MOST_SECONDS = 0.8
BETWEEN_SECONDS = 4.0
"""Between two adds, so that the daemon is back at its usual settings."""
TCP_ONLY = {"enable_incoming_utp": False, "enable_outgoing_utp": False}
NAME = "zeros.bin"


def track(pipe: Connection, peer_port: int) -> None:
    """Be a tracker that knows one peer, telling the port first (BEP 3, BEP 23)."""
    peers = bytes(map(int, LOOPBACK.split("."))) + peer_port.to_bytes(2)
    answer = b"d8:intervali1800e5:peers%d:%be" % (len(peers), peers)

    class Tracker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Tracker)
    pipe.send(server.server_port)
    server.serve_forever()


def by_plain_session(seeder: Connection, source: str | bytes, folder: Path) -> float:
    """Return the seconds that a plain session takes."""
    folder.mkdir()
    seeder.send("next")
    with elsewhere(download_plainly, source, folder, {}, 1.0) as pipe:
        began: float = pipe.recv()
        first: float = seeder.recv()
        seeder.recv()
    return first - began


def by_daemon(seeder: Connection, client: Client, add: Callable[[], bytes]) -> float:
    """Return the seconds from the request to the first byte."""
    seeder.send("next")
    began = time.perf_counter()
    infohash = json.loads(add())["infohash"]
    first: float = seeder.recv()
    seeder.recv()
    client.ask_json("DELETE", f"/downloads/{infohash}", {"remove_data": True})
    time.sleep(BETWEEN_SECONDS)
    return first - began


def measure(folder: Path, seeder: Connection, about: str, source: str | bytes) -> None:
    """Measure some rounds of both and report the worst of ours."""
    plain = [by_plain_session(seeder, source, folder / f"{about}{number}") for number in range(ROUNDS)]
    daemon = Daemon(folder / f"daemon-{about}")
    with daemon.running():
        client = daemon.client()

        def add() -> bytes:
            if isinstance(source, bytes):
                return client.ask("PUT", "/downloads", source, TORRENT)
            return client.ask("PUT", "/downloads", json.dumps({"uri": source}).encode())

        slowest, base = max(by_daemon(seeder, client, add) for _ in range(ROUNDS)), statistics.median(plain)
    report(
        f"first byte, TCP-only peer by {about}, worst of {ROUNDS}",
        f"{slowest:.2f} s",
        baseline=f"plain session: {base:.2f} s, x{slowest / base:.2f}",
        target=f"<= {MOST_SECONDS} s",
        ok=slowest <= MOST_SECONDS,
    )


def main() -> None:
    """Measure with a peer that everybody asks."""
    with temporary_directory() as folder:
        (folder / "seeder").mkdir()
        with elsewhere(seed_zeros, folder / "seeder", [NAME], SIZE, TCP_ONLY) as seeder:
            port = seeder.recv()
            metainfo = zeros_metainfo(NAME, SIZE)
            measure(folder, seeder, "magnet", magnet_of(metainfo, port))
            with elsewhere(track, port) as tracker:
                url = f"http://{LOOPBACK}:{tracker.recv()}/announce".encode()
                measure(folder, seeder, "tracker", b"d8:announce%d:%b%b" % (len(url), url, metainfo[1:]))


if __name__ == "__main__":
    main()
