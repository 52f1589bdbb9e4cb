"""Sends a file to a client, as fast as it comes and the client reads."""

import asyncio
import logging
import os
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from triblerd.errors import OperationError, TriblerdError
from triblerd_downloads.streaming.stream import Cursor

log = logging.getLogger(__name__)

_CHUNK_BYTES = 256 * 1024
_STALL_SECONDS = 1.0
"""Who has not read for that long reads nothing at the moment."""


class DamagedFileError(OperationError):
    """What stands in the place of a file is not that file."""


async def refuse_link(destination: Path, path: Path) -> None:
    """Refuse to send what somebody put in the place of a file: a link to another place of the machine.

    Raises:
        DamagedFileError: the file, or a folder above it, is a link that leads out of the destination.
    """
    if not await asyncio.to_thread(_is_within, destination, path):
        msg = f"{path} is not in the directory of the download: a link leads elsewhere"
        raise DamagedFileError(msg)


async def send(request: web.Request, response: web.StreamResponse, cursor: Cursor, *, stop: int, path: Path) -> None:
    """Send a file from the cursor's place on; a stream that ends earlier closes the connection.

    Args:
        request: What is answered.
        response: Its headers say how much comes.
        cursor: The place in the file.
        stop: The byte of the file to end before.
        path: Where the file is.
    """
    await response.prepare(request)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as scope:
            cursor.on_end = lambda: scope.reschedule(loop.time())
            if not cursor.is_ended:
                await _send_all(request, response, cursor, stop=stop, path=path)
    except TimeoutError:  # the stream was ended
        log.debug("A stream ended before its file did: %s", path)
    except TriblerdError as error:  # too late for another answer
        log.warning("%s cannot be streamed any further: %s", path, error)
    if cursor.position < stop:
        response.force_close()
    with suppress(ConnectionError):
        await response.write_eof()


async def _send_all(
    request: web.Request, response: web.StreamResponse, cursor: Cursor, *, stop: int, path: Path
) -> None:
    while cursor.position < stop:
        if cursor.has_all:
            await cursor.flush()
            file = await asyncio.to_thread(_open, path)
            if file is not None:
                with file:
                    return await _send_file(request, cursor, file, stop - cursor.position)
        content = await cursor.read()
        for start in range(0, min(len(content), stop - cursor.position), _CHUNK_BYTES):
            await _send_chunk(response, cursor, content[start : start + min(_CHUNK_BYTES, stop - cursor.position)])
    return None


async def _send_file(request: web.Request, cursor: Cursor, file: BinaryIO, count: int) -> None:
    transport = request.transport
    if transport is None or transport.is_closing():
        msg = "The client has gone"
        raise ConnectionResetError(msg)
    # The operating system copies from the file to the socket.
    try:
        sent = await asyncio.get_running_loop().sendfile(transport, file, cursor.position, count)
    except ConnectionError:  # the transport has not seen that the client has gone
        transport.abort()
        raise
    cursor.move(sent)
    if sent < count:
        msg = "the file on disk is shorter than the one in the torrent"
        raise DamagedFileError(msg)


async def _send_chunk(response: web.StreamResponse, cursor: Cursor, chunk: memoryview) -> None:
    stalls = asyncio.get_running_loop().call_later(_STALL_SECONDS, partial(cursor.stall, is_stalled=True))
    try:
        await response.write(chunk)
    finally:
        stalls.cancel()
    cursor.stall(is_stalled=False)
    cursor.move(len(chunk))


def _is_within(destination: Path, path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(destination))


def _open(path: Path) -> BinaryIO | None:
    """Return the open file, ``None`` when there is no such regular file: it may just be moved."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        file = open(descriptor, "rb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor has no path
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return file
        file.close()
    return None
