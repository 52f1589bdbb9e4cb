"""What ``/watch_folder`` takes and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_watch_folder.reports import FileReport, FolderReport


class WatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is watched."""

    check_interval: Annotated[float, Meta(description="Seconds between two looks")]
    folders: Annotated[list[FolderReport], Meta(description="The documented directory first")]


class ScanQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How to look."""

    dry_run: Annotated[bool, Meta(description="Only tell what would be done")] = False


class ScanReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found."""

    dry_run: Annotated[bool, Meta(description="Whether nothing was done")]
    files: Annotated[list[FileReport], Meta(description="What is new, or was not dealt with yet; at most 1,000")]
    folders: Annotated[list[FolderReport], Meta(description="How the directories fare now")]
