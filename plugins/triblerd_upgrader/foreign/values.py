"""What every reader of a foreign state yields, whatever the program was.

Paths are the other program's view until ``Reader.read`` applied the replacements that it was given.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import msgspec


class Program(StrEnum):
    """Whose state it is."""

    TRIBLER_7 = "tribler7"
    TRIBLER_8 = "tribler8"
    QBITTORRENT = "qbittorrent"
    TRANSMISSION = "transmission"
    DELUGE = "deluge"
    RTORRENT = "rtorrent"


class Limit(StrEnum):
    """A seeding limit that is no number."""

    GLOBAL = "global"
    NONE = "none"


SeedingLimit = float | Limit


class ForeignDownload(msgspec.Struct, frozen=True, kw_only=True):
    """One download of another program, in the terms of the engine.

    Attributes:
        origin: The file or row that it was read from, for the report.
        infohash_v1: 20 bytes, empty for v2 alone; ``infohash_v2``: 32 bytes, empty for v1 alone.
        name: As the program shows it.
        metainfo: The bencoded torrent file with the original bytes of ``info``; empty while it is unknown.
        magnet: A link, for downloads without metadata.
        save_path: The directory that holds the torrent's own name now.
        renamed_files: Paths on disk below ``save_path`` by the number of the file, pad files counted.
        completed_dir: Where the files go when they are complete; empty when they stay.
        have: One bit per piece, the first piece the most significant bit of the first byte; ``None`` when it is not
            known, which means that the files have to be checked.
        trees: Bencoded hash trees (BEP 52) as in native resume data; empty when there are none.
        priorities: One per file, pad files counted, 0..7, 4 is normal and 0 is skipped; empty when all are normal.
        mtimes: Unix seconds of modification times by the number of the file, where the program kept them.
        checked_times: Unix seconds at which the program last looked at a file, where it kept that instead: one that was
            changed later is not what it was.
        suspicion: Why the program itself would verify the files; empty when it would not.
        stopped: By the user.
        auto_managed: Waits in the queue when it runs; ``queue_position`` is 0 for the first, -1 for none.
        added_time: Unix seconds, 0 for unknown or never; ``completed_time`` likewise.
        total_downloaded: Bytes of payload; ``total_uploaded`` likewise.
        active_time: Seconds; ``finished_time`` and ``seeding_time`` likewise.
        download_limit: Bytes per second, -1 for none; ``upload_limit`` likewise.
        max_connections: -1 for none; ``max_uploads`` likewise.
        first_last_pieces: The first and the last piece of each file first.
        trackers: Announce URLs in tiers.
        ratio_limit: Uploaded by downloaded; ``seeding_time_limit`` and ``idle_limit`` in seconds.
        category: A label with a destination; empty for none.
        only_metadata: A magnet that is to stop once its metadata are known.
    """

    origin: str
    infohash_v1: bytes = b""
    infohash_v2: bytes = b""
    name: str = ""
    metainfo: bytes = b""
    magnet: str = ""
    save_path: str = ""
    renamed_files: Mapping[int, str] = {}
    completed_dir: str = ""
    have: bytes | None = None
    trees: bytes = b""
    priorities: tuple[int, ...] = ()
    mtimes: Mapping[int, int] = {}
    checked_times: Mapping[int, int] = {}
    suspicion: str = ""
    stopped: bool = False
    auto_managed: bool = False
    queue_position: int = -1
    added_time: int = 0
    completed_time: int = 0
    total_downloaded: int = 0
    total_uploaded: int = 0
    active_time: int = 0
    finished_time: int = 0
    seeding_time: int = 0
    download_limit: int = -1
    upload_limit: int = -1
    max_connections: int = -1
    max_uploads: int = -1
    sequential: bool = False
    first_last_pieces: bool = False
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    ratio_limit: SeedingLimit = Limit.GLOBAL
    seeding_time_limit: SeedingLimit = Limit.GLOBAL
    idle_limit: SeedingLimit = Limit.GLOBAL
    category: str = ""
    labels: tuple[str, ...] = ()
    hops: int = 0
    safe_seeding: bool = False
    only_metadata: bool = False


class NotTaken(msgspec.Struct, frozen=True):
    """Something of a state that is not taken over: what (a file, a row, a setting), and why."""

    what: str
    reason: str


class ForeignCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A category that downloads may name; ``save_path`` is empty when it has none of its own."""

    name: str
    save_path: str = ""


class ForeignSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the program was set to, by the names of ours: ``section.option``, and ``section/option`` of version 8.

    Attributes:
        secrets: Likewise keys and passwords, which nobody sees, and which are taken over only if the user says so.
    """

    values: Mapping[str, object] = {}
    secrets: Mapping[str, object] = {}

    def __repr__(self) -> str:
        return f"ForeignSettings(values={self.values!r}, secrets of {sorted(self.secrets)})"


class ForeignRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Some records of one kind that are no downloads; the ``Keeper`` of their kind takes them over together.

    Attributes:
        kind: As of ``Keeper``.
        values: Whatever the keeper knows, at most some thousand of them. They may be secrets: never to be shown.
    """

    kind: str
    values: Sequence[object]

    def __repr__(self) -> str:
        return f"ForeignRecords({len(self.values)} {self.kind})"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some records: ``present`` counts those that were there already, and stay as they are."""

    added: int = 0
    present: int = 0
    not_taken: tuple[NotTaken, ...] = ()


class Keeper(Protocol):
    """Takes records of one kind over.

    Attributes:
        kind: What they are, in the plural, for plan and report, such as ``torrents``.
        is_asked_for: They are taken over only if the user says so, by the name of the kind.
    """

    kind: ClassVar[str]
    is_asked_for: ClassVar[bool]

    async def keep(self, values: Sequence[Any]) -> Kept:
        """Take over what is not there; on disk when this returns. The same values once more change nothing.

        Raises:
            UnavailableError: a plugin of ours that they would go to does not run.
        """


Item = ForeignDownload | ForeignCategory | ForeignSettings | ForeignRecords | NotTaken
"""What a reader yields."""


class Find(msgspec.Struct, frozen=True, kw_only=True):
    """A state that was recognised.

    Attributes:
        root: The directory of the state, as the reader wants it.
        version: The program's version, empty when the state does not tell.
        downloads: How many there are, by the names of the files alone.
        running: Why the program seems to run just now; empty when it does not.
        port: Of TCP, on which somebody listens, when that is why.
        covers: Directories below it that belong to it, and are no states of their own.
        parts: Files and directories below it that make up the state, when not all that lies there does.
    """

    program: Program
    root: Path
    version: str = ""
    downloads: int = 0
    running: str = ""
    port: int = 0
    covers: tuple[Path, ...] = ()
    parts: tuple[Path, ...] = ()


class Reader(Protocol):
    """Reads the states of one program. All of it is for a thread; nothing is ever written to the source."""

    program: ClassVar[Program]

    def find(self, directory: Path) -> Find | None:
        """Recognise a state by its sure signs in this directory itself, ``None`` when it is none."""

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield all that there is to take over, from a private copy of the root; the downloads first.

        What cannot be read is yielded as ``NotTaken``, and the rest goes on. ``mapped`` turns a path of the program's
        view into one of ours; every path goes through it, and is absolute before. ``source`` is the root itself, which
        is not to be read any more: relative paths begin there.
        """
