"""The engine's words: what a torrent is, how it is handed over, how it fares. For the package; others use ``api``."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from triblerd.errors import FailedError, InvalidInputError, NotFoundError, OperationError

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
    """A magnet link names no torrent.

    Attributes:
        reason: What is wrong with it; empty when nobody knows better than the message.
    """

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class MetainfoError(FailedError):
    """Some bytes are no acceptable torrent file."""


class NotBencodedError(MetainfoError):
    """Some bytes are no torrent file, nor anything else that is bencoded."""


class SourceError(FailedError):
    """A URI leads to no torrent."""


class UnknownSchemeError(SourceError):
    """Nobody reads URIs of this kind."""


class LocalFileError(SourceError):
    """A file of this machine cannot be had.

    Attributes:
        path: As the URI names it.
    """

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class FetchError(SourceError):
    """A server does not send what it is asked for."""


class BrokenAnswerError(FetchError):
    """A server began to send it, and did not end, or sends too much."""


class EngineError(OperationError):
    """The engine refused something; the text is its own."""


class NoSessionError(EngineError):
    """There is no session of a number of hops (any more)."""


class NoTunnelsError(EngineError):
    """What shall be anonymous cannot be (yet)."""


class NotOfferedError(NoTunnelsError):
    """Nobody builds tunnels of so many hops."""

    code = NoTunnelsError.code


class UnknownTorrentError(NotFoundError):
    """The engine has no torrent of this infohash."""


class TorrentFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
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
        peers: ``x.pe``: addresses and ports.
    """

    uri: str
    infohash: Infohash
    infohash_v1: str
    infohash_v2: str
    name: str = ""
    trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    selected_files: tuple[int, ...] | None = None
    peers: tuple[tuple[str, int], ...] = ()


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a URI names, and how it came here.

    Attributes:
        has_valid_certificate: Whether whoever sent it is who the URI says, as far as a URI of its scheme says that.
    """

    source: Metainfo | Magnet
    has_valid_certificate: bool = True


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
        total_done: Bytes of the torrent that are here, selected or not: of verified pieces, and of the blocks that came
            of unfinished ones. ``total_wanted_done`` likewise, of the selected files alone.
        total_wanted: Bytes of the selected files.
        num_pieces: Verified pieces.
        list_seeds: Known seeds of the peer list; ``list_peers`` includes them.
        distributed_copies: Copies among the connected peers and ourselves; -1 when the engine does not count them,
            as for a torrent that is complete.
        seeding_duration: Seconds that this torrent has been seeding.
        needs_resume_data: Something changed since the engine last handed out resume data, which may have been before
            they were on disk. That they were handed out is no change of the row: the next one says so.
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
        last_announce: When it last answered, well or not, Unix time; 0 never.
        status: The contract's text: ``Not contacted yet``, ``Working``, ``Error: <text>`` ...
    """

    url: str
    tier: int
    peers: int
    seeds: int
    leeches: int
    last_announce: int
    status: str


class Announce(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands between a torrent and one of its trackers.

    Attributes:
        next_announce: Unix time, 0 while none is planned.
        message: What the tracker said beside its last answer; empty when nothing.
        fails: Announces that failed, one after the other.
        is_updating: An announce is under way.
        seeds: Seeds that the tracker knows of, -1 unknown; ``leeches`` and ``downloads`` (ever completed) likewise.
    """

    next_announce: int
    message: str
    fails: int
    is_updating: bool
    seeds: int
    leeches: int
    downloads: int


class TorrentWish(msgspec.Struct, frozen=True, kw_only=True):
    """How a torrent shall be handed to the engine.

    Attributes:
        source: Metainfo, magnet, or just the infohash when resume data or metainfo are in the torrent store.
        save_path: Absolute directory.
        priorities: One per file, 0 (not wanted) .. 7; empty means all files at 4. With the files of a
            magnet still unknown, as many as are spoken of: the others are not wanted, unless none of the wanted exists.
        hops: Which session: 0 is the plain one.
        download_limit: Bytes per second, -1 unlimited; ``upload_limit`` likewise.
        is_verified: The files are known to be complete; nothing is hashed.
        is_doubtful: All of the files that there are is hashed, whatever the resume data say.
        trackers: Announce URLs beside those of the source; ``web_seeds`` (BEP 19) likewise.
        removed_trackers: Announce URLs that it shall not have, also if the source or the resume data name them;
            ``removed_web_seeds`` likewise.
        peers: Addresses and ports to meet at first.
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
    is_doubtful: bool = False
    removed_trackers: tuple[str, ...] = ()
    web_seeds: tuple[str, ...] = ()
    removed_web_seeds: tuple[str, ...] = ()
    peers: tuple[tuple[str, int], ...] = ()


class QueueMove(StrEnum):
    """Where a queued torrent goes."""

    UP = "queue_up"
    TOP = "queue_top"
    DOWN = "queue_down"
    BOTTOM = "queue_bottom"


MOST_HOPS = 3
Hops = Annotated[int, Meta(ge=0, le=MOST_HOPS, description="Anonymity: 0 is a plain download")]
