"""Adding, starting with and listing thousands of downloads, against a bare aiohttp handler in the same run.

A daemon in a process of its own is asked by this one; a third one asks for a trivial thing meanwhile. Printed: what
each costs, and for lists also how many times a bare handler that sends as many bytes takes.
"""

import asyncio
import hashlib
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from aiohttp import web

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing_settings import prepare_state_dir
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.download import description
from triblerd_downloads.records import Records
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.resume import open_stored_torrents

ADDED = 5_000
CLIENTS = 8
ACTIVE = 200
CHANGED = 50
ROUNDS = 30
TORRENT = {"Content-Type": "application/x-bittorrent"}


def make_metainfo(number: int) -> bytes:
    """Return a torrent of 100 pieces."""
    pieces = hashlib.sha512(str(number).encode()).digest() * 40
    name = f"Some.Film.{number:06}.1080p.mkv"
    info = b"d6:lengthi26214400e4:name%d:%b12:piece lengthi262144e6:pieces2000:%be" % (
        len(name),
        name.encode(),
        pieces[:2000],
    )
    return b"d8:announce31:http://127.0.0.1:9/announce/%03d4:info%be" % (number % 1000, info)


class Client:
    """One connection to a daemon."""

    def __init__(self, port: int, key: str = "") -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"X-Api-Key": key} if key else {}

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """Send one request and return the body of the answer, which is a good one."""
        self._link.request(method, path, body, {**self._headers, **(headers or {})})
        answer = self._link.getresponse()
        content = answer.read()
        if answer.status != http.HTTPStatus.OK:
            msg = f"{method} {path} answered {answer.status}: {content[:500]!r}"
            raise RuntimeError(msg)
        return content


def patiently(client: Client, path: str) -> Any:
    """Return what a plugin answers that may still be starting."""
    while True:
        try:
            return json.loads(client.ask("GET", path))
        except RuntimeError:
            time.sleep(0.01)


def timed(function: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the milliseconds of each call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1e3)
    return times


@contextmanager
def running(state_dir: Path) -> Iterator[tuple[psutil.Process, int, float]]:
    """Run a daemon; yield its process, its port, and the seconds until its first answer."""
    (state_dir / "triblerd.address").unlink(missing_ok=True)
    start = time.perf_counter()
    output = (state_dir / "output").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "triblerd", "--state-dir", state_dir], stdout=output, stderr=output
    )
    try:
        while True:
            try:
                port = int(json.loads((state_dir / "triblerd.address").read_text())["http"].rpartition(":")[2])
                Client(port).ask("GET", "/healthz")
                break
            except (OSError, ValueError):
                time.sleep(0.01)
        yield psutil.Process(process.pid), port, time.perf_counter() - start
        start = time.perf_counter()
        process.terminate()
        process.wait(30)
        print(f"stop                                       {time.perf_counter() - start:8.2f} s")
    finally:
        process.kill()
        output.close()


async def fill(state_dir: Path, count: int) -> None:
    """Store stopped downloads, as a daemon would have."""
    async with Store(state_dir / "store", StoreConfig()) as store:
        view = store.view("downloads")
        table = await view.table("row", DownloadRecord)
        torrents = await open_stored_torrents(store.view("libtorrent"))
        records = Records(store=view, table=table, torrents=torrents)
        parsed = [parse_metainfo(make_metainfo(number)) for number in range(count)]
        await asyncio.gather(
            *(
                records.insert(
                    metainfo.infohash,
                    DownloadRecord(
                        order=order,
                        time_added=1_700_000_000,
                        destination=str(state_dir / "saved"),
                        user_stopped=True,
                        **description(metainfo),
                    ),
                    metainfo,
                )
                for order, metainfo in enumerate(parsed)
            )
        )


def bare(size: int, ports: "multiprocessing.Queue[int]") -> None:
    """Answer every request with ``size`` bytes."""
    body = b"x" * size

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def bare_times(size: int) -> list[float]:
    """Return the milliseconds that a bare handler takes to send ``size`` bytes."""
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=bare, args=(size, ports), daemon=True)
    process.start()
    client = Client(ports.get(timeout=10))
    times = timed(lambda: client.ask("GET", "/"))
    process.terminate()
    process.join()
    return times


def ask_trivially(
    port: int, stop: "multiprocessing.synchronize.Event", answers: "multiprocessing.Queue[list[float]]"
) -> None:
    """Ask for a trivial thing, some hundred times a second, until told to stop."""
    client = Client(port)
    times: list[float] = []
    while not stop.is_set():
        times += timed(lambda: client.ask("GET", "/healthz"), 1)
        time.sleep(0.004)
    answers.put(times)


def p99_meanwhile(port: int, work: Callable[[], object]) -> float:
    """Return the 99th percentile of the milliseconds of a trivial request while ``work`` goes on."""
    stop, answers = multiprocessing.Event(), multiprocessing.Queue()
    process = multiprocessing.Process(target=ask_trivially, args=(port, stop, answers))
    process.start()
    time.sleep(0.3)
    work()
    stop.set()
    times = answers.get(timeout=10)
    process.join()
    return statistics.quantiles(times, n=100)[98]


def measure_adding(state_dir: Path) -> None:
    """Print how many uploads a second are confirmed."""
    key = prepare_state_dir(state_dir, ["downloads"], {"download_defaults": {"saveas": str(state_dir / "saved")}})
    torrents = [make_metainfo(number) for number in range(ADDED)]
    with running(state_dir) as (_, port, _):
        patiently(Client(port, key), "/downloads")
        share = [torrents[number::CLIENTS] for number in range(CLIENTS)]

        def add(part: list[bytes]) -> None:
            client = Client(port, key)
            for raw in part:
                client.ask("PUT", "/downloads", raw, TORRENT)

        threads = [threading.Thread(target=add, args=(part,)) for part in share]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        print(f"add {ADDED} with {CLIENTS} clients                  {ADDED / seconds:8.0f} a second")


def measure_listing(state_dir: Path, count: int) -> None:
    """Print what a start with ``count`` stored downloads and their lists cost."""
    key = prepare_state_dir(state_dir, ["downloads"], {"download_defaults": {"saveas": str(state_dir / "saved")}})
    asyncio.run(fill(state_dir, count))
    print(f"-- {count} downloads")
    begin = time.perf_counter()
    with running(state_dir) as (process, port, first):
        client = Client(port, key)
        print(f"first answer                               {first:8.2f} s")
        listed = patiently(client, "/downloads")["downloads"]
        assert len(listed) == count
        print(f"all listed                                 {time.perf_counter() - begin:8.2f} s")
        while any(not item["trackers"] for item in listed):
            time.sleep(0.2)
            listed = json.loads(client.ask("GET", "/downloads"))["downloads"]
        print(f"all in the engine                          {time.perf_counter() - begin:8.2f} s")
        print(f"resident                                   {process.memory_info().rss / 2**20:8.1f} MiB")
        measure_lists(client, port, "stopped")
        body = json.dumps({"state": "resume"}).encode()
        for item in listed[:ACTIVE]:
            client.ask("PATCH", f"/downloads/{item['infohash']}", body)
        measure_lists(client, port, f"{ACTIVE} active")
        measure_polls(client, [item["infohash"] for item in listed[-CHANGED:]])


def measure_lists(client: Client, port: int, about: str) -> None:
    """Print what whole lists cost."""
    size = len(client.ask("GET", "/downloads"))
    times = timed(lambda: client.ask("GET", "/downloads"))
    plain = bare_times(size)
    p50, ratio = statistics.median(times), statistics.median(times) / statistics.median(plain)
    print(f"list, {about:12} {size / 1e6:6.2f} MB      p50 {p50:8.2f} ms, {ratio:5.2f} of a bare handler")
    p99 = p99_meanwhile(port, lambda: timed(lambda: client.ask("GET", "/downloads"), 3 * ROUNDS))
    print(f"trivial request meanwhile              p99 {p99:8.2f} ms")


def measure_polls(client: Client, infohashes: list[str]) -> None:
    """Print what a poll costs for which a few downloads have changed."""
    revision = json.loads(client.ask("GET", "/downloads?since="))["revision"]
    times = []
    for number in range(ROUNDS):
        body = json.dumps({"upload_limit": 1000 + number}).encode()
        for infohash in infohashes:
            client.ask("PATCH", f"/downloads/{infohash}", body)
        start = time.perf_counter()
        raw = client.ask("GET", f"/downloads?since={revision}")
        times.append((time.perf_counter() - start) * 1e3)
        answer = json.loads(raw)
        revision = answer["revision"]
    print(f"poll, {len(answer['downloads'])} changed                       p50 {statistics.median(times):8.2f} ms")


def main() -> None:
    """Measure everything, each in a state directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        measure_adding(Path(folder, "add"))
        for count in (1_000, 10_000):
            measure_listing(Path(folder, str(count)), count)


if __name__ == "__main__":
    main()
