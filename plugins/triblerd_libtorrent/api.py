"""What other plugins see of the engine: values, events and protocols, never a handle."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Protocol, Self, TypeVar, dataclass_transform, runtime_checkable

import msgspec
from msgspec import Meta

from triblerd.errors import FailedError, InvalidInputError, NotFoundError, OperationError
from triblerd.store import Transaction

_HEX40 = re.compile(r"[0-9a-fA-F]{40}")


class Infohash(str):
    """The identity of a torrent: 40 lower-case hex digits.

    For a v1 or hybrid torrent the v1 hash, for a v2-only torrent the first 20 bytes of the v2 hash (BEP 52).
    """

    __slots__ = ()
    json_schema: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^[0-9a-fA-F]{40}$"}

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the infohash that 40 hex digits of either case name.

        Raises:
            InvalidInputError: ``Invalid infohash``.
        """
        if not _HEX40.fullmatch(text):
            msg = "Invalid infohash"
            raise InvalidInputError(msg)
        return cls(text.lower())

    @property
    def key(self) -> bytes:
        """The 20 bytes, as keys in the store."""
        return bytes.fromhex(self)


class MagnetError(FailedError):
    """A magnet link names no torrent."""


class MetainfoError(FailedError):
    """Some bytes are no acceptable torrent file."""


class EngineError(OperationError):
    """The engine refused something; the text is its own."""


class UnknownTorrentError(NotFoundError):
    """The engine has no torrent of this infohash."""


class TorrentFile(msgspec.Struct, frozen=True, gc=False):
    """One file of a torrent.

    Attributes:
        index: Position in the torrent; pad files keep their number.
        path: POSIX path relative to the destination, sanitised; starts with the torrent's name when that is a folder.
        size: Bytes.
        is_pad: A pad file (BEP 47), never shown and never written.
    """

    index: int
    path: str
    size: int
    is_pad: bool = False


class Metainfo(msgspec.Struct, frozen=True):
    """What a torrent file says.

    Attributes:
        raw: The bencoded file, its ``info`` as it came.
        infohash: The identity here.
        infohash_v1: 40 hex digits, or empty.
        infohash_v2: 64 hex digits, or empty.
        is_multi_file: The name is a folder that holds the files.
        trackers: Tiers of announce URLs (BEP 12).
        web_seeds: URLs (BEP 19).
    """

    raw: bytes
    infohash: Infohash
    infohash_v1: str
    infohash_v2: str
    name: str
    size: int
    piece_length: int
    total_pieces: int
    files: tuple[TorrentFile, ...]
    is_multi_file: bool
    is_private: bool
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
    comment: str = ""


class Magnet(msgspec.Struct, frozen=True):
    """What a magnet link says (BEP 9).

    Attributes:
        uri: The link as it came.
        name: ``dn``, or empty.
        trackers: ``tr``, in order.
        selected_files: ``so`` (BEP 53), ``None`` when the link does not select.
        peers: ``x.pe``, as ``host:port``.
    """

    uri: str
    infohash: Infohash
    infohash_v1: str
    infohash_v2: str
    name: str = ""
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    selected_files: tuple[int, ...] | None = None
    peers: tuple[str, ...] = ()


class EngineState(StrEnum):
    """What the engine does with a torrent, apart from being paused."""

    CHECKING_QUEUED = "checking_queued"
    CHECKING = "checking"
    METADATA = "metadata"
    DOWNLOADING = "downloading"
    FINISHED = "finished"
    SEEDING = "seeding"
    CHECKING_RESUME = "checking_resume"


class TorrentStatus(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One torrent at one moment, as the engine pushes it. Rates in bytes per second, sizes in bytes, times in s.

    Attributes:
        progress: 0..1 of the present state (checking or downloading).
        total_upload: This session, protocol overhead included.
        total_payload_download: This session, payload only.
        total_done: Verified bytes of the torrent, selected or not.
        total_wanted: Bytes of the selected files.
        num_pieces: Verified pieces.
        list_seeds: Known seeds of the peer list; ``list_peers`` includes them.
        distributed_copies: Copies among the connected peers; -1 when the engine does not count them.
        seeding_duration: Seconds that this torrent has been seeding.
        needs_resume_data: Something changed since resume data were last saved.
        error: The engine's text; empty when nothing is wrong.
    """

    infohash: Infohash
    state: EngineState
    is_paused: bool
    is_auto_managed: bool
    has_metadata: bool
    is_finished: bool
    is_seeding: bool
    is_moving: bool
    progress: float
    download_rate: int
    upload_rate: int
    download_payload_rate: int
    upload_payload_rate: int
    total_download: int
    total_upload: int
    total_payload_download: int
    total_payload_upload: int
    all_time_download: int
    all_time_upload: int
    total_done: int
    total_wanted: int
    total_wanted_done: int
    num_pieces: int
    num_peers: int
    num_seeds: int
    list_peers: int
    list_seeds: int
    distributed_copies: float
    queue_position: int
    added_time: int
    completed_time: int
    last_download: int
    last_upload: int
    seeding_duration: int
    active_duration: int
    save_path: str
    name: str
    needs_resume_data: bool
    error: str


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """One peer of a torrent. Rates in bytes per second.

    Attributes:
        client: The peer's own text; bytes that are not UTF-8 stand one to one as code points.
        completed: The peer's share of the torrent, 0..1.
        speed: The peer's estimated download rate.
        connection_type: 0 BitTorrent, 1 web seed, 2 HTTP seed.
        source: Where we heard of it, any of ``tracker``, ``dht``, ``pex``, ``lsd``, ``resume``, ``incoming``.
    """

    peer_id: str
    client: str
    ip: str
    port: int
    is_optimistic: bool
    is_outgoing: bool
    upload_payload_rate: int
    download_payload_rate: int
    is_remote_interested: bool
    is_remote_choked: bool
    has_queries: bool
    has_unsent: bool
    is_interesting: bool
    is_choked: bool
    is_snubbed: bool
    total_payload_upload: int
    total_payload_download: int
    completed: float
    speed: int
    connection_type: int
    is_seed: bool
    is_upload_only: bool
    source: tuple[str, ...]


class Tracker(msgspec.Struct, frozen=True, kw_only=True):
    """One tracker of a torrent.

    Attributes:
        peers: Peers of the last answer, 0 after an error, -1 before the first contact.
        seeds: Seeds that the tracker knows of, -1 unknown; ``leeches`` likewise.
        status: The contract's text: ``Not contacted yet``, ``Working``, ``Error: <text>`` ...
    """

    url: str
    tier: int
    peers: int
    seeds: int
    leeches: int
    status: str


class TorrentWish(msgspec.Struct, frozen=True, kw_only=True):
    """How a torrent shall be handed to the engine.

    Attributes:
        source: Metainfo, magnet, or just the infohash when resume data or metainfo are in the torrent store.
        save_path: Absolute directory.
        priorities: One per file, 0 (not wanted) .. 7; empty means all files at 4. With the files of a
            magnet still unknown, as many as are spoken of: the others are not wanted.
        hops: Which session: 0 is the plain one.
        download_limit: Bytes per second, -1 unlimited; ``upload_limit`` likewise.
        is_verified: The files are known to be complete; nothing is hashed.
    """

    infohash: Infohash
    source: Metainfo | Magnet | None
    save_path: str
    is_paused: bool = False
    is_auto_managed: bool = False
    priorities: tuple[int, ...] = ()
    trackers: tuple[str, ...] = ()
    hops: int = 0
    upload_limit: int = -1
    download_limit: int = -1
    is_verified: bool = False


@dataclass_transform(frozen_default=True)  # tells type checkers what msgspec does: subclasses are frozen, too
class EngineEvent(msgspec.Struct, frozen=True):
    """Something that the engine reports. Delivered in order, on the event loop, to plain functions."""


class StatusesUpdated(EngineEvent, frozen=True):
    """The torrents that changed since the last report, about once a second while anything changes."""

    statuses: tuple[TorrentStatus, ...]


class MetadataReceived(EngineEvent, frozen=True):
    """A magnet's metainfo is known, and in the torrent store."""

    infohash: Infohash
    metainfo: Metainfo


class DownloadFinished(EngineEvent, frozen=True):
    """Everything that is wanted of a torrent is there and verified."""

    infohash: Infohash


class TorrentChecked(EngineEvent, frozen=True):
    """The check of existing files (or of resume data) has ended."""

    infohash: Infohash


class StorageMoved(EngineEvent, frozen=True):
    """The files are at ``save_path`` now."""

    infohash: Infohash
    save_path: str


class StorageMoveFailed(EngineEvent, frozen=True):
    """The files stay where they were; ``error`` is the engine's text."""

    infohash: Infohash
    error: str


class TorrentFailed(EngineEvent, frozen=True):
    """An error stopped the torrent."""

    infohash: Infohash
    error: str


class TrackersChanged(EngineEvent, frozen=True):
    """A tracker answered, failed, warned or was added."""

    infohash: Infohash


class PieceFinished(EngineEvent, frozen=True):
    """A piece was verified."""

    infohash: Infohash
    piece: int


E_ = TypeVar("E_", bound=EngineEvent)


@runtime_checkable
class TorrentStore(Protocol):
    """Metainfo and resume data on disk. Reads take microseconds; writes join the caller's transaction."""

    def metainfo(self, infohash: Infohash) -> bytes | None:
        """Return the bencoded torrent file, ``None`` while it is unknown."""

    def resume_data(self, infohash: Infohash) -> bytes | None:
        """Return what the engine last saved, without the info dictionary."""

    def keep_metainfo(self, transaction: Transaction, infohash: Infohash, raw: bytes) -> None:
        """Store the bencoded torrent file."""

    def keep_resume_data(self, transaction: Transaction, infohash: Infohash, data: bytes) -> None:
        """Store resume data."""

    def forget(self, transaction: Transaction, infohash: Infohash) -> None:
        """Drop both."""


@runtime_checkable
class TorrentEngine(Protocol):
    """The sessions, one per number of hops, as one thing.

    Methods that wait for the engine are coroutines; all others return at once and are for the event loop.
    Unless said otherwise they raise ``UnknownTorrentError`` for an infohash that was not added.
    """

    def parse_metainfo(self, raw: bytes) -> Metainfo:
        """Return what a torrent file says. CPU-bound: run it in a thread when ``raw`` exceeds some 64 KiB.

        Raises:
            MetainfoError: the bytes are no torrent, or exceed the limits; the text is never empty.
        """

    def parse_magnet(self, uri: str) -> Magnet:
        """Return what a magnet link says.

        Raises:
            MagnetError: ``Missing infohash``.
        """

    def listen(self, kind: type[E_], listener: Callable[[E_], None]) -> Callable[[], None]:
        """Call ``listener`` with every event of this type; the returned function ends that."""

    async def add(self, wish: TorrentWish) -> TorrentStatus:
        """Hand one torrent to its session, with its resume data when the torrent store has some.

        Raises:
            EngineError: the engine refused it, or a session of that many hops is not there.
        """

    async def add_many(self, wishes: Iterable[TorrentWish]) -> Mapping[Infohash, EngineError]:
        """Hand over thousands in batches that leave the session responsive; return those that were refused."""

    async def remove(self, infohash: Infohash, *, remove_data: bool = False) -> None:
        """Take a torrent out of the engine; return when it and (if wanted) its files are gone.

        Resume data that arrive late are dropped; what the torrent store holds is the caller's to forget.
        """

    def has(self, infohash: Infohash) -> bool:
        """Return whether the torrent was added."""

    def status(self, infohash: Infohash) -> TorrentStatus | None:
        """Return the last pushed status; ``None`` before the first one or for an unknown torrent."""

    def pause(self, infohash: Infohash) -> None:
        """Stop it, and leave the queue."""

    def resume(self, infohash: Infohash, *, auto_managed: bool = False) -> None:
        """Clear its error and start it, by itself or through the queue."""

    async def recheck(self, infohash: Infohash) -> None:
        """Verify all data again; a paused torrent is paused again afterwards."""

    async def move_storage(self, infohash: Infohash, save_path: str) -> None:
        """Begin to move the files; the end is an event."""

    def set_priorities(self, infohash: Infohash, priorities: Sequence[int]) -> None:
        """Set one priority per file, 0..7."""

    def set_limits(self, infohash: Infohash, *, upload: int | None = None, download: int | None = None) -> None:
        """Set rate limits in bytes per second; -1 is unlimited, ``None`` leaves one as it is."""

    def set_queue_position(self, infohash: Infohash, move: "QueueMove") -> None:
        """Move a torrent in the queue."""

    def add_trackers(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Add announce URLs that it does not have yet, in a tier after the last."""

    def remove_tracker(self, infohash: Infohash, url: str) -> None:
        """Remove an announce URL; an unknown one is ignored."""

    def force_announce(self, infohash: Infohash, url: str | None = None) -> None:
        """Announce now, to one tracker or to all."""

    def connect_peer(self, infohash: Infohash, host: str, port: int) -> None:
        """Connect to a peer by address."""

    def trackers(self, infohash: Infohash) -> tuple[Tracker, ...]:
        """Return the trackers as last reported. No wait."""

    async def peers(self, infohash: Infohash) -> tuple[Peer, ...]:
        """Return the connected peers."""

    async def file_progress(self, infohash: Infohash) -> tuple[int, ...]:
        """Return the verified and received bytes of each file."""

    async def pieces(self, infohash: Infohash) -> bytes:
        """Return the bitmap of verified pieces, first piece = most significant bit; empty while unknown."""

    async def checkpoint(self, infohash: Infohash | None = None) -> None:
        """Save the resume data of one torrent, or of all that need it; return when they are on disk."""

    def dht_is_running(self, hops: int = 0) -> bool:
        """Return whether the session uses the DHT."""

    def sessions(self) -> Sequence[int]:
        """Return the numbers of hops that there are sessions for."""

    def session_rate_limits(self) -> tuple[int, int]:
        """Return the session-wide limits as (upload, download), bytes per second, 0 unlimited."""


class QueueMove(StrEnum):
    """Where a queued torrent goes."""

    UP = "queue_up"
    TOP = "queue_top"
    DOWN = "queue_down"
    BOTTOM = "queue_bottom"


Hops = Annotated[int, Meta(ge=0, le=3, description="Anonymity: 0 is a plain download")]


@runtime_checkable
class SessionRegistry(Protocol):
    """Opens and closes the sessions of anonymous downloads. For the plugin that builds the tunnels."""

    async def open_session(self, hops: int, *, socks_host: str, socks_port: int) -> None:
        """Open the session for downloads with that many hops, or point it to another SOCKS5 server."""

    async def close_session(self, hops: int) -> None:
        """Save and take away all torrents of a session, and end it."""


@runtime_checkable
class SessionDiagnostics(Protocol):
    """What the sessions say about themselves."""

    async def session_settings(self, hops: int) -> Mapping[str, str | int | bool]:
        """Return the engine's settings of a session by name, empty when there is none."""

    async def session_counters(self, hops: int) -> Mapping[str, int]:
        """Return the engine's counters of a session by name, empty when there is none.

        Raises:
            TimeoutError: the session did not answer within five seconds.
        """
