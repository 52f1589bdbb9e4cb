"""The section ``[createtorrent]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class CreatetorrentConfig(Section):
    """How torrents are made."""

    jobs_at_once: Annotated[int, Meta(ge=1, le=64, description="Torrents made at the same time; others wait")] = 2
    most_waiting: Annotated[int, Meta(ge=0, description="Jobs that may wait; further ones are refused")] = 100
    hashing_threads: Annotated[
        int, Meta(ge=0, le=256, description="Threads that hash one torrent; 0 is one for each processor")
    ] = 0
    kept_jobs: Annotated[int, Meta(ge=1, le=10_000, description="Ended jobs that can still be looked at")] = 100
    kept_seconds: Annotated[float, Meta(ge=1, description="Seconds for which an ended job can be looked at")] = 3600.0
