"""What the daemon with its usual plugins takes of the machine when there is nothing to do.

The baseline of the memory is a Python with a session that has imported the same libraries, but none of our plugins.
"""

import time
from multiprocessing.connection import Connection

import libtorrent as lt
import psutil
from rig import QUIET, Daemon, elsewhere, report, temporary_directory

from triblerd.plugin_discovery import find_plugins

SETTLE_SECONDS = 10.0
WATCH_SECONDS = 30.0
MOST_MIB = 70.0
MOST_SHARE = 0.005


def be_plain(pipe: Connection) -> None:
    """Do nothing with a session; tell the resident bytes."""
    session = lt.session({**QUIET})
    pipe.send(psutil.Process().memory_info().rss)
    pipe.recv()
    del session


def main() -> None:
    """Watch a daemon that does nothing."""
    plugins = [plugin.name for plugin in find_plugins() if not plugin.is_contrib]
    with temporary_directory() as folder:
        daemon = Daemon(folder / "daemon", plugins)
        with daemon.running():
            time.sleep(SETTLE_SECONDS)
            used = daemon.cpu_seconds()
            time.sleep(WATCH_SECONDS)
            share = (daemon.cpu_seconds() - used) / WATCH_SECONDS
            resident = daemon.process.memory_info().rss / 2**20
    with elsewhere(be_plain) as pipe:
        plain: float = pipe.recv() / 2**20
    report(
        "idle: resident",
        f"{resident:.1f} MiB",
        baseline=f"a session and the libraries alone: {plain:.1f} MiB, x{resident / plain:.2f}",
        target=f"<= {MOST_MIB:g} MiB",
        ok=resident <= MOST_MIB,
    )
    report("idle: CPU", f"{share:.2%} of a core", target=f"<= {MOST_SHARE:.1%}", ok=share <= MOST_SHARE)


if __name__ == "__main__":
    main()
