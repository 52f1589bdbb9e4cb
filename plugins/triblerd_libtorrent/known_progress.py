"""What is known of a torrent that the engine has never had."""

from collections.abc import Mapping

import msgspec


class KnownProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a torrent is that the engine has never had. Times in Unix seconds, 0 for never; durations in seconds.

    Attributes:
        infohash_v1: 20 bytes, empty for v2 alone; ``infohash_v2``: 32 bytes, empty for v1 alone.
        save_path: The absolute directory that holds the torrent's own name.
        renamed_files: Paths on disk below ``save_path`` by the position in the torrent.
        piece_count: 0 while the files are unknown.
        have: One bit per piece, the first piece the most significant bit of the first byte, spare bits 0; ``None`` has
            the files checked.
        trees: Bencoded hash trees (BEP 52), as such resume data have them; empty when there are none.
        max_uploads: Peers that may be uploaded to at once, -1 for any number.
        trackers: Announce URLs in tiers: all that there shall be. ``web_seeds`` likewise.
    """

    infohash_v1: bytes = b""
    infohash_v2: bytes = b""
    name: str = ""
    save_path: str
    renamed_files: Mapping[int, str] = {}
    piece_count: int = 0
    have: bytes | None = None
    trees: bytes = b""
    added_time: int = 0
    completed_time: int = 0
    total_downloaded: int = 0
    total_uploaded: int = 0
    active_time: int = 0
    finished_time: int = 0
    seeding_time: int = 0
    max_uploads: int = -1
    sequential: bool = False
    trackers: tuple[tuple[str, ...], ...] = ()
    web_seeds: tuple[str, ...] = ()
