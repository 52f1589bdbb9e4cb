"""Servers and files that are no torrents: ``http:`` and ``file:`` URIs."""

import asyncio
import contextlib
import os
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.daemon.hostile.target import Target, refusal
from tests.daemon.hostile.torrents import MOST_BYTES, single

pytestmark = pytest.mark.asyncio(loop_scope="module")

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Play = Callable[[Reader, Writer], Awaitable[None]]
BLOCK = b"\0" * 65536


@asynccontextmanager
async def server(play: Play) -> AsyncIterator[str]:
    """Answer every request with what ``play`` does, until it returns or the client has gone."""
    talks: dict[asyncio.Task[None] | None, Writer] = {}

    async def serve(reader: Reader, writer: Writer) -> None:
        talks[asyncio.current_task()] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # the client has had enough
            await reader.readuntil(b"\r\n\r\n")
            await play(reader, writer)
            await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/a.torrent"
    finally:
        listener.close()
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*filter(None, talks))


def says(answer: bytes) -> Play:
    async def play(_: Reader, writer: Writer) -> None:
        writer.write(answer)

    return play


def leads_to(location: str) -> Play:
    return says(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))


def body(content: bytes, head: bytes = b"") -> Play:
    return says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (len(content), head) + content)


async def never_ends(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(BLOCK)
        await writer.drain()


async def never_ends_chunked(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK))
        await writer.drain()


async def says_nothing(reader: Reader, _: Writer) -> None:
    await reader.read()


async def drips(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"d")
        await writer.drain()
        await asyncio.sleep(0.1)


async def drips_headers(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def headers_without_end(_: Reader, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-A: " + b"b" * 4000 + b"\r\n")
        await writer.drain()


BAD_SERVERS: dict[str, Play] = {
    "closes at once": says(b""),
    "no HTTP": says(b"220 smtp.example ESMTP\r\n"),
    "rubbish": says(b"\xff\0" * 1000),
    "not found": says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!"),
    "an error": says(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
    "status 999": says(b"HTTP/1.1 999 Oh\r\nContent-Length: 0\r\n\r\n"),
    "nothing": body(b""),
    "a page": body(b"<html></html>"),
    "a cut body": says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nd4:info"),
    "a negative length": says(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nd4:info"),
    "two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nd4:info"),
    "bad chunks": says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nd4:info"),
    "no gzip": body(b"no gzip", b"Content-Encoding: gzip\r\n"),
    "a large body": body(b"\0" * (MOST_BYTES + 1)),
    "a body without end": never_ends,
    "chunks without end": never_ends_chunked,
    "silence": says_nothing,
    "a byte at a time": drips,
    "a header at a time": drips_headers,
    "headers without end": headers_without_end,
    "a redirect to a file": leads_to("file:///etc/passwd"),
    "a redirect to ftp": leads_to("ftp://127.0.0.1/a"),
    "a redirect to data": leads_to("data:,a"),
    "a redirect to nothing": leads_to(""),
    "a redirect to a bad port": leads_to("http://127.0.0.1:99999/"),
    "a redirect to a bad host": leads_to("http://[::1/"),
    "a redirect to a broken magnet": leads_to("magnet:?xt=urn:btih:1"),
    "a redirect without a place": says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
    "a body that names a broken magnet": body(b"magnet:?xt=\xff\xfe"),
}


@pytest.mark.parametrize("play", BAD_SERVERS.values(), ids=BAD_SERVERS)
async def test_what_a_bad_server_sends_is_refused_in_time(target: Target, play):
    async with server(play) as uri:
        async with asyncio.timeout(8):
            text = refusal(await target.add(uri))

    assert "passwd" not in text
    assert (await target.get("/downloads"))["downloads"] == []


async def test_a_server_that_redirects_in_a_circle_is_left(target: Target):
    visits = 0

    async def circle(reader: Reader, writer: Writer) -> None:
        nonlocal visits
        visits += 1
        await leads_to("/a.torrent")(reader, writer)

    async with server(circle) as uri:
        refusal(await target.add(uri))

    assert visits <= 12


async def test_a_small_body_that_grows_when_unpacked_is_limited(target: Target):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(64)) + packer.flush()
    async with server(body(bomb, b"Content-Encoding: gzip\r\n")) as uri:
        refusal(await target.add(uri))


async def test_fifty_slow_servers_keep_nobody_waiting(target: Target):
    async with server(says_nothing) as uri:
        waiting = [asyncio.create_task(target.add(uri)) for _ in range(50)]
        async with asyncio.timeout(1):
            assert (await target.upload(single())).status == 200
        answers = await asyncio.gather(*waiting)

    assert {refusal(answer) for answer in answers} == {"The server did not send the torrent within 2 s"}


BAD_URIS = {
    "no scheme": "a.torrent",
    "a path": "/etc/passwd",
    "a scheme alone": "http:",
    "no host": "http:///a",
    "no path": "file:",
    "a relative file": "file:a.torrent",
    "a file of another machine": "file://example.invalid/etc/passwd",
    "a file with a NUL": "file:///etc/passwd%00.torrent",
    "a file that is not there": "file:///no/such/file.torrent",
    "percent of no hex": "file:///%zz%",
    "no UTF-8": "file:///%ff%fe",
    "a long path": "file:///" + "a" * 5000,
    "a long name": "file:///" + "a" * 300,
    "many parents": "file:///" + "../" * 2000 + "etc/passwd",
    "a directory": "file:///",
    "no torrent": "file:///etc/passwd",
    "endless zeros": "file:///dev/zero",
    "randomness": "file:///dev/urandom",
    "a terminal": "file:///dev/tty",
    "standard input": "file:///dev/stdin",
    "shared memory": "file:///dev/shm",
    "memory": "file:///proc/self/mem",
    "environment": "file:///proc/self/environ",
    "kernel log": "file:///proc/kmsg",
    "a process's root": "file:///proc/self/root",
    "a process": "file:///proc/self/fd/0",
    "a pipe of a process": "file:///proc/self/fd/1",
    "ftp": "ftp://127.0.0.1/a.torrent",
    "javascript": "javascript:alert(1)",
    "data": "data:;base64,ZGU=",
    "line ends": "http://127.0.0.1:1/\r\nX-Evil: 1",
    "a port beyond": "http://127.0.0.1:99999/",
    "port 0": "http://127.0.0.1:0/",
    "a port that is none": "http://127.0.0.1:a/",
    "half an address": "http://[::1/",
    "a closed port": "http://127.0.0.1:1/",
    "a colon": ":",
    "a space": " ",
    "letters beyond": "\U0001f3b5:",
}


@pytest.mark.parametrize("uri", BAD_URIS.values(), ids=BAD_URIS)
async def test_a_uri_that_leads_nowhere_is_refused(target: Target, uri):
    async with asyncio.timeout(8):
        refusal(await target.add(uri))


@pytest.fixture
def special_files(tmp_path: Path) -> Iterator[list[Path]]:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "to-fifo").symlink_to(tmp_path / "fifo")
    (tmp_path / "to-zero").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 1 << 40)
    with socket.socket(socket.AF_UNIX) as link:
        link.bind(str(tmp_path / "socket"))
        yield list(tmp_path.iterdir())


async def test_special_files_are_not_read(target: Target, special_files):
    for path in special_files:
        async with asyncio.timeout(5):
            refusal(await target.add(path.as_uri()))


async def test_a_file_whose_name_is_no_text_can_be_read(target: Target, tmp_path: Path):
    path = tmp_path / os.fsdecode(b"\xff\xfe %?#\n.torrent")
    path.write_bytes(single())

    answer = await target.add(path.as_uri())

    assert answer.status == 200, answer
