"""The process that takes large torrent files apart, so that the daemon neither waits for it nor falls with it.

Requests and answers are MessagePack in frames of ``triblerd.helper_process``. ``triblerd_libtorrent.parsing`` starts
it, with the bytes of address space that it may take as its argument.
"""

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import libtorrent as lt
import msgspec

from triblerd.helper_process import serve
from triblerd_libtorrent.metainfo import add_piece_layers, info_of, load_metainfo, parse_metainfo
from triblerd_libtorrent.values import Metainfo, MetainfoError, NotBencodedError, TorrentFile

FILES_IN_A_CHUNK = 2000
"""Reading so many holds the daemon's event loop for about a millisecond."""


class ParseRequest(msgspec.Struct, array_like=True, tag="parse"):
    """Asks for everything that a torrent file says. The answer is ``FilesChunk`` as often as needed, then ``Parsed``.

    Attributes:
        cpu_seconds: The process is ended when this job takes more of the processor's time; so in all requests.
    """

    raw: bytes
    cpu_seconds: int


class UnwrapRequest(msgspec.Struct, array_like=True, tag="unwrap"):
    """Asks for what the engine needs to know of a torrent. The answer is ``Unwrapped``.

    Attributes:
        resume_data: What the engine saved of it, or empty.
    """

    raw: bytes
    resume_data: bytes
    cpu_seconds: int


class LayersRequest(msgspec.Struct, array_like=True, tag="layers"):
    """Asks for the torrent file with its piece layers (see ``add_piece_layers``). The answer is ``WithLayers``."""

    raw: bytes
    resume_data: bytes
    cpu_seconds: int


Request = ParseRequest | UnwrapRequest | LayersRequest


class FilesChunk(msgspec.Struct, array_like=True, tag="files"):
    """Some of the files, in order."""

    files: list[TorrentFile]


class Parsed(msgspec.Struct, array_like=True, tag="parsed"):
    """The rest.

    Attributes:
        metainfo: Without ``raw`` and without files.
    """

    metainfo: Metainfo


class Unwrapped(msgspec.Struct, array_like=True, tag="unwrapped"):
    """A torrent, taken apart.

    Attributes:
        info_at: Where the info dictionary begins in the torrent file, and where it ends.
        resume_data: The torrent file's other content, or what the engine saved, in the engine's form; without hashes
            of version 2, which the engine does not take from there.
        is_fresh: There were no usable resume data.
        has_layers: There are hashes of pieces of version 2.
        cpu_seconds: What loading it took.
    """

    info_at: tuple[int, int]
    resume_data: bytes
    is_fresh: bool
    has_layers: bool
    cpu_seconds: float


class WithLayers(msgspec.Struct, array_like=True, tag="layers"):
    """A torrent file with its piece layers."""

    raw: bytes


class Refused(msgspec.Struct, array_like=True, tag="refused"):
    """Why there is nothing.

    Attributes:
        is_bencoded: It was a torrent file at least by its form.
    """

    reason: str
    is_bencoded: bool = True


Answer = FilesChunk | Parsed | Unwrapped | WithLayers | Refused

_decode = msgspec.msgpack.Decoder(Request).decode
_encode = msgspec.msgpack.Encoder(enc_hook=str).encode


def _answer_frames(frame: bytes) -> Iterator[bytes]:
    request = _decode(frame)
    _limit_time(request.cpu_seconds)
    return map(_encode, _answers(request))


def _answers(request: Request) -> Iterator[Answer]:
    try:
        match request:
            case ParseRequest():
                yield from _parse(request)
            case UnwrapRequest():
                yield _unwrap(request)
            case LayersRequest():
                yield WithLayers(add_piece_layers(request.raw, request.resume_data))
    except MetainfoError as error:
        yield Refused(str(error), is_bencoded=not isinstance(error, NotBencodedError))
    except MemoryError:
        yield Refused("Reading the torrent file takes too much memory")


def _parse(request: ParseRequest) -> Iterator[Answer]:
    metainfo = parse_metainfo(request.raw)
    files = metainfo.files
    for first in range(0, len(files), FILES_IN_A_CHUNK):
        yield FilesChunk(list(files[first : first + FILES_IN_A_CHUNK]))
    yield Parsed(msgspec.structs.replace(metainfo, raw=b"", files=()))


def _unwrap(request: UnwrapRequest) -> Unwrapped:
    begun = time.process_time()
    params = load_metainfo(request.raw)
    cpu_seconds = time.process_time() - begun
    info = info_of(params).info_section()
    at = request.raw.index(info)
    params.ti = None
    saved = lt.write_resume_data(params)
    is_fresh = True
    if request.resume_data:
        try:
            saved = lt.write_resume_data(lt.read_resume_data(request.resume_data))
            is_fresh = False
        except RuntimeError:  # of another version, say
            pass
    saved.pop(b"trees", None)
    beside = request.raw[:at] + request.raw[at + len(info) :]
    return Unwrapped(
        info_at=(at, at + len(info)),
        resume_data=lt.bencode(saved),
        is_fresh=is_fresh,
        has_layers=b"12:piece layersd" in beside and b"12:piece layersde" not in beside,
        cpu_seconds=cpu_seconds,
    )


def _limit_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + seconds)


def _limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    with suppress(OSError):  # the service's own rules may forbid it: then it has limits already
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main() -> None:
    """Serve whoever started this process."""
    memory_bytes = int(sys.argv[1])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    serve(_answer_frames)


if __name__ == "__main__":
    main()
