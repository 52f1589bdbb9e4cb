"""Parsing torrent files without standing still: small ones here, large ones in a process of their own."""

import asyncio
import logging
import signal
from typing import TypeVar

import msgspec

from triblerd.helper_process import IDLE_SECONDS, HelperClosedError, HelperDiedError, HelperPipe, HelperProcess
from triblerd_libtorrent.api import EngineError, Infohash, Metainfo, MetainfoError, NotBencodedError, TorrentFile
from triblerd_libtorrent.metainfo import ParsingCost, add_piece_layers, parse_metainfo, parsing_cost
from triblerd_libtorrent.parser_process import (
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
_ATTEMPTS = 2  # it may have been killed for no fault of the torrent's
_LARGE_RESUME_DATA = 256 * 1024


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
        self, *, cpu_seconds: int = 10, memory_bytes: int = 2 * 1024**3, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._cpu_seconds = cpu_seconds
        self._decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer, dec_hook=_infohash)
        self._encode = msgspec.msgpack.Encoder().encode
        module, memory = "triblerd_libtorrent.parser_process", str(memory_bytes)
        self._process = HelperProcess(module, memory, idle_seconds=idle_seconds)
        self._waiting = 0

    @property
    def pid(self) -> int | None:
        """The number of the process, ``None`` while there is none."""
        return self._process.pid

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
        if len(resume_data) < _LARGE_RESUME_DATA and parsing_cost(raw) is not ParsingCost.LARGE:
            return await asyncio.to_thread(add_piece_layers, raw, resume_data)
        return (await self._ask(LayersRequest(raw, resume_data, self._cpu_seconds), WithLayers))[1].raw

    async def close(self) -> None:
        """End the process, whatever it does, and start no other."""
        await self._process.close()

    async def _ask(self, request: Request, kind: type[A]) -> tuple[list[TorrentFile], A]:
        if self._waiting >= _MOST_WAITING:
            msg = "Too many large torrent files are being read; try again later"
            raise EngineError(msg)
        self._waiting += 1
        try:
            files, answer = await self._answer(request)
        finally:
            self._waiting -= 1
        if isinstance(answer, kind):
            return files, answer
        raise _refusal(answer)

    async def _answer(self, request: Request) -> tuple[list[TorrentFile], Answer]:
        for _ in range(_ATTEMPTS):
            try:
                async with self._process.turn() as pipe, asyncio.timeout(_ANSWER_SECONDS):
                    return await self._exchange(pipe, request)
            except TimeoutError as error:
                msg = f"Reading the torrent file takes longer than {_ANSWER_SECONDS:g} s"
                raise MetainfoError(msg) from error
            except HelperClosedError as error:
                msg = "The engine is stopping"
                raise EngineError(msg) from error
            except HelperDiedError as died:
                if died.code == -signal.SIGXCPU:
                    msg = f"Reading the torrent file takes more than {request.cpu_seconds} s of processor time"
                    raise MetainfoError(msg) from died
                log.warning("The process that reads torrent files ended with %d", died.code)
        msg = "Invalid torrent file: the engine cannot read it"
        raise MetainfoError(msg)

    async def _exchange(self, pipe: HelperPipe, request: Request) -> tuple[list[TorrentFile], Answer]:
        await pipe.send(self._encode(request))
        files: list[TorrentFile] = []
        while isinstance(answer := self._decoder.decode(await pipe.receive()), FilesChunk):
            files += answer.files
        return files, answer


def _infohash(_: type, text: object) -> Infohash:
    return Infohash(text)


def _refusal(answer: Answer) -> MetainfoError:
    if not isinstance(answer, Refused):
        return MetainfoError("Invalid torrent file: the engine cannot read it")
    return MetainfoError(answer.reason) if answer.is_bencoded else NotBencodedError(answer.reason)
