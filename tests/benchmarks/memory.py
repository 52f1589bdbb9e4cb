"""What each stopped download takes of the memory, against a plain session that holds the same torrents.

Both are processes of their own, measured after a start, with no and with 10,000 torrents. Resident memory counts the
pages of the store's file that were read, too, which the system takes back when it needs them: they are shown apart.
"""

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import libtorrent as lt
import psutil
from rig import QUIET, Daemon, elsewhere, fill, make_metainfo, report, temporary_directory

COUNT = 10_000
MOST_KIB_ABOVE = 20.0
SETTLE_SECONDS = 3.0


class Memory(NamedTuple):
    """Bytes of a process."""

    resident: int
    mapped: int


def memory_of(process: psutil.Process) -> Memory:
    """Return what a process has in memory, and how much of that are pages of files."""
    info = process.memory_info()
    return Memory(info.rss, info.shared)


def hold_plainly(pipe: Connection, folder: Path) -> None:
    """Tell the memory before and after the torrents were added to a plain session."""
    session = lt.session({**QUIET})
    time.sleep(SETTLE_SECONDS)
    pipe.send(memory_of(psutil.Process()))
    for number in range(COUNT):
        params = lt.load_torrent_buffer(make_metainfo(number))
        params.save_path = str(folder)
        params.flags = lt.torrent_flags.paused
        session.async_add_torrent(params)
        if number % 100 == 0:
            session.pop_alerts()
            session.get_torrents()  # waits for those before
    while len(session.get_torrents()) < COUNT:
        time.sleep(0.1)
    session.pop_alerts()
    time.sleep(SETTLE_SECONDS)
    pipe.send(memory_of(psutil.Process()))
    pipe.recv()


def hold(folder: Path, count: int) -> Memory:
    """Return the memory of a daemon that has so many downloads in its engine and was asked for the list."""
    daemon = Daemon(folder / str(count))
    fill(daemon.state_dir, count)
    with daemon.running():
        client = daemon.client()
        while any(not item["trackers"] for item in client.downloads()):
            time.sleep(0.5)
        time.sleep(SETTLE_SECONDS)
        return memory_of(daemon.process)


def main() -> None:
    """Report the difference for one download."""
    with temporary_directory() as folder:
        empty, full = hold(folder, 0), hold(folder, COUNT)
        with elsewhere(hold_plainly, folder) as pipe:
            before, after = pipe.recv(), pipe.recv()
    ours, plain = _kib(full.resident - empty.resident), _kib(after.resident - before.resident)
    mapped = _kib(full.mapped - empty.mapped)
    report(
        "a stopped download: resident above libtorrent",
        f"{ours - plain:.1f} KiB",
        baseline=f"daemon {ours:.1f} KiB (of these {mapped:.1f} pages of files), plain session {plain:.1f} KiB",
        target=f"<= {MOST_KIB_ABOVE:g} KiB",
        ok=ours - plain <= MOST_KIB_ABOVE,
    )


def _kib(count: int) -> float:
    return count / COUNT / 1024


if __name__ == "__main__":
    main()
