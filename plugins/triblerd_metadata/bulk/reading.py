"""Reads batches of lines: small ones here, large ones in a process of their own.

Reading takes as long as storing does, and both want the interpreter.
"""

import asyncio
import codecs
import logging
import time
from collections.abc import Iterator

import msgspec

from triblerd.helper_process import HelperClosedError, HelperDiedError, HelperProcess, serve
from triblerd_metadata.bulk.lines import UnusableLineError, decode_line, entry_of
from triblerd_metadata.bulk.schemas import Refusal
from triblerd_metadata.cleaning import UnfitError
from triblerd_metadata.preparing import PreparedEntry, TitleWords, apart, prepare

log = logging.getLogger(__name__)

SMALL = 256 << 10
"""Bytes; the process needs a quarter of a second to begin."""
_AT_ONCE = 500
"""Entries that are decoded in one step, which takes a millisecond."""


class ReadLines(msgspec.Struct, array_like=True, gc=False):
    """What the lines of a batch say; line numbers count from 1.

    Attributes:
        entries: In order, without their words.
        words: Those of their titles.
        lines: Their lines.
        torrents: Torrent files, with their lines.
        refusals: Of lines that are no entries.
    """

    entries: list[PreparedEntry]
    words: TitleWords
    lines: list[int]
    torrents: list[tuple[int, bytes]]
    refusals: list[Refusal]


class LinesReader:
    """Reads batches, one large one at a time."""

    def __init__(self) -> None:
        self._process = HelperProcess(__name__)

    async def read(self, body: bytes) -> ReadLines:
        """Return what stands in the lines."""
        if len(body) > SMALL:
            try:
                return await self._read_elsewhere(body)
            except HelperClosedError:
                log.debug("The plugin ends; what came before is read here")
            except (HelperDiedError, OSError) as error:
                log.warning("Lines are read here, since the process that should do so ended: %s", error)
        return await asyncio.to_thread(read_lines, body)

    async def close(self) -> None:
        """End the process."""
        await self._process.close()

    async def _read_elsewhere(self, body: bytes) -> ReadLines:
        entries: list[PreparedEntry] = []
        async with self._process.turn() as pipe:
            await pipe.send(body)
            while frame := await pipe.receive():
                entries += _decode_entries(frame)
            rest = _decode_rest(await pipe.receive())
        rest.entries = entries
        return rest


def read_lines(body: bytes) -> ReadLines:
    """Return what stands in lines of JSON; blank ones say nothing, nor does a mark of UTF-8 before the first."""
    now = int(time.time())
    read = ReadLines([], TitleWords(), [], [], [])
    for number, text in enumerate(body.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if not text or text.isspace():
            continue
        try:
            line = decode_line(text)
            if line.metainfo:
                read.torrents.append((number, line.metainfo))
            else:
                read.entries.append(prepare(entry_of(line), now, marked=line.xxx))
                read.lines.append(number)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, UnusableLineError, UnfitError) as error:
            read.refusals.append(Refusal(line=number, reason=str(error) or type(error).__name__))
    read.entries, read.words = apart(read.entries)
    return read


_encode = msgspec.msgpack.Encoder().encode
_decode_entries = msgspec.msgpack.Decoder(list[PreparedEntry]).decode
_decode_rest = msgspec.msgpack.Decoder(ReadLines).decode


def _answers(body: bytes) -> Iterator[bytes]:
    """Yield entries in frames, then an empty one, and the rest."""
    read = read_lines(body)
    entries, read.entries = read.entries, []
    for first in range(0, len(entries), _AT_ONCE):
        yield _encode(entries[first : first + _AT_ONCE])
    yield b""
    yield _encode(read)


if __name__ == "__main__":
    serve(_answers)
