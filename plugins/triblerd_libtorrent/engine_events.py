"""What the engine reports, delivered in order to whoever listens."""

from typing import dataclass_transform

import msgspec

from triblerd_libtorrent.values import Infohash, Metainfo, TorrentStatus


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


class ResumeDataRejected(EngineEvent, frozen=True):
    """The files are not what the resume data say; they are checked. ``error`` is the engine's text."""

    infohash: Infohash
    error: str


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


class PeerBanned(EngineEvent, frozen=True):
    """A peer of a download with hops sent data that are not those of the torrent; the engine speaks to it no more.

    ``TorrentSwarm.drop_peers`` has the engine forget that.
    """

    infohash: Infohash
    hops: int
    host: str
    port: int


class SessionOpened(EngineEvent, frozen=True):
    """The session of a number of hops takes torrents."""

    hops: int


class SessionClosed(EngineEvent, frozen=True):
    """The session of a number of hops is gone, and its torrents are not in the engine any more."""

    hops: int
