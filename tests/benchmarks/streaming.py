"""A complete file sent to a player, against aiohttp's own way to send one, in turns; and what a stream takes of memory.

The file is in the page cache. What is sent is read and dropped by a client that does nothing else.
"""

import asyncio
import multiprocessing.connection
import os
import socket
import statistics
import time
from pathlib import Path

import psutil
from aiohttp import web
from rig import LOOPBACK, Client, Daemon, elsewhere, report, temporary_directory, wait_until, zeros_metainfo

SIZE = 1 << 30
NAME = "film.mkv"
ROUNDS = 5
LEAST_SHARE = 0.8
STREAMS = 8
MOST_MIB_A_STREAM = 32.0
CHECK_SECONDS = 120.0
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


def begin(port: int, path: str) -> socket.socket:
    """Ask for a file, and return the socket that it comes from."""
    link = socket.create_connection((LOOPBACK, port))
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode())
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


if __name__ == "__main__":
    main()
