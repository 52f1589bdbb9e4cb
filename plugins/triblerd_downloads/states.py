"""The state of a download, as clients name it, derived from what the engine says."""

from triblerd_downloads.api import DownloadState
from triblerd_libtorrent.api import EngineState, TorrentStatus, TunnelState

TRANSFERRING = frozenset({DownloadState.DOWNLOADING, DownloadState.SEEDING})
"""The states in which rates and peers mean something."""

CHECKING = frozenset({EngineState.CHECKING_QUEUED, EngineState.CHECKING, EngineState.CHECKING_RESUME})
"""The engine's states in which files are hashed, or may be."""

_BY_ENGINE = {
    EngineState.CHECKING_QUEUED: DownloadState.WAITING_FOR_HASHCHECK,
    EngineState.CHECKING: DownloadState.HASHCHECKING,
    EngineState.CHECKING_RESUME: DownloadState.HASHCHECKING,
    EngineState.METADATA: DownloadState.METADATA,
    EngineState.DOWNLOADING: DownloadState.DOWNLOADING,
    EngineState.FINISHED: DownloadState.SEEDING,
    EngineState.SEEDING: DownloadState.SEEDING,
}


def basic_state(status: TorrentStatus | None, error: str, *, has_metadata: bool = True) -> DownloadState:
    """Return the state in the words of the unprefixed API, whose clients know the numbers 0 to 9 only.

    Args:
        status: What the engine said last; ``None`` while it does not have the torrent.
        error: Why the torrent was stopped; empty when it was not.
        has_metadata: The files are known here; the engine, which got them from peers, is ahead of us for a moment.
    """
    if error:
        return DownloadState.STOPPED_ON_ERROR
    if status is None or status.is_paused:
        return DownloadState.STOPPED
    return _BY_ENGINE[status.state] if has_metadata else DownloadState.METADATA


def extended_state(status: TorrentStatus | None, error: str, *, has_metadata: bool = True) -> DownloadState:
    """Return the state in the words of version 8: it also tells what moves, and what waits in the queue."""
    if not error and status is not None:
        if status.is_moving:
            return DownloadState.MOVING
        if status.is_paused and status.is_auto_managed:
            return DownloadState.QUEUED
    state = basic_state(status, error, has_metadata=has_metadata)
    # Clients of version 8 give up on the whole list when they meet this name.
    return DownloadState.HASHCHECKING if state is DownloadState.WAITING_FOR_HASHCHECK else state


def lacks_tunnels(status: TorrentStatus | None, tunnels: TunnelState | None) -> DownloadState | None:
    """Return the state of an anonymous download that shall run, while tunnels are what it lacks; else ``None``.

    What is checked, moved or queued does not need them at the moment.

    Args:
        status: What the engine said last; ``None`` while it does not have the torrent.
        tunnels: How far those of its number of hops are, ``None`` when nobody builds any.
    """
    if status is not None and (status.is_paused or status.is_moving or status.state in CHECKING):
        return None
    if tunnels is TunnelState.NO_EXITS:
        return DownloadState.EXIT_NODES
    return DownloadState.CIRCUITS if status is None or tunnels is TunnelState.NO_CIRCUITS else None
