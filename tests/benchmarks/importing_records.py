"""Importing a metadata database of Tribler with 200,000 torrents into a daemon's store and text index.

The baseline is what `triblerd metadata import` needs for the same torrents as lines of JSON. Both are measured by the
CPU that the daemon takes, too, since other programs may run.
"""

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rig import Daemon, report, temporary_directory
from searching import write_lines

from triblerd_metadata.testing import iter_torrents

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.plugins.upgrader.samples import copy_state

COUNT = 200_000
LEAST_SHARE = 0.6
PROGRAM = "tribler-7.13"
PLUGINS = ("upgrader", "downloads", "metadata", "knowledge", "search")


def write_database(state: Path, count: int) -> None:
    """Put torrents with their health into the metadata database of a state, and leave out its downloads."""
    shutil.rmtree(state / "7.13" / "dlcheckpoints")
    (state / "7.13" / "dlcheckpoints").mkdir()
    with closing(sqlite3.connect(state / "7.13" / "sqlite" / "metadata.db")) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        for row, torrent in enumerate(islice(iter_torrents(), count), 100):
            database.execute(
                "INSERT INTO TorrentState (rowid, infohash, seeders, leechers, last_check) VALUES (?, ?, ?, ?, ?)",
                (row, torrent.infohash, torrent.seeders, torrent.leechers, torrent.checked),
            )
            date = datetime.fromtimestamp(torrent.torrent_date, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute(
                "INSERT INTO ChannelNode (metadata_type, origin_id, public_key, status, id_, timestamp, title, tags,"
                " infohash, size, torrent_date, tracker_info, health)"
                " VALUES (300, 0, x'', 2, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    torrent.id,
                    torrent.timestamp,
                    torrent.title,
                    torrent.category,
                    torrent.infohash,
                    torrent.size,
                    date,
                    torrent.trackers[0] if torrent.trackers else "",
                    row,
                ),
            )


def seconds_of(folder: Path, *command: str) -> tuple[float, float]:
    """Return the seconds, and those of the daemon's CPU, that a command takes with a daemon that has nothing."""
    daemon = Daemon(folder, plugins=PLUGINS)
    with daemon.running():
        busy, began = sum(daemon.process.cpu_times()[:2]), time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "triblerd", "--state-dir", str(folder), *command],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - began, sum(daemon.process.cpu_times()[:2]) - busy


def main() -> None:
    """Measure both, one after the other."""
    with temporary_directory(on_disk=True) as folder:
        state = copy_state(PROGRAM, folder)
        write_database(state, COUNT)
        write_lines(folder / "lines.jsonl", COUNT)
        lines, lines_busy = seconds_of(folder / "one", "metadata", "import", str(folder / "lines.jsonl"))
        seconds, busy = seconds_of(folder / "other", "import", "--yes", str(state))
    report(
        f"import of {COUNT:,} torrents of Tribler",
        f"{COUNT / seconds:,.0f} /s",
        baseline=f"as lines: {COUNT / lines:,.0f} /s, x{lines / seconds:.2f}; CPU {busy:.1f} s and {lines_busy:.1f} s",
        target=f">= x{LEAST_SHARE} in CPU",
        ok=lines_busy / busy >= LEAST_SHARE,
    )


if __name__ == "__main__":
    main()
