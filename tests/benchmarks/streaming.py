"""A complete file sent to a player, against aiohttp's own way to send one, in turns; and what a stream takes of memory.

The file is in the page cache. What is sent is read and dropped by a client that does nothing else. Memory is measured
once with the complete file, and once with a file of which a seeder sends no more than some MB a second.
"""

import asyncio
import multiprocessing.connection
import os
import selectors
import socket
import statistics
import time
from pathlib import Path

import psutil
from aiohttp import web
from rig import LOOPBACK, Client, Daemon, elsewhere, report, temporary_directory, wait_until, zeros_metainfo
from swarm import magnet_of, seed_zeros

SIZE = 1 << 30
NAME = "film.mkv"
ROUNDS = 5
LEAST_SHARE = 0.8
STREAMS = 8
MOST_MIB_A_STREAM = 32.0
CHECK_SECONDS = 120.0
SEEDER_BYTES_A_SECOND = 8_000_000
WATCHED_SECONDS = 10.0
_BUFFER_BYTES = 1 << 20


def serve_file(pipe: multiprocessing.connection.Connection, path: Path) -> None:
    """Send the file to whoever asks, telling the port first."""

    async def answer(_: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        pipe.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(serve())


def begin(port: int, path: str, *, first: int = 0) -> socket.socket:
    """Ask for a file from some byte on, and return the socket that it comes from."""
    link = socket.create_connection((LOOPBACK, port))
    wanted = f"Range: bytes={first}-\r\n" if first else ""
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{wanted}Connection: close\r\n\r\n".encode())
    return link


def rate(port: int, path: str) -> float:
    """Return the megabytes per second of one answer."""
    buffer = bytearray(_BUFFER_BYTES)
    began = time.perf_counter()
    received = 0
    with begin(port, path) as link:
        while count := link.recv_into(buffer):
            received += count
    if received < SIZE:
        msg = f"only {received} bytes came"
        raise RuntimeError(msg)
    return received / 1e6 / (time.perf_counter() - began)


def add_complete(daemon: Daemon, client: Client) -> str:
    """Add a download whose file is there already, and wait until it was checked."""
    saved = daemon.state_dir.absolute() / "saved"
    saved.mkdir()
    with (saved / NAME).open("wb") as file:
        file.truncate(SIZE)
        for start in range(0, SIZE, _BUFFER_BYTES):
            os.pwrite(file.fileno(), bytes(_BUFFER_BYTES), start)
    torrent = daemon.state_dir / "film.torrent"
    torrent.write_bytes(zeros_metainfo(NAME, SIZE))
    infohash: str = client.ask_json("PUT", "/downloads", {"uri": torrent.absolute().as_uri()})["infohash"]
    wait_until(lambda: client.downloads()[0]["status"] == "SEEDING", CHECK_SECONDS, every_seconds=0.1)
    return infohash


def measure_memory(daemon: Daemon, path: str) -> None:
    """Open some streams whose clients read a little and then nothing."""
    process = psutil.Process(daemon.process.pid)
    before = process.memory_info().rss
    links = [begin(daemon.port, path) for _ in range(STREAMS)]
    for link in links:
        link.recv(_BUFFER_BYTES)
    time.sleep(2)
    each = (process.memory_info().rss - before) / STREAMS / (1 << 20)
    for link in links:
        link.close()
    report(
        "memory of a stream",
        f"{each:.1f} MiB",
        target=f"<= {MOST_MIB_A_STREAM:g} MiB",
        ok=each <= MOST_MIB_A_STREAM,
    )


def measure_memory_while_incomplete(folder: Path) -> None:
    """Open some streams at different places of a download that has just begun, and read from all what comes."""
    settings = {"upload_rate_limit": SEEDER_BYTES_A_SECOND}
    (folder / "seeder").mkdir()
    with elsewhere(seed_zeros, folder / "seeder", [NAME], SIZE, settings) as seeder:
        daemon = Daemon(folder / "incomplete")
        with daemon.running():
            client = daemon.client()
            link = magnet_of(zeros_metainfo(NAME, SIZE), seeder.recv())
            infohash = client.ask_json("PUT", "/downloads", {"uri": link})["infohash"]
            wait_until(lambda: client.downloads()[0]["progress"] > 0, CHECK_SECONDS, every_seconds=0.1)
            process = psutil.Process(daemon.process.pid)
            time.sleep(WATCHED_SECONDS)  # what a download takes by itself is no stream's
            before = process.memory_info().rss
            path = f"/downloads/{infohash}/stream/0?apikey={daemon.key}"
            links = [begin(daemon.port, path, first=number * SIZE // STREAMS) for number in range(STREAMS)]
            most, received = watch_memory(process, links)
            for stream in links:
                stream.close()
            progress = client.downloads()[0]["progress"]
    each = (most - before) / STREAMS / (1 << 20)
    report(
        f"memory of one of {STREAMS} streams of an incomplete file",
        f"{each:.1f} MiB",
        baseline=f"{progress:.0%} there, {received >> 20} MiB sent",
        target=f"<= {MOST_MIB_A_STREAM:g} MiB",
        ok=each <= MOST_MIB_A_STREAM and received > 0 and progress < 1,
    )


def watch_memory(process: psutil.Process, links: list[socket.socket]) -> tuple[int, int]:
    """Read what comes for some time; return the most memory that the process had, and the bytes that came."""
    buffer = bytearray(_BUFFER_BYTES)
    most = received = 0
    end = time.perf_counter() + WATCHED_SECONDS
    with selectors.DefaultSelector() as selector:
        for link in links:
            selector.register(link, selectors.EVENT_READ)
        while time.perf_counter() < end:
            for key, _ in selector.select(0.1):
                received += key.fileobj.recv_into(buffer)  # type: ignore[union-attr]  # they are all sockets
            most = max(most, process.memory_info().rss)
    return most, received


def main() -> None:
    """Measure both in turns."""
    with temporary_directory() as folder:
        daemon = Daemon(folder / "daemon")
        with daemon.running():
            infohash = add_complete(daemon, daemon.client())
            path = f"/downloads/{infohash}/stream/0?apikey={daemon.key}"
            with elsewhere(serve_file, daemon.state_dir.absolute() / "saved" / NAME) as pipe:
                port = pipe.recv()
                rates = [(rate(daemon.port, path), rate(port, "/")) for _ in range(ROUNDS)]
            ours, plain = (statistics.median(column) for column in zip(*rates, strict=True))
            share = ours / plain
            report(
                f"a file of {SIZE >> 20} MiB to one player",
                f"{ours:.0f} MB/s",
                baseline=f"FileResponse: {plain:.0f} MB/s, x{share:.2f}",
                target=f">= {LEAST_SHARE:g} of it",
                ok=share >= LEAST_SHARE,
            )
            measure_memory(daemon, path)
        measure_memory_while_incomplete(folder)


if __name__ == "__main__":
    main()
