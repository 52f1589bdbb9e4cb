"""What other plugins see of the downloads: values, events, errors, and the set of them as a service."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from typing import ClassVar, Protocol, runtime_checkable

import msgspec
from aiohttp import web

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.events import Arguments, Event
from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_downloads.connected import PeerItem
from triblerd_downloads.figures import availability, seconds_left
from triblerd_downloads.label_names import CategoryName, checked_tags
from triblerd_downloads.rates import checked_rate
from triblerd_downloads.stored import Category, DownloadRecord, SwarmWishes
from triblerd_downloads.taken import MOST_TAGS, MOST_URLS, UNLIMITED, DownloadTakeover, Outcome, Taken, TakenDownload
from triblerd_libtorrent.api import (
    Infohash,
    Magnet,
    Metainfo,
    QueueMove,
    TorrentEngine,
    TorrentStatus,
    Tracker,
    Tunnels,
)

__all__ = [
    "MOST_TAGS",
    "MOST_URLS",
    "UNLIMITED",
    "AddWishes",
    "Category",
    "CategoryName",
    "Change",
    "DefaultHops",
    "Download",
    "DownloadLists",
    "DownloadRecord",
    "DownloadState",
    "DownloadStreams",
    "DownloadTakeover",
    "DownloadTrackers",
    "Downloads",
    "EncodedRows",
    "NoCategoryError",
    "NoHopsError",
    "Outcome",
    "PeerItem",
    "SwarmWishes",
    "Taken",
    "TakenDownload",
    "TorrentFinished",
    "TorrentStatusChanged",
    "TorrentTitles",
    "UnknownCategoryError",
    "UnknownDownloadError",
    "UnknownFileError",
    "availability",
    "checked_rate",
    "checked_tags",
    "seconds_left",
]

_TUNNELS = "tunnels"
_UNMET, _RUNNING = "unmet", "running"
_CAREFUL_HOPS = 1


class DownloadState(IntEnum):
    """What a download does, with the numbers that clients know. Those from 10 on are for version 8 only."""

    ALLOCATING_DISKSPACE = 0
    WAITING_FOR_HASHCHECK = 1
    HASHCHECKING = 2
    DOWNLOADING = 3
    SEEDING = 4
    STOPPED = 5
    STOPPED_ON_ERROR = 6
    METADATA = 7
    CIRCUITS = 8
    EXIT_NODES = 9
    MOVING = 10
    QUEUED = 11

    @property
    def extended_name(self) -> str:
        """The name in the words of version 8, which has another one for a download that waits for circuits."""
        return "LOADING" if self is DownloadState.CIRCUITS else self.name


class UnknownDownloadError(NotFoundError):
    """There is no download of this infohash."""

    def __init__(self) -> None:
        super().__init__("this download does not exist")


class UnknownFileError(InvalidInputError):
    """A selection names a file that the torrent does not have, or whose existence is not known yet."""

    def __init__(self) -> None:
        super().__init__("index out of range")


class UnknownCategoryError(InvalidInputError):
    """A download is to be given a category that there is not.

    Attributes:
        name: The category.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"category {name!r} does not exist")
        self.name = name


class NoHopsError(InvalidInputError):
    """A client asks for a download with hops that nobody offers."""

    def __init__(self, obstacle: str, *, is_default: bool = False) -> None:
        way_out = "turn download_defaults.anonymity_enabled off" if is_default else "set anon_hops to 0"
        super().__init__(f"{obstacle}. Turn it on, GET /plugins/tunnels tells what it lacks; or {way_out}")


class NoCategoryError(NotFoundError):
    """A path names no category."""

    def __init__(self) -> None:
        super().__init__("this category does not exist")


@runtime_checkable
class Download(Protocol):
    """One download at this moment. To be read only."""

    infohash: Infohash
    record: DownloadRecord

    @property
    def status(self) -> TorrentStatus | None:
        """What the engine said last; ``None`` while it does not have the torrent."""

    @property
    def error(self) -> str:
        """What went wrong; empty when nothing did."""

    @property
    def state(self) -> DownloadState:
        """The state in the words of the unprefixed API."""

    @property
    def extended_state(self) -> DownloadState:
        """The state in the words of version 8."""


class AddWishes(msgspec.Struct, frozen=True, kw_only=True):
    """How a download shall be added; ``None`` takes the default.

    Attributes:
        destination: An absolute directory; made when it is missing. By default that of the category.
        category: The name of a category that exists; empty for none.
        selection: ``None`` for all files. Indices that the torrent does not have are dropped.
        is_verified: All files are known to be complete in the destination: nothing is hashed before it seeds.
    """

    destination: str | None = None
    completed_dir: str | None = None
    selection: tuple[int, ...] | None = None
    hops: int = 0
    safe_seeding: bool = False
    auto_managed: bool = False
    only_metadata: bool = False
    user_stopped: bool = False
    category: str = ""
    tags: tuple[str, ...] = ()
    is_verified: bool = False


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What shall change of a download; what is left out stays.

    Attributes:
        selection: Indices of files, all of which exist; ``None`` for all files.
        seeding_ratio: ``None`` for no limit of its own; ``seeding_time``, in seconds, likewise.
        category: The name of a category that exists; empty for none. The files stay where they are.
        to_category: Move the files to the directory of the category, the new one if it changes; those of an incomplete
            download when it is complete.
        tags: Take the place of all that it has; ``add_tags`` come to them, ``remove_tags`` go, in this order.
        running: True starts it and forgets its error, false stops it.
        destination: An existing directory to move the files to.
    """

    selection: tuple[int, ...] | msgspec.UnsetType | None = msgspec.UNSET
    upload_limit: int | msgspec.UnsetType = msgspec.UNSET
    download_limit: int | msgspec.UnsetType = msgspec.UNSET
    seeding_ratio: float | msgspec.UnsetType | None = msgspec.UNSET
    seeding_time: float | msgspec.UnsetType | None = msgspec.UNSET
    auto_managed: bool | msgspec.UnsetType = msgspec.UNSET
    running: bool | msgspec.UnsetType = msgspec.UNSET
    destination: str | msgspec.UnsetType = msgspec.UNSET
    completed_dir: str | msgspec.UnsetType = msgspec.UNSET
    queue_move: QueueMove | msgspec.UnsetType = msgspec.UNSET
    category: str | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    to_category: bool = False


@runtime_checkable
class Downloads(Protocol):
    """All downloads. What changes them returns when the change is on disk.

    Whatever names a download raises ``UnknownDownloadError`` when there is none.
    """

    @property
    def default_hops(self) -> int:
        """The user's number of hops for what does not say otherwise; 0 when it is to be plain."""

    def all(self) -> Sequence[Download]:
        """Return them in the order in which they were added."""

    def get(self, infohash: Infohash) -> Download:
        """Return one."""

    def default_wishes(self) -> AddWishes:
        """Return what ``[download_defaults]`` says of a download that asks for nothing: hops, safe seeding, queue."""

    async def check_selection(self, infohash: Infohash, indices: Collection[int]) -> None:
        """Check that files, none of them a pad file, stand at all these positions in the torrent.

        Raises:
            UnknownFileError: they do not; none do while the files are unknown.
        """

    async def resolve(self, uri: str, *, hops: int = 0) -> Metainfo | Magnet:
        """Return what a ``magnet:``, ``http:``, ``https:`` or ``file:`` URI names.

        Raises:
            FailedError: it is none, or cannot be read; the text says why.
            NotOfferedError: nobody offers that many hops.
        """

    async def add(self, source: Metainfo | Magnet, wishes: AddWishes) -> Download:
        """Add a download. When it is there already its trackers are merged, and the wishes are ignored.

        It is added, or refused, as a whole: also when the caller is cancelled meanwhile.

        Raises:
            InvalidInputError: the category or the destination cannot be used.
            NotOfferedError: nobody offers that many hops.
        """

    async def remove(self, infohash: Infohash, *, remove_data: bool) -> None:
        """Remove a download and, if wanted, its files: as a whole, also when the caller is cancelled meanwhile."""

    async def change(self, infohash: Infohash, change: Change) -> None:
        """Change what is wanted of a download."""

    async def recheck(self, infohash: Infohash) -> None:
        """Verify all data of a download again. Nothing happens while its files are unknown."""

    async def change_hops(self, infohash: Infohash, hops: int) -> None:
        """Move a download to the session of another number of hops."""

    async def metainfo(self, infohash: Infohash) -> Metainfo | None:
        """Return what the torrent file says, ``None`` while it is unknown."""

    def retitled(self, infohashes: Iterable[Infohash]) -> None:
        """Be told by ``TorrentTitles`` of other titles; infohashes without a download are ignored."""


@runtime_checkable
class TorrentTitles(Protocol):
    """Knows torrents by better titles than their own names; offered by a plugin that may be off."""

    def title(self, infohash: Infohash) -> str:
        """Return the title of a torrent, empty while it is not known. No wait."""


@runtime_checkable
class DownloadTrackers(Protocol):
    """The trackers of downloads. What changes them returns when the change is on disk.

    Whatever names a download raises ``UnknownDownloadError`` when there is none.
    """

    async def add(self, infohash: Infohash, url: str) -> None:
        """Add an announce URL and announce to it.

        Raises:
            InvalidInputError: there are too many.
        """

    async def remove(self, infohash: Infohash, url: str) -> None:
        """Remove an announce URL for good; an unknown one is ignored."""

    def force_announce(self, infohash: Infohash, url: str) -> None:
        """Announce to a tracker now. Nothing happens when it is unknown, or the download is stopped."""


class EncodedRows(Protocol):
    """All downloads as JSON objects, each encoded once after it has changed."""

    async def now(self) -> Mapping[Infohash, bytes]:
        """Return the objects as they are now, in the order of the list. To be read only."""


@runtime_checkable
class DownloadLists(Protocol):
    """Lists downloads in forms that others define, at the price of the list that everybody knows.

    Whatever names a download raises ``UnknownDownloadError`` when there is none.
    """

    def rows(self, encode: Callable[[Download], bytes]) -> EncodedRows:
        """Return the rows of a form; keep them, as they know what has changed since they were last asked.

        Args:
            encode: Makes the JSON object of a download, without waiting for anything. It depends on the download alone,
                and on what ``trackers`` and ``seeding_ratio`` say of it.
        """

    def trackers(self, download: Download) -> Sequence[Tracker]:
        """Return the trackers as last reported, and then the pseudo trackers ``[DHT]`` and ``[PeX]``, of the tier -1.

        There are none while the engine does not have the torrent.
        """

    def seeding_ratio(self, download: Download) -> float:
        """Return the ratio limit that holds for a download: its own, that of its category, or else the default."""

    async def extended(
        self,
        rows: Mapping[Infohash, bytes],
        wanted: Iterable[Infohash],
        more: Callable[[Download], Awaitable[Mapping[str, object]]],
    ) -> list[bytes]:
        """Return rows, some of them with more members.

        Args:
            rows: As ``EncodedRows`` has them.
            wanted: Which of them get more.
            more: Returns what a download gets. It may wait for the engine, not for long: a download that cannot be
                asked in time, or fails, gets nothing.
        """

    async def answer(self, request: web.Request, rows: Sequence[bytes]) -> web.StreamResponse:
        """Answer with these rows as ``downloads``, and with ``checkpoints``; in pieces when there are many."""

    async def answer_files(self, request: web.Request, infohash: Infohash, as_sent: str) -> web.Response:
        """Answer with all files of a download, and with its infohash as the client has sent it.

        A client that names the answer's ``ETag`` in ``If-None-Match`` is not sent the same again.
        """

    async def peers(self, infohash: Infohash) -> Sequence[PeerItem]:
        """Return the connected peers."""

    async def pieces(self, infohash: Infohash) -> str:
        """Return the bitmap of verified pieces in base64, first piece = most significant bit; empty while unknown."""


@runtime_checkable
class DownloadStreams(Protocol):
    """Plays files of downloads while they are being downloaded."""

    async def serve(self, request: web.Request, infohash: Infohash, index: int) -> web.StreamResponse:
        """Answer with one file, or with the part that the client wants; start a stopped download.

        Args:
            request: ``HEAD`` starts and changes nothing.
            infohash: The download.
            index: The file's position in the torrent.

        Raises:
            UnknownDownloadError: there is no such download, or no such file.
            UnavailableError: it cannot be played yet.
        """


class TorrentFinished(Event):
    """A download is complete that received something since the daemon started."""

    topic: ClassVar[str] = "torrent_finished"

    infohash: str
    name: str
    hidden: bool = False


class TorrentStatusChanged(Event):
    """A download is in another state, in the words of version 8."""

    topic: ClassVar[str] = "torrent_status_changed"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    infohash: str
    status: str


class DefaultHops:
    """The user's number of hops for what is asked of others and is no download.

    It is the default for downloads, in a daemon that can be anonymous or ought to be; else 0. Why, and what else there
    would have been, stands in ``docs/decisions/0015-look-ups.md``.
    """

    def __init__(self, *, services: Services, plugins: PluginDirectory, engine: TorrentEngine) -> None:
        self._services = services
        self._plugins = plugins
        self._engine = engine

    def now(self) -> int:
        """Return the number of hops. A session of that many may be missing, when the tunnels are wanted but not up."""
        is_built = any(self._engine.sessions()) or self._services.find(Tunnels) is not None
        if not is_built and not self._are_wanted(_TUNNELS):
            return 0
        downloads = self._services.find(Downloads)
        return _CAREFUL_HOPS if downloads is None else downloads.default_hops

    def _are_wanted(self, name: str) -> bool:
        """Return whether a plugin and all that it requires are installed and turned on, whether or not they run."""
        try:
            plugin = self._plugins.plugin(name)
            required = [self._plugins.plugin(need) for need in plugin.requires]
        except NotFoundError:
            return False
        if plugin.state == _UNMET and all(need.state == _RUNNING for need in required):
            return False  # what it lacks are modules of its own
        return plugin.enabled and all(self._are_wanted(need.name) for need in required)
