"""Parsing torrent files without standing still: small ones here, large ones in a process of their own."""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

import msgspec

from triblerd_libtorrent.api import EngineError, Infohash, Metainfo, MetainfoError, NotBencodedError, TorrentFile
from triblerd_libtorrent.metainfo import ParsingCost, add_piece_layers, parse_metainfo, parsing_cost
from triblerd_libtorrent.parser_process import (
    LENGTH_BYTES,
    Answer,
    FilesChunk,
    LayersRequest,
    Parsed,
    ParseRequest,
    Refused,
    Request,
    Unwrapped,
    UnwrapRequest,
    WithLayers,
)

log = logging.getLogger(__name__)

A = TypeVar("A", bound=Answer)

_MOST_WAITING = 64
_ANSWER_SECONDS = 60.0  # a busy machine gives the process little time
_IDLE_SECONDS = 30.0
_EXIT_SECONDS = 5.0
_ATTEMPTS = 2  # it may have been killed for no fault of the torrent's
_CHUNK = 256 * 1024
_BUFFER = 1024 * 1024


class ParserDiedError(Exception):
    """The process ended in the middle of its work.

    Attributes:
        code: Its exit code; minus the number of a signal.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class TorrentParser:
    """Takes torrent files apart, one large one at a time.

    The engine parses with the interpreter's lock held, for seconds if somebody wants it to, and could fall over a
    torrent that nobody has thought of. So large files are read by a process that is started when it is needed, limited
    in time and memory, replaced when it dies, and ended when it has had nothing to do for a while.

    Args:
        cpu_seconds: What a large torrent file may cost before it is refused.
        memory_bytes: Address space of the process. A torrent file of 16 MiB takes some 300 MiB at most; libraries and
            stacks take as much again.
        idle_seconds: How long the process stays when there is nothing to do.
    """

    def __init__(
        self, *, cpu_seconds: int = 10, memory_bytes: int = 2 * 1024**3, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        self._cpu_seconds = cpu_seconds
        self._memory_bytes = memory_bytes
        self._idle_seconds = idle_seconds
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer, dec_hook=_infohash)
        self._encode = msgspec.msgpack.Encoder().encode
        self._process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._busy = asyncio.Lock()
        self._waiting = 0
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The number of the process, ``None`` while there is none."""
        return self._process.pid if self._process is not None else None

    async def parse(self, raw: bytes) -> Metainfo:
        """Return what a torrent file says.

        Raises:
            MetainfoError: it is no torrent, exceeds the limits, or has names that cannot stand on disk.
            EngineError: too many others wait for the same.
        """
        cost = parsing_cost(raw)
        if cost is ParsingCost.SMALL:
            return parse_metainfo(raw)
        if cost is ParsingCost.MODERATE:
            return await asyncio.to_thread(parse_metainfo, raw)
        files, answer = await self._ask(ParseRequest(raw, self._cpu_seconds), Parsed)
        return msgspec.structs.replace(answer.metainfo, raw=raw, files=tuple(files))

    async def unwrap(self, raw: bytes, resume_data: bytes | None) -> Unwrapped:
        """Return what the engine needs to know of a torrent whose file is large.

        Raises:
            MetainfoError: it is no torrent, or exceeds the limits.
            EngineError: too many others wait for the same.
        """
        # What was accepted once is not refused later, because the machine was slower that day.
        request = UnwrapRequest(raw, resume_data or b"", 4 * self._cpu_seconds)
        return (await self._ask(request, Unwrapped))[1]

    async def add_piece_layers(self, raw: bytes, resume_data: bytes) -> bytes:
        """Return a torrent file with the hashes of its pieces (BEP 52), which a magnet's metadata do not have.

        Raises:
            MetainfoError: the resume data do not have them all, or the torrent file would be too large.
            EngineError: too many others wait for the same.
        """
        if len(resume_data) < _CHUNK and parsing_cost(raw) is not ParsingCost.LARGE:
            return await asyncio.to_thread(add_piece_layers, raw, resume_data)
        return (await self._ask(LayersRequest(raw, resume_data, self._cpu_seconds), WithLayers))[1].raw

    async def close(self) -> None:
        """End the process, whatever it does, and start no other."""
        self._is_closed = True
        self._cancel_idle()
        await self._kill()

    async def _ask(self, request: Request, kind: type[A]) -> tuple[list[TorrentFile], A]:
        async with self._turn():
            for _ in range(_ATTEMPTS):
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        files, answer = await self._exchange(request)
                except TimeoutError as error:
                    await self._kill()
                    msg = f"Reading the torrent file takes longer than {_ANSWER_SECONDS:g} s"
                    raise MetainfoError(msg) from error
                except ParserDiedError as died:
                    if died.code == -signal.SIGXCPU:
                        msg = f"Reading the torrent file takes more than {request.cpu_seconds} s of processor time"
                        raise MetainfoError(msg) from died
                    log.warning("The process that reads torrent files ended with %d", died.code)
                except BaseException:  # what it still has to say is nobody's answer
                    await self._kill()
                    raise
                else:
                    if isinstance(answer, kind):
                        return files, answer
                    raise _refusal(answer)
            msg = "Invalid torrent file: the engine cannot read it"
            raise MetainfoError(msg)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= _MOST_WAITING:
            msg = "Too many large torrent files are being read; try again later"
            raise EngineError(msg)
        self._waiting += 1
        try:
            async with self._busy:
                self._cancel_idle()
                try:
                    yield
                finally:
                    self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)
        finally:
            self._waiting -= 1

    async def _exchange(self, request: Request) -> tuple[list[TorrentFile], Answer]:
        process = await self._started()
        try:
            await self._send(process, request)
            files: list[TorrentFile] = []
            while isinstance(answer := await self._receive(process), FilesChunk):
                files += answer.files
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ParserDiedError(await self._ended(process)) from error
        return files, answer

    async def _send(self, process: Process, request: Request) -> None:
        if process.stdin is None:
            raise BrokenPipeError
        frame = self._encode(request)
        process.stdin.write(len(frame).to_bytes(LENGTH_BYTES))
        for part in _parts(frame):
            process.stdin.write(part)
            await process.stdin.drain()

    async def _receive(self, process: Process) -> Answer:
        if process.stdout is None:
            raise BrokenPipeError
        length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES))
        frame = await process.stdout.readexactly(length)
        await asyncio.sleep(0)  # others first: the next frame may be here already
        return self._decoder.decode(frame)

    async def _started(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        if self._is_closed:
            msg = "The engine is stopping"
            raise EngineError(msg)
        # In a session of its own: a Ctrl-C is meant for the daemon, which ends this process in its own time.
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "triblerd_libtorrent.parser_process", str(self._memory_bytes)),
            stdin=PIPE,
            stdout=PIPE,
            limit=_BUFFER,
            start_new_session=True,
        )
        return self._process

    async def _ended(self, process: Process) -> int:
        """Return the exit code of the process, which has closed its output."""
        self._process = None
        try:
            # A signal now would ask for the exit code first, which can be had just once.
            async with asyncio.timeout(_EXIT_SECONDS):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            if process.stdout is not None:
                await process.stdout.read()  # up to its end, or asyncio would not let go of it
            await process.wait()

    def _end(self) -> None:
        """Let the process go; it ends when there can be no more requests."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _cancel_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def _infohash(_: type, text: object) -> Infohash:
    return Infohash(text)


def _refusal(answer: Answer) -> MetainfoError:
    if not isinstance(answer, Refused):
        return MetainfoError("Invalid torrent file: the engine cannot read it")
    return MetainfoError(answer.reason) if answer.is_bencoded else NotBencodedError(answer.reason)


def _parts(frame: bytes) -> Iterator[memoryview]:
    view = memoryview(frame)
    return (view[first : first + _CHUNK] for first in range(0, len(view), _CHUNK))
