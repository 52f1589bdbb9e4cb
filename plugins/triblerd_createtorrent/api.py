"""What other plugins see: the values that describe a torrent to be made, the maker as a service, events, errors."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from triblerd.errors import InvalidInputError, OperationError
from triblerd.events import Arguments, Event
from triblerd_libtorrent.api import Metainfo


class FileError(OperationError):
    """A file or a directory cannot be used; the text is the system's, with the path."""

    code = "OSError"


class NothingToHashError(OperationError):
    """All files together have no byte."""

    code = "RuntimeError"

    def __init__(self) -> None:
        super().__init__("invalid length of torrent")


class NoFilesError(InvalidInputError):
    """There is no file in the directories that shall be taken."""


class FileChangedError(OperationError):
    """A file changed while it was hashed; a torrent of it would fit neither of its contents."""


class HashingEndedError(OperationError):
    """The process that hashes ended without an answer."""


class Version(StrEnum):
    """Which generation of BitTorrent a torrent is made for: BEP 3, BEP 52, or both."""

    V1 = "v1"
    V2 = "v2"
    HYBRID = "hybrid"


class SourceFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file that goes into a torrent.

    Attributes:
        source: Its absolute path on this machine, links resolved, as the system spells it (``os.fsencode``).
        path: Where it is in the torrent, as a POSIX path below the torrent's name; empty for the only file of a
            torrent whose name is that file's.
    """

    source: bytes
    path: str


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Files as they lie on disk, made ready for a torrent.

    Attributes:
        name: Of the only file, or of the directory that holds all; ``unknown`` for files that share only ``/``.
        files: Never empty, in the torrent's order.
        size: Bytes of all files together.
        destination: The directory that has ``name`` in it, as the ``save_path`` of a complete download; empty where
            there is none.
    """

    name: str
    files: tuple[SourceFile, ...]
    size: int
    destination: str


class TorrentRecipe(msgspec.Struct, frozen=True, kw_only=True):
    """What a torrent shall be made of.

    The same recipe gives the same bytes, whatever the order of ``files``: in the torrent they are ordered by their
    paths, component by component, byte by byte, as BEP 52 wants it.

    Attributes:
        name: ``info.name``: one component of a path.
        piece_length: Bytes, a power of two from 16 KiB to 128 MiB; 0 chooses one by the size, as libtorrent does.
        is_private: Peers come from the trackers alone (BEP 27).
        tiers: Announce URLs (BEP 12).
        web_seeds: URLs (BEP 19).
        creation_date: Unix time; ``None`` leaves it out.
        nodes: Host and port of nodes of the DHT (BEP 5).
        source_tag: Text in the info dictionary, which gives the torrent another infohash; empty leaves it out.
        has_padding: Have each file begin with a piece (BEP 47). Hybrid torrents have that anyway, v2 needs none.
    """

    name: str
    files: tuple[SourceFile, ...]
    version: Version = Version.V1
    piece_length: int = 0
    is_private: bool = False
    tiers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    comment: str = ""
    created_by: str = ""
    creation_date: int | None = None
    nodes: tuple[tuple[str, int], ...] = ()
    source_tag: str = ""
    has_padding: bool = False


ProgressListener = Callable[[int], None]
"""Told how many bytes have been hashed so far, a few times a second."""


@runtime_checkable
class TorrentMaker(Protocol):
    """Finds files and makes torrents of them, in a process of its own that ends with whoever waits for it."""

    async def gather(self, paths: Sequence[str], *, walk: bool = False) -> Gathered:
        """Return the files that absolute paths name.

        Args:
            paths: Links are followed; the file has the name of the link. What is named twice is taken once.
            walk: Take directories with all that is in them, as a whole. Links in them are followed as long as they
                lead to somewhere in the same directory; what is no regular file is left out. Without it directories
                are left out.

        Raises:
            InvalidInputError: a path is relative, or outside of the allowed directories; there are no files
                (``NoFilesError`` if directories were walked), or too many; a name is not UTF-8.
            FileError: something does not exist, cannot be read, or is no file.
        """

    async def make(self, recipe: TorrentRecipe, progress: ProgressListener | None = None) -> bytes:
        """Return the bencoded torrent file. Takes as long as reading all the files.

        To cancel it ends the process.

        Raises:
            NothingToHashError: all files are empty.
            FileError: a file cannot be read.
            FileChangedError: a file changed meanwhile.
            InvalidInputError: the torrent file would be larger than anybody reads.
            HashingEndedError: the process was ended from outside.
        """


@runtime_checkable
class TorrentJobs(Protocol):
    """Makes torrents as ``/createtorrent`` does: a few at a time, while others wait, and shown by its jobs."""

    async def make(self, recipe: TorrentRecipe, *, size: int, seed_from: str = "") -> bytes:
        """Return the bencoded torrent file, when it was this one's turn and all is hashed.

        To cancel the wait does not end the job.

        Args:
            recipe: The torrent.
            size: Bytes of all files together.
            seed_from: The absolute directory that has the recipe's name in it, as the recipe has it; the torrent is
                seeded from there at once, with what the defaults of downloads say. Empty does not seed it.

        Raises:
            TriblerdError: what ``TorrentMaker.make`` raises; too many jobs wait; somebody ended the job; it cannot be
                seeded from there, or not now.
        """


class JobState(StrEnum):
    """Where the making of a torrent is."""

    WAITING = "waiting"
    HASHING = "hashing"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TorrentProgress(Event):
    """The making of a torrent is in another state, or has come further: at most twice a second for each job."""

    topic: ClassVar[str] = "createtorrent_progress"

    id: str
    state: str
    name: str
    hashed: int
    size: int
    infohash: str
    reason: str


class TorrentCreated(Event):
    """A torrent was made.

    ``for_store`` says whether it may be kept and passed on: not when it is private.
    """

    topic: ClassVar[str] = "torrent_created"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    metainfo: Metainfo
    for_store: bool
