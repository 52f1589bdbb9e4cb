"""What is handed to the service that takes downloads of other programs over, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

import msgspec

from triblerd.store import Transaction
from triblerd_libtorrent.api import Infohash, Magnet, Metainfo

MOST_TAGS = 32
"""Of one download."""
MOST_URLS = 1000
"""Trackers, and web seeds, of one download."""
UNLIMITED = float("inf")
"""As a seeding limit: no limit, whatever is said for all downloads."""


class TakenDownload(msgspec.Struct, frozen=True, kw_only=True):
    """One download as another program had it. Times in Unix seconds, 0 for never; durations in seconds.

    Attributes:
        source: A magnet while the files are unknown.
        save_path: The absolute directory that holds the torrent's own name now.
        renamed_files: Paths on disk below ``save_path`` by the position in the torrent.
        given_back: Of these, the files that get the torrent's own name for them when the download is taken over.
        completed_dir: Where the files go when they are complete; empty when they stay, as those do that are complete.
        have: One bit per piece, the first piece the most significant bit of the first byte; ``None`` has them checked.
        trees: Bencoded hash trees (BEP 52) as in resume data of the engine; empty when there are none.
        priorities: One for each file, pad files counted, 0 (not wanted) .. 7; empty when all are normal.
        added_time: 0 for now.
        download_limit: Bytes per second, -1 unlimited; ``upload_limit`` likewise.
        max_uploads: Peers that may be uploaded to at once, -1 for any number.
        trackers: Announce URLs in tiers: all that there shall be; empty for those of the source.
        web_seeds: URLs (BEP 19); empty for those of the source.
        seeding_ratio: ``None`` for no limit of its own; ``seeding_time``, in seconds, likewise.
        category: One that exists; empty for none.
        only_metadata: Stop once the metadata of a magnet are known.
    """

    source: Metainfo | Magnet
    save_path: str
    renamed_files: Mapping[int, str] = {}
    given_back: tuple[int, ...] = ()
    completed_dir: str = ""
    have: bytes | None = None
    trees: bytes = b""
    priorities: tuple[int, ...] = ()
    stopped: bool = False
    auto_managed: bool = False
    added_time: int = 0
    completed_time: int = 0
    total_downloaded: int = 0
    total_uploaded: int = 0
    active_time: int = 0
    finished_time: int = 0
    seeding_time_spent: int = 0
    download_limit: int = -1
    upload_limit: int = -1
    max_uploads: int = -1
    sequential: bool = False
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    seeding_ratio: float | None = None
    seeding_time: float | None = None
    category: str = ""
    tags: tuple[str, ...] = ()
    hops: int = 0
    safe_seeding: bool = False
    only_metadata: bool = False


class Outcome(StrEnum):
    """What became of a download that was to be taken over."""

    TAKEN = "taken"
    PRESENT = "present"
    """It was there already, and stays as it is."""
    REFUSED = "refused"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one download.

    Attributes:
        infohash: Of ours: a hybrid torrent may be there under its other hash.
        reason: Why it was refused, or why files of one that was taken do not get the torrent's names for them.
    """

    infohash: Infohash
    outcome: Outcome
    reason: str = ""


@runtime_checkable
class DownloadTakeover(Protocol):
    """Takes thousands of downloads over from other programs, with what they have."""

    async def prepare(self) -> None:
        """Look at what is there, before ``find`` and ``take`` are called some thousand times."""

    def find(self, source: Metainfo | Magnet) -> Infohash | None:
        """Return the download that is the same torrent, by any of its hashes, ``None`` when there is none."""

    def obstacle(self, download: TakenDownload) -> str:
        """Return what keeps a download from being taken over, but for links on the disk; empty when nothing does."""

    def category_name(self, name: str) -> str:
        """Return the name that a category has here: slashes are replaced.

        Raises:
            InvalidInputError: nothing of the name can be used.
        """

    async def make_category(self, name: str, save_path: str) -> str:
        """Return the name that a category has here, which exists then. One that is there already stays as it is.

        Args:
            name: As another program has it.
            save_path: Its directory, empty for none.

        Raises:
            InvalidInputError: nothing of the name can be used, or there are too many, or its directory may not be used.
        """

    async def take(
        self,
        downloads: Sequence[TakenDownload],
        also: Callable[[Transaction, Sequence[Taken]], None] = lambda _, __: None,
    ) -> Sequence[Taken]:
        """Take some hundred downloads over, and have the engine begin with them, in this order.

        They are on disk when this returns, all of them or, with an error, none: records, torrent files and resume data
        in one transaction. Of two that are the same torrent the first is taken. A caller that is cancelled meanwhile
        changes nothing about that.

        Args:
            downloads: In the order of the queue.
            also: Writes what belongs into the same transaction; it may be called twice.

        Raises:
            StoreError: they cannot be written.
        """

    async def settled(self, infohashes: Sequence[Infohash]) -> Mapping[Infohash, str]:
        """Wait until the engine has looked at the files of downloads that were taken, however long that takes.

        Returns:
            Why the files of some are not what was said of them, so that they are checked, in the engine's words.
        """
