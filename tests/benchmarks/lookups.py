"""A trivial request while 300 magnet links are looked up, of which none is ever found.

Each names a peer that takes the connection and says nothing. The baseline is the same daemon with nothing to do; for
the beginning and the end of them all at once, it is 300 trivial requests at once, also over new connections.
"""

import contextlib
import multiprocessing.connection
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from rig import LOOPBACK, Daemon, elsewhere, p99_meanwhile, report, temporary_directory

COUNT = 300
PAUSE_SECONDS = 0.05
SETTLE_SECONDS = 1.0
MOST_RATIO = 2.0


def say_nothing(pipe: multiprocessing.connection.Connection) -> None:
    """Take connections and keep them, telling the port first."""
    with socket.create_server((LOOPBACK, 0), backlog=COUNT) as listener:
        pipe.send(listener.getsockname()[1])
        taken = []
        while True:
            taken.append(listener.accept()[0])


class Burst:
    """Many requests at a time, each over a connection of its own, none of which waits for its answer."""

    def __init__(self, daemon: Daemon, peer: int = 0) -> None:
        self._daemon = daemon
        self._peer = peer
        self._number = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[list[socket.socket]]:
        """Begin them; end them by hanging up."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self._begun()) for _ in range(COUNT)]

    def begin_and_end(self) -> None:
        """Begin them all, and hang up soon."""
        with self.running():
            time.sleep(PAUSE_SECONDS)

    def _begun(self) -> socket.socket:
        link = socket.create_connection((LOOPBACK, self._daemon.port))
        head = f"GET {self._target()} HTTP/1.1\r\nHost: {LOOPBACK}\r\nX-Api-Key: {self._daemon.key}\r\n\r\n"
        link.sendall(head.encode())
        return link

    def _target(self) -> str:
        if not self._peer:
            return "/healthz"
        self._number += 1
        uri = f"magnet:?xt=urn:btih:{self._number:040x}&x.pe={LOOPBACK}:{self._peer}"
        return "/torrentinfo?" + urlencode({"uri": uri, "hops": 0})


def answered(links: list[socket.socket]) -> int:
    """Return how many have got an answer, or were hung up."""
    return len(select.select(links, [], [], 0)[0])


def measure(daemon: Daemon, peer: int) -> None:
    """Report the trivial request: during look-ups, and while they begin and end."""
    look_ups = Burst(daemon, peer)
    idle = p99_meanwhile(daemon.port, lambda: time.sleep(PAUSE_SECONDS))
    with look_ups.running() as links:
        time.sleep(SETTLE_SECONDS)
        began, used = time.perf_counter(), daemon.cpu_seconds()
        busy = p99_meanwhile(daemon.port, lambda: time.sleep(PAUSE_SECONDS))
        used = (daemon.cpu_seconds() - used) / (time.perf_counter() - began)
        assert answered(links) == 0, answered(links)
    report(
        f"{COUNT} look-ups, trivial request p99",
        f"{busy:.2f} ms",
        baseline=f"idle daemon: {idle:.2f} ms, x{busy / idle:.2f}",
        target=f"<= {MOST_RATIO:g} x idle",
        ok=busy <= MOST_RATIO * idle,
    )
    report("  CPU", f"{used:.0%} of a core")
    base = p99_meanwhile(daemon.port, Burst(daemon).begin_and_end)
    changing = p99_meanwhile(daemon.port, look_ups.begin_and_end)
    report(
        "  all begin and end, again and again, p99",
        f"{changing:.1f} ms",
        baseline=f"as many trivial requests: {base:.1f} ms, x{changing / base:.2f}",
    )


def main() -> None:
    """Start a daemon and a peer, and look up."""
    with temporary_directory() as folder, elsewhere(say_nothing) as pipe:
        daemon = Daemon(Path(folder, "daemon"), plugins=("torrentinfo",))
        with daemon.running():
            measure(daemon, pipe.recv())


if __name__ == "__main__":
    main()
