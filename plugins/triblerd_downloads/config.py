"""The sections ``[downloads]`` and ``[download_defaults]``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from triblerd.config import Secret, Section


class DownloadsConfig(Section):
    """How downloads are handled."""

    check_after_complete: Annotated[
        bool, Meta(description="Verify all data of a download again when it is complete, before it is moved")
    ] = False
    checkpoint_interval: Annotated[
        float, Meta(ge=1, description="Seconds between two saves of how far downloads are, for the list after a start")
    ] = 30.0
    clear_orphaned_parts: Annotated[
        bool,
        Meta(
            description="At start, remove part files (`.<infohash>.parts`) of unknown torrents from the directories of "
            "downloads. Not where other BitTorrent programs put theirs"
        ),
    ] = False
    incomplete_dir: Annotated[
        str,
        Meta(
            pattern=r"^([/~].*)?$",
            description="Absolute directory for new downloads until they are complete; empty: where they end",
        ),
    ] = ""
    limits_interval: Annotated[
        float, Meta(ge=0.1, description="Seconds between two looks at who has seeded enough")
    ] = 5.0
    trackers_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://\S+)?$",
            description="HTTP address of a list of trackers for public torrents, one URL a line; empty is none",
        ),
    ] = ""
    trackers_url_interval: Annotated[
        float, Meta(ge=60, description="Seconds between two fetches of the list of trackers")
    ] = 86400.0
    trackers_url_timeout: Annotated[
        float, Meta(gt=0, le=300, description="Seconds that fetching the list of trackers may take")
    ] = 30.0


class CompletionConfig(Section):
    """What is done when a download is complete, after its files were moved if they are."""

    program: Annotated[
        tuple[str, ...],
        Meta(description="Program to run with its arguments, without a shell; empty for none. Set by admins alone"),
    ] = ()
    program_timeout: Annotated[
        float, Meta(gt=0, le=7 * 86400, description="Seconds after which the program is ended")
    ] = 3600.0
    webhook_url: Annotated[
        str, Meta(pattern="^(https?://.+)?$", description="Address that a JSON object is posted to; empty for none")
    ] = ""
    webhook_secret: Annotated[
        Secret, Meta(description="Signs the body (HMAC-SHA256) in the header X-Triblerd-Signature; empty for none")
    ] = ""
    webhook_timeout: Annotated[float, Meta(gt=0, le=300, description="Seconds for one call of the webhook")] = 30.0
    attempts: Annotated[int, Meta(ge=1, le=100, description="Calls of the webhook, or starts of the program")] = 8
    retry_delay: Annotated[
        float, Meta(ge=0.1, le=3600, description="Seconds before the second call; doubled after each, at most 3600")
    ] = 10.0
    at_once: Annotated[int, Meta(ge=1, le=100, description="Programs, and calls of the webhook, at the same time")] = 2


class SeedingMode(StrEnum):
    """How long a complete download seeds."""

    FOREVER = "forever"
    NEVER = "never"
    RATIO = "ratio"
    TIME = "time"


def default_destination() -> str:
    """Return the directory for downloads of a user who chose none."""
    home = Path("~").expanduser()
    downloads = home / "Downloads"
    return str((downloads if downloads.is_dir() else home) / "TriblerDownloads")


class DownloadDefaults(Section):
    """What a download gets that does not say otherwise."""

    repairs: ClassVar[bool] = True

    anonymity_enabled: Annotated[bool, Meta(description="Clients may take it as their default to ask for hops")] = True
    number_hops: Annotated[int, Meta(ge=0, le=3, description="Hops of an anonymous download, and of safe seeding")] = 1
    safeseeding_enabled: Annotated[bool, Meta(description="Clients may take it as their default: seed with hops")] = (
        True
    )
    saveas: Annotated[
        str, Meta(pattern=r"^[/~]", description="Absolute directory for downloads; created when missing")
    ] = msgspec.field(default_factory=default_destination)
    completed_dir: Annotated[
        str,
        Meta(
            pattern=r"^([/~].*)?$", description="Absolute directory that finished downloads are moved to; empty: none"
        ),
    ] = ""
    seeding_mode: Annotated[
        SeedingMode, Meta(description="Seed forever, never, up to a ratio, or for a time: then stop")
    ] = SeedingMode.FOREVER
    seeding_ratio: Annotated[
        float, Meta(ge=0, description="Uploaded by downloaded at which to stop (mode `ratio`)")
    ] = 2.0
    seeding_time: Annotated[float, Meta(ge=0, description="Seconds of seeding after which to stop (mode `time`)")] = (
        60.0
    )
    channel_download: Annotated[bool, Meta(description="Stored for clients, not acted upon")] = False
    add_download_to_channel: Annotated[bool, Meta(description="Stored for clients, not acted upon")] = False
    trackers_file: Annotated[
        str, Meta(description="File with trackers for public torrents, one URL a line; absolute, empty is none")
    ] = ""
    torrent_folder: Annotated[
        str, Meta(description="Absolute directory for a copy of the torrent file of each new download; empty is none")
    ] = ""
    auto_managed: Annotated[
        bool, Meta(description="New downloads that do not say otherwise wait in the queue (clients of version 8)")
    ] = False
