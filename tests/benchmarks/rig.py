"""What the benchmarks share: a daemon in a process of its own, a thin client, thousands of torrents, a line of result.

A benchmark is noisy where other programs run: figures are compared with a baseline measured in the same run, in turns
with it where that matters, and the median or the best of several rounds counts.
"""

import asyncio
import hashlib
import http.client
import json
import multiprocessing
import multiprocessing.connection
import multiprocessing.synchronize
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import libtorrent as lt
import psutil
from aiohttp import web

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing_settings import prepare_state_dir
from triblerd_downloads.api import Category, DownloadRecord
from triblerd_downloads.completion.jobs import Job
from triblerd_downloads.download import description
from triblerd_downloads.records import Records
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.resume import open_stored_torrents

LOOPBACK = "127.0.0.1"
PIECE_LENGTH = 256 * 1024
TORRENT = {"Content-Type": "application/x-bittorrent"}
QUIET: "lt.settings_pack" = {
    "listen_interfaces": f"{LOOPBACK}:0",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "webtorrent_stun_server": "",
    "alert_mask": lt.alert_category.status,
    "alert_queue_size": 100_000,
}
"""What keeps a plain session on this machine; everything else is as libtorrent has it by default."""

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_ANSWER_SECONDS = 120.0
_MEANWHILE_SECONDS = 3.0
_MEANWHILE_ROUNDS = 3
_SPAWN = multiprocessing.get_context("spawn")


def report(name: str, figure: str, *, baseline: str = "", target: str = "", ok: bool | None = None) -> None:
    """Print one line of result.

    Args:
        name: What was measured.
        figure: The result with its unit.
        baseline: The same without us, and the ratio.
        target: What is wanted of the figure.
        ok: Whether the target is reached; ``None`` where there is none.
    """
    verdict = "" if ok is None else "ok" if ok else "MISSED"
    print(f"{name:50} {figure:>16}  {verdict:6}  {target:22}  {baseline}".rstrip(), flush=True)


class Client:
    """One connection to a daemon."""

    def __init__(self, port: int, key: str = "") -> None:
        self._link = http.client.HTTPConnection(LOOPBACK, port, timeout=_ANSWER_SECONDS)
        self._headers = {"X-Api-Key": key} if key else {}

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """Send one request and return the body of the answer.

        Raises:
            RuntimeError: it is not a good one.
        """
        self._link.request(method, path, body, {**self._headers, **(headers or {})})
        answer = self._link.getresponse()
        content = answer.read()
        if answer.status != http.HTTPStatus.OK:
            msg = f"{method} {path} answered {answer.status}: {content[:500]!r}"
            raise RuntimeError(msg)
        return content

    def ask_json(self, method: str, path: str, body: object = None) -> Any:
        """Send one request, with a JSON body if any, and return the decoded answer."""
        return json.loads(self.ask(method, path, None if body is None else json.dumps(body).encode()))

    def downloads(self) -> list[dict[str, Any]]:
        """Return the list of downloads."""
        listed: list[dict[str, Any]] = self.ask_json("GET", "/downloads")["downloads"]
        return listed


class Daemon:
    """The real program, started on a state directory; it talks to nobody outside of this machine.

    Attributes:
        key: What requests have to carry.
        port: Where it listens, once it runs.
        process: The running process.
    """

    port: int
    process: psutil.Process

    def __init__(self, state_dir: Path, plugins: Iterable[str] = ("downloads", "events"), **sections: object) -> None:
        self.state_dir = state_dir
        config: dict[str, Any] = {"download_defaults": {"saveas": str(state_dir.absolute() / "saved")}, **sections}
        self.key = prepare_state_dir(state_dir, plugins, config)

    def client(self) -> Client:
        """Return a new connection."""
        return Client(self.port, self.key)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it; ``seconds_to_answer`` and, afterwards, ``seconds_to_stop`` say how long both took."""
        address = self.state_dir / "triblerd.address"
        address.unlink(missing_ok=True)
        began = time.perf_counter()
        with (self.state_dir / "output").open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "triblerd", "--state-dir", self.state_dir], stdout=output, stderr=output
            )
            try:
                self.process = psutil.Process(process.pid)
                self.port = wait_until(lambda: _port(address), _START_SECONDS)
                wait_until(lambda: _answers(self.port), _START_SECONDS)
                self.started_at = began
                self.seconds_to_answer = time.perf_counter() - began
                wait_until(self._has_started, _START_SECONDS)
                yield
                began = time.perf_counter()
                process.terminate()
                process.wait(_STOP_SECONDS)
                self.seconds_to_stop = time.perf_counter() - began
            finally:
                process.kill()
                process.wait()

    def cpu_seconds(self) -> float:
        """Return the CPU time that the process has used so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def _has_started(self) -> bool:
        with suppress(RuntimeError):
            return bool(json.loads(Client(self.port).ask("GET", "/healthz"))["phase"] == "STARTED")
        return False


def wait_until(condition: Callable[[], Any], limit_seconds: float, *, every_seconds: float = 0.005) -> Any:
    """Return the first true answer of ``condition``.

    Raises:
        TimeoutError: none came in time.
    """
    deadline = time.perf_counter() + limit_seconds
    while not (answer := condition()):
        if time.perf_counter() > deadline:
            msg = f"nothing came of it after {limit_seconds} s"
            raise TimeoutError(msg)
        time.sleep(every_seconds)
    return answer


@contextmanager
def elsewhere(function: Callable[..., None], *arguments: object) -> Iterator[multiprocessing.connection.Connection]:
    """Run ``function(pipe, *arguments)`` in a process of its own, and yield the other end of the pipe."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=function, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()  # so that its end is seen here
    try:
        yield ours
    finally:
        process.terminate()
        process.join()


def timed(function: Callable[[], object], rounds: int) -> list[float]:
    """Return the milliseconds of each call."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append((time.perf_counter() - began) * 1e3)
    return times


def bare_times(size: int, rounds: int) -> tuple[float, float]:
    """Return the milliseconds that a bare aiohttp handler takes to answer with ``size`` bytes.

    The first is the median; the second is the 99th percentile of a trivial request meanwhile.
    """
    with elsewhere(serve_bare, size) as pipe:
        port = pipe.recv()
        client = Client(port)
        p50 = statistics.median(timed(lambda: client.ask("GET", "/"), rounds))
        return p50, p99_meanwhile(port, lambda: client.ask("GET", "/"))


def p99_meanwhile(port: int, work: Callable[[], object]) -> float:
    """Return the 99th percentile of the milliseconds of a trivial request while ``work`` is done again and again.

    Of some rounds the best counts: three processes on two processors wait for one another, and for other programs.
    """
    return min(_p99_once(port, work) for _ in range(_MEANWHILE_ROUNDS))


def make_metainfo(number: int) -> bytes:
    """Return a torrent of 100 pieces that nobody has."""
    pieces = (hashlib.sha512(str(number).encode()).digest() * 40)[:2000]
    return bencode_torrent(f"Some.Film.{number:06}.1080p.mkv", 100 * PIECE_LENGTH, pieces, tracker=number % 1000)


def zeros_metainfo(name: str, size: int, *, tracker: int | None = None) -> bytes:
    """Return a torrent of one file of zeros, in pieces of which ``size`` is a multiple."""
    digest = hashlib.sha1(bytes(PIECE_LENGTH), usedforsecurity=False).digest()
    return bencode_torrent(name, size, digest * (size // PIECE_LENGTH), tracker=tracker)


def bencode_torrent(name: str, size: int, pieces: bytes, *, tracker: int | None) -> bytes:
    """Return a torrent file; ``tracker`` makes the announce URL, which nobody serves, differ."""
    info = b"d6:lengthi%de4:name%d:%b12:piece lengthi%de6:pieces%d:%be" % (
        size,
        len(name),
        name.encode(),
        PIECE_LENGTH,
        len(pieces),
        pieces,
    )
    announce = b"" if tracker is None else b"8:announce31:http://127.0.0.1:9/announce/%03d" % tracker
    return b"d%b4:info%be" % (announce, info)


def fill(state_dir: Path, count: int) -> None:
    """Store stopped downloads, as a daemon would have after adding them."""

    saved = str(state_dir.absolute() / "saved")

    async def insert_all() -> None:
        async with Store(state_dir / "store", StoreConfig()) as store:
            view = store.view("downloads")
            records = Records(
                store=view,
                table=await view.table("row", DownloadRecord),
                categories=await view.table("category", Category),
                jobs=await view.table("completion", Job),
                file_tables=await view.table("file_table", bytes),
                torrents=await open_stored_torrents(store.view("libtorrent")),
            )
            await asyncio.gather(*(insert(records, number) for number in range(count)))

    async def insert(records: Records, number: int) -> None:
        metainfo = parse_metainfo(make_metainfo(number))
        record = DownloadRecord(
            order=number,
            time_added=1_700_000_000,
            destination=saved,
            user_stopped=True,
            received_before=0,
            **description(metainfo),
        )
        await records.insert(metainfo.infohash, record, metainfo)

    asyncio.run(insert_all())


@contextmanager
def temporary_directory(*, on_disk: bool = False) -> Iterator[Path]:
    """Yield a new directory, in memory if that is large enough: disks differ by the second.

    Args:
        on_disk: What is measured waits for a disk.
    """
    memory = Path("/dev/shm")  # noqa: S108 - where Linux has its memory file system
    has_room = not on_disk and memory.is_dir() and psutil.disk_usage(str(memory)).free > 4 << 30
    with tempfile.TemporaryDirectory(dir=memory if has_room else None, prefix="triblerd-bench-") as folder:
        yield Path(folder)


def _p99_once(port: int, work: Callable[[], object]) -> float:
    with elsewhere(_ask_trivially, port) as pipe:
        pipe.recv()
        until = time.perf_counter() + _MEANWHILE_SECONDS
        while time.perf_counter() < until:
            work()
        pipe.send("stop")
        times: list[float] = pipe.recv()
    return statistics.quantiles(times, n=100)[98]


def _port(address: Path) -> int:
    with suppress(OSError, ValueError):
        url: str = json.loads(address.read_text())["http"]
        return int(url.rpartition(":")[2].split("/")[0])
    return 0


def _answers(port: int) -> bool:
    try:
        return bool(Client(port).ask("GET", "/healthz"))
    except RuntimeError:  # an answer, too
        return True
    except OSError:
        return False


def serve_bare(pipe: multiprocessing.connection.Connection, size: int) -> None:
    """Answer with ``size`` bytes, but with few for ``/healthz``, telling the port first."""
    body = b"x" * size

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b"{}" if request.path == "/healthz" else body)

    async def serve() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def _ask_trivially(pipe: multiprocessing.connection.Connection, port: int) -> None:
    """Ask for a trivial thing, some hundred times a second, until told to stop."""
    client = Client(port)
    times: list[float] = []
    pipe.send("ready")
    while not pipe.poll():
        times += timed(lambda: client.ask("GET", "/healthz"), 1)
        time.sleep(0.004)
    pipe.send(times)
