"""Has torrents made by a process of its own each, which leaves the daemon its interpreter and can be ended."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence

import msgspec

from triblerd.errors import InvalidInputError, TriblerdError
from triblerd.services import FileRoots
from triblerd_createtorrent.api import (
    FileChangedError,
    FileError,
    Gathered,
    HashingEndedError,
    NothingToHashError,
    ProgressListener,
    TorrentRecipe,
)
from triblerd_createtorrent.gathering import gather
from triblerd_createtorrent.messages import LENGTH_BYTES, Failed, Hashed, Made, Order, Reply, frame
from triblerd_createtorrent.settings import CreatetorrentSettings

_GATHERED_AT_ONCE = 2
"""Walks through directories that may take long: threads are for others, too."""

_PROGRAM = ("-P", "-m", "triblerd_createtorrent.child")  # -P: nothing of the working directory is imported
_decode = msgspec.msgpack.Decoder(Hashed | Made | Failed).decode
_FAILURES: Mapping[str, type[TriblerdError]] = {
    kind.__name__: kind for kind in (FileError, FileChangedError, InvalidInputError)
}


class ProcessMaker:
    """Implements :class:`triblerd_createtorrent.api.TorrentMaker`.

    Args:
        roots: Which files may be read.
        settings: How many threads hash.
    """

    def __init__(self, *, roots: FileRoots, settings: CreatetorrentSettings) -> None:
        self._roots = roots
        self._settings = settings
        self._gathering = asyncio.Semaphore(_GATHERED_AT_ONCE)

    async def gather(self, paths: Sequence[str], *, walk: bool = False) -> Gathered:
        """Return the files that absolute paths name."""
        async with self._gathering:
            return await asyncio.to_thread(gather, paths, walk=walk, roots=self._roots)

    async def make(self, recipe: TorrentRecipe, progress: ProgressListener | None = None) -> bytes:
        """Return the bencoded torrent file."""
        order = Order(recipe, self._settings.config.hashing_threads or len(os.sched_getaffinity(0)))
        # In a session of its own, so that Ctrl-C in the daemon's terminal reaches the daemon alone.
        process = await asyncio.create_subprocess_exec(
            sys.executable, *_PROGRAM, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        try:
            return await _result(process, order, progress or (lambda _: None))
        finally:
            await _end(process)


async def _result(process: Process, order: Order, progress: ProgressListener) -> bytes:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - so is this
    try:
        process.stdin.write(frame(order))
        await process.stdin.drain()
        while True:
            reply = await _receive(process.stdout)
            if isinstance(reply, Made):
                return reply.metainfo
            if isinstance(reply, Failed):
                raise _failure(reply)
            progress(reply.size)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        code = await process.wait()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        msg = f"The process that hashes {how}"
        raise HashingEndedError(msg) from error


async def _receive(pipe: asyncio.StreamReader) -> Reply:
    length = int.from_bytes(await pipe.readexactly(LENGTH_BYTES))
    reply: Reply = _decode(await pipe.readexactly(length))
    return reply


def _failure(reply: Failed) -> TriblerdError:
    if reply.kind == NothingToHashError.__name__:
        return NothingToHashError()
    return _FAILURES[reply.kind](reply.text)


async def _end(process: Process) -> None:
    """End the process if it still runs, and wait until it and its pipes are gone."""
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    if process.returncode is None:
        process.kill()
    process.stdin.close()
    await process.stdout.read()  # a full pipe would be kept open
    await process.wait()
