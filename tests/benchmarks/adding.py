"""Adding 5,000 torrents by uploads from 8 clients: each is on disk when it is answered.

The baseline is a bare aiohttp handler that takes the same bodies from the same clients.
"""

import socket
import time
from multiprocessing.connection import Connection
from selectors import EVENT_READ, DefaultSelector

from rig import LOOPBACK, Daemon, elsewhere, make_metainfo, report, serve_bare, temporary_directory

COUNT = 5_000
CLIENTS = 8
LEAST_A_SECOND = 800
ROUNDS = 3


def upload_all(pipe: Connection, port: int, path: str, key: str) -> None:
    """Be all clients, each sending the next torrent when its last one was answered; tell how many seconds it took."""
    requests = iter([_request(path, key, make_metainfo(number)) for number in range(COUNT)])
    selector = DefaultSelector()
    pipe.send("ready")
    pipe.recv()
    began = time.perf_counter()
    for _ in range(CLIENTS):
        link = socket.create_connection((LOOPBACK, port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(next(requests))
        selector.register(link, EVENT_READ)
    while selector.get_map():
        for chosen, _ in selector.select():
            link = chosen.fileobj  # type: ignore[assignment]
            answer = link.recv(1 << 16)
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(answer.decode())
            if request := next(requests, b""):
                link.sendall(request)
            else:
                selector.unregister(link)
    pipe.send(time.perf_counter() - began)


def adds_a_second(port: int, path: str, key: str) -> float:
    """Return how many uploads a second are answered."""
    with elsewhere(upload_all, port, path, key) as pipe:
        pipe.recv()
        pipe.send("go")
        seconds: float = pipe.recv()
    return COUNT / seconds


def main() -> None:
    """Measure both in turns, and report the best of each."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        with temporary_directory(on_disk=True) as folder:
            daemon = Daemon(folder / "daemon")
            with daemon.running():
                ours.append(adds_a_second(daemon.port, "/downloads", daemon.key))
                listed = len(daemon.client().downloads())
                assert listed == COUNT, listed
        with elsewhere(serve_bare, 2) as pipe:
            bare.append(adds_a_second(pipe.recv(), "/", ""))
    best, base = max(ours), max(bare)
    rounds = ", ".join(f"{one:.0f}" for one in ours)
    report(
        f"{COUNT} adds by {CLIENTS} clients, best of {ROUNDS}",
        f"{best:.0f} /s",
        baseline=f"bare handler: {base:.0f} /s, x{best / base:.2f}; all rounds: {rounds}",
        target=f">= {LEAST_A_SECOND} /s",
        ok=best >= LEAST_A_SECOND,
    )


def _request(path: str, key: str, body: bytes) -> bytes:
    return (
        f"PUT {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nX-Api-Key: {key}\r\n"
        f"Content-Type: application/x-bittorrent\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    main()
