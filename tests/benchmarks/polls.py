"""A conditional poll, ``GET /downloads?since=``, with 10,000 downloads of which 50 have changed since the last one.

The baseline is a bare aiohttp handler that sends as many bytes, asked at the same moments.
"""

import json
import statistics
import time
from pathlib import Path

from rig import Client, Daemon, bare_times, fill, report, temporary_directory

COUNT = 10_000
CHANGED = 50
ROUNDS = 40
MOST_MILLISECONDS = 3.0


def poll(client: Client, revision: str) -> tuple[float, bytes]:
    """Return the milliseconds of a poll, and its answer."""
    began = time.perf_counter()
    raw = client.ask("GET", f"/downloads?since={revision}")
    return (time.perf_counter() - began) * 1e3, raw


def measure(client: Client) -> None:
    """Report polls after changes, and polls when nothing has changed."""
    first = client.ask_json("GET", "/downloads?since=")
    revision: str = first["revision"]
    infohashes = [item["infohash"] for item in first["downloads"][:: COUNT // CHANGED]]
    changed, unchanged, sizes = [], [], []
    for number in range(ROUNDS):
        for infohash in infohashes:
            client.ask_json("PATCH", f"/downloads/{infohash}", {"upload_limit": 1000 + number})
        milliseconds, raw = poll(client, revision)
        answer = json.loads(raw)
        assert len(answer["downloads"]) == CHANGED, len(answer["downloads"])
        revision = answer["revision"]
        changed.append(milliseconds)
        sizes.append(len(raw))
        unchanged.append(poll(client, revision)[0])
    base, _ = bare_times(sizes[-1], ROUNDS)
    p50 = statistics.median(changed)
    report(
        f"poll, {CHANGED} of {COUNT} changed, p50",
        f"{p50:.2f} ms",
        baseline=f"bare handler, {sizes[-1] / 1e3:.0f} kB: {base:.2f} ms, x{p50 / base:.2f}",
        target=f"<= {MOST_MILLISECONDS:g} ms",
        ok=p50 <= MOST_MILLISECONDS,
    )
    report("  nothing changed, p50", f"{statistics.median(unchanged):.2f} ms")


def main() -> None:
    """Fill a daemon and poll it."""
    with temporary_directory() as folder:
        daemon = Daemon(Path(folder, "daemon"))
        fill(daemon.state_dir, COUNT)
        with daemon.running():
            client = daemon.client()
            while any(not item["trackers"] for item in client.downloads()):
                time.sleep(0.5)
            measure(client)


if __name__ == "__main__":
    main()
