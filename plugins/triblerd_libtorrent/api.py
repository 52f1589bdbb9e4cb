"""What other plugins see of the engine: values, events and protocols, never a handle."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from triblerd.store import Transaction
from triblerd_libtorrent.bencoding import Bencodable, Bencoded, bdecode, bdecode_dictionary, bencode
from triblerd_libtorrent.engine_events import (
    DownloadFinished,
    EngineEvent,
    MetadataReceived,
    PeerBanned,
    PieceFinished,
    ResumeDataRejected,
    SessionClosed,
    SessionOpened,
    StatusesUpdated,
    StorageMoved,
    StorageMoveFailed,
    TorrentChecked,
    TorrentFailed,
    TrackersChanged,
)
from triblerd_libtorrent.known_progress import KnownProgress
from triblerd_libtorrent.links import refuse_links_out
from triblerd_libtorrent.resolving import MetadataLookups, SchemeReader, TorrentSources
from triblerd_libtorrent.socks import Endpoint, SocksDatagrams, associate
from triblerd_libtorrent.strangers import strangers_links
from triblerd_libtorrent.tunnels import (
    CircuitFetcher,
    HttpAnswer,
    SessionDiagnostics,
    SessionRegistry,
    TunnelAccess,
    Tunnels,
    TunnelState,
)
from triblerd_libtorrent.values import (
    MOST_HOPS,
    Announce,
    BrokenAnswerError,
    EngineError,
    EngineState,
    FetchError,
    Hops,
    Infohash,
    LocalFileError,
    Magnet,
    MagnetError,
    Metainfo,
    MetainfoError,
    NoSessionError,
    NotBencodedError,
    NotOfferedError,
    NoTunnelsError,
    Peer,
    QueueMove,
    Resolved,
    SourceError,
    TorrentFile,
    TorrentStatus,
    TorrentWish,
    Tracker,
    UnknownSchemeError,
    UnknownTorrentError,
)

__all__ = [
    "AFTER_DEADLINE",
    "MOST_HOPS",
    "Announce",
    "Bencodable",
    "Bencoded",
    "BrokenAnswerError",
    "CircuitFetcher",
    "DownloadFinished",
    "Endpoint",
    "EngineError",
    "EngineEvent",
    "EngineState",
    "FetchError",
    "Hops",
    "HttpAnswer",
    "Infohash",
    "KnownProgress",
    "LocalFileError",
    "Magnet",
    "MagnetError",
    "MetadataLookups",
    "MetadataReceived",
    "Metainfo",
    "MetainfoError",
    "NoSessionError",
    "NoTunnelsError",
    "NotBencodedError",
    "NotOfferedError",
    "Peer",
    "PeerBanned",
    "PeerBans",
    "PieceFinished",
    "QueueMove",
    "Resolved",
    "ResumeDataRejected",
    "SchemeReader",
    "SessionClosed",
    "SessionDiagnostics",
    "SessionOpened",
    "SessionRegistry",
    "SocksDatagrams",
    "SourceError",
    "StatusesUpdated",
    "StorageMoveFailed",
    "StorageMoved",
    "TorrentChecked",
    "TorrentEngine",
    "TorrentFailed",
    "TorrentFile",
    "TorrentPieces",
    "TorrentSources",
    "TorrentStatus",
    "TorrentStore",
    "TorrentSwarm",
    "TorrentWish",
    "Tracker",
    "TrackersChanged",
    "TunnelAccess",
    "TunnelState",
    "Tunnels",
    "UnknownSchemeError",
    "UnknownTorrentError",
    "associate",
    "bdecode",
    "bdecode_dictionary",
    "bencode",
    "refuse_links_out",
    "strangers_links",
]


AFTER_DEADLINE = 1
"""The priority of a piece whose deadline was taken back."""

E_ = TypeVar("E_", bound=EngineEvent)


@runtime_checkable
class TorrentStore(Protocol):
    """Metainfo and resume data on disk. Reads take microseconds; writes join the caller's transaction."""

    def metainfo(self, infohash: Infohash) -> bytes | None:
        """Return the bencoded torrent file, ``None`` while it is unknown.

        One that came by magnet is given the hashes of its pieces (BEP 52) later; its info dictionary never changes.
        """

    def resume_data(self, infohash: Infohash) -> bytes | None:
        """Return what the engine last saved, without the info dictionary."""

    def renamed_files(self, infohash: Infohash) -> Mapping[int, str]:
        """Return the paths of files that have other names than the torrent's, by position, as last saved."""

    def keep_metainfo(self, transaction: Transaction, infohash: Infohash, raw: bytes) -> None:
        """Store the bencoded torrent file."""

    def keep_resume_data(self, transaction: Transaction, infohash: Infohash, data: bytes) -> None:
        """Store resume data."""

    def encode_progress(self, known: KnownProgress) -> bytes:
        """Return resume data, to be kept, of what is known of a torrent from elsewhere. CPU-bound; for any thread.

        Raises:
            MetainfoError: the hash trees cannot be used.
        """

    def forget(self, transaction: Transaction, infohash: Infohash) -> None:
        """Drop both."""


@runtime_checkable
class TorrentEngine(Protocol):
    """The sessions, one per number of hops, as one thing.

    Methods that wait for the engine are coroutines; all others return at once and are for the event loop.
    Unless said otherwise they raise ``UnknownTorrentError`` for an infohash that was not added.
    """

    async def parse_metainfo(self, raw: bytes) -> Metainfo:
        """Return what a torrent file says. A large one is parsed off the event loop.

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
            NoSessionError: there is no session of that many hops, or it ends.
            EngineError: the engine refused it.
        """

    async def add_many(self, wishes: Iterable[TorrentWish]) -> Mapping[Infohash, EngineError]:
        """Hand over thousands in batches that leave the session responsive; return those that were refused."""

    async def delete_files(self, infohash: Infohash, save_path: str) -> None:
        """Delete the files of a torrent that was not added, by its stored torrent file; without one there are none.

        Raises:
            EngineError: a file cannot be deleted.
        """

    async def remove(self, infohash: Infohash, *, remove_data: bool = False) -> None:
        """Take a torrent out of the engine; return when it and (if wanted) its files are gone.

        Resume data that arrive late are dropped; what the torrent store holds is the caller's to forget.
        """

    def has(self, infohash: Infohash) -> bool:
        """Return whether the torrent was added."""

    def status(self, infohash: Infohash) -> TorrentStatus | None:
        """Return the last pushed status; ``None`` before the first one or for an unknown torrent."""

    def torrents_of(self, hops: int) -> Mapping[Infohash, TorrentStatus | None]:
        """Return the torrents of one session with their last pushed status, look-ups left out."""

    def pause(self, infohash: Infohash) -> None:
        """Stop it, and leave the queue."""

    def resume(self, infohash: Infohash, *, auto_managed: bool = False) -> None:
        """Clear its error and start it, by itself or through the queue.

        Raises:
            EngineError: peers sent metadata that cannot be used.
        """

    async def recheck(self, infohash: Infohash) -> None:
        """Verify all data again; a paused torrent is paused again afterwards."""

    async def move_storage(self, infohash: Infohash, save_path: str) -> None:
        """Begin to move the files; the end is an event."""

    def set_priorities(self, infohash: Infohash, priorities: Sequence[int] | Mapping[int, int]) -> None:
        """Set one priority per file, 0..7, or those of a few files by their position in the torrent."""

    def set_limits(self, infohash: Infohash, *, upload: int | None = None, download: int | None = None) -> None:
        """Set rate limits in bytes per second; -1 is unlimited, ``None`` leaves one as it is."""

    def set_queue_position(self, infohash: Infohash, move: QueueMove) -> None:
        """Move a torrent in the queue."""

    async def checkpoint(self, infohash: Infohash | None = None) -> None:
        """Save the resume data of one torrent, or of all that need it; return when they are on disk."""

    def dht_is_running(self, hops: int = 0) -> bool:
        """Return whether the session uses the DHT."""

    def sessions(self) -> Sequence[int]:
        """Return the numbers of hops that there are sessions for."""

    def session_rate_limits(self) -> tuple[int, int]:
        """Return the session-wide limits as (upload, download), bytes per second, 0 unlimited."""


@runtime_checkable
class TorrentSwarm(Protocol):
    """Where the data of torrents come from: their trackers, web seeds and peers.

    Coroutines wait for the engine; all other methods return at once. They raise ``UnknownTorrentError`` for an infohash
    that the engine does not have. What is changed here is saved with the next resume data.
    """

    def trackers(self, infohash: Infohash) -> tuple[Tracker, ...]:
        """Return the trackers as last reported."""

    async def announces(self, infohash: Infohash) -> Mapping[str, Announce]:
        """Return when each tracker was and will be asked, by its URL."""

    def add_trackers(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Add announce URLs that it does not have yet, in a tier after the last."""

    def remove_trackers(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Remove announce URLs; unknown ones are ignored."""

    def force_announce(self, infohash: Infohash, url: str | None = None) -> None:
        """Announce now, to one tracker or to all. An unknown one is ignored, and a paused torrent announces nothing."""

    def announce_to_dht(self, infohash: Infohash) -> None:
        """Announce now to the DHT, if the torrent is announced there at all."""

    def full_hashes(self, infohash: Infohash) -> tuple[str, str]:
        """Return the v1 hash (40 hex digits) and the v2 hash (64, BEP 52); each is empty while it is unknown."""

    async def web_seeds(self, infohash: Infohash) -> tuple[str, ...]:
        """Return the URLs of the web seeds (BEP 19)."""

    def add_web_seeds(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Add web seeds; one that it has already is ignored."""

    def remove_web_seeds(self, infohash: Infohash, urls: Iterable[str]) -> None:
        """Remove web seeds; unknown ones are ignored."""

    async def peers(self, infohash: Infohash) -> tuple[Peer, ...]:
        """Return the connected peers."""

    def connect_peer(self, infohash: Infohash, host: str, port: int) -> None:
        """Connect to a peer by its address, which is no name."""

    async def drop_peers(self, infohash: Infohash, *hosts: str) -> None:
        """End all connections to some addresses, those of other torrents of the same session, too, and forget them.

        A peer may come back by itself, or by a tracker that names it again.
        """


@runtime_checkable
class PeerBans(Protocol):
    """Addresses that the plain session does not speak to, neither as peers nor as trackers or web seeds; stored.

    Sessions with hops know no bans: there an address may be the number of a circuit.
    """

    def banned(self) -> Mapping[str, int]:
        """Return the banned addresses and networks with the time of the ban, Unix time, the oldest first."""

    def is_banned(self, address: str) -> bool:
        """Return whether an address is banned, by itself or as one of a network; takes microseconds.

        Raises:
            InvalidInputError: it is no address.
        """

    async def ban(self, address: str) -> None:
        """Ban an address or a network (``192.0.2.0/24``) of IPv4 or IPv6; its peers are dropped.

        Raises:
            InvalidInputError: it is none, or there are too many bans.
        """

    async def unban(self, address: str) -> None:
        """Take back the ban of exactly this address or network; an unknown one is ignored.

        Raises:
            InvalidInputError: it is neither.
        """


@runtime_checkable
class TorrentPieces(Protocol):
    """How much of a torrent is there, piece by piece, and which pieces come first.

    Raises ``UnknownTorrentError`` for an infohash that was not added. The event ``PieceFinished`` tells of new pieces.
    """

    async def file_progress(self, infohash: Infohash) -> tuple[int, ...]:
        """Return the verified and received bytes of each file."""

    async def bitmap(self, infohash: Infohash) -> bytes:
        """Return the bitmap of verified pieces, first piece = most significant bit; empty while unknown."""

    async def read(self, infohash: Infohash, piece: int) -> bytes:
        """Return the content of a verified piece, also when it is not written to the files yet.

        Raises:
            EngineError: it is not verified, cannot be read, or the engine does not answer.
        """

    async def flush(self, infohash: Infohash) -> None:
        """Have everything that was verified written to the files, and wait for it.

        Raises:
            EngineError: the engine does not answer.
        """

    async def prioritize_files(self, infohash: Infohash, priorities: Sequence[int]) -> None:
        """Set one priority per file, 0..7, and with it that of every piece; return when it is in force.

        Raises:
            EngineError: the engine does not answer.
        """

    def prioritize(self, infohash: Infohash, priorities: Mapping[int, int]) -> None:
        """Set the priorities of some pieces, 0..7, until those of the files are set again."""

    def set_deadlines(self, infohash: Infohash, milliseconds: Mapping[int, int]) -> None:
        """Ask for pieces by a time from now, before all others that have none."""

    def clear_deadlines(self, infohash: Infohash, pieces: Iterable[int]) -> None:
        """Take deadlines back; the priority of these pieces is ``AFTER_DEADLINE`` then."""
