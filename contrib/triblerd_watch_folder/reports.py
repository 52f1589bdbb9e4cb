"""What the area tells of the directories and of their files."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd_watch_folder.seen import Outcome


class FolderState(StrEnum):
    """How a watched directory fares."""

    STARTING = "starting"
    WATCHING = "watching"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    SILENT = "silent"
    REFUSED = "refused"


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file, or, in a dry run, would become of it."""

    path: Annotated[str, Meta(description="The file")]
    folder: Annotated[str, Meta(description="Name of the watched directory; empty is the documented one")]
    outcome: Annotated[
        Outcome,
        Meta(
            description="`added`; `known`: there is a download already, or the file got another name; `broken`: it is"
            " `<name>.corrupt` now; `waiting`: it may still be written; `failed`: it is tried again"
        ),
    ]
    infohash: Annotated[str, Meta(description="Of the torrent; empty while it is unknown")] = ""
    name: Annotated[str, Meta(description="Of the torrent; empty while it is unknown")] = ""
    reason: Annotated[str, Meta(description="Why it waits, failed or is broken; else empty")] = ""


class FileProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a file or a sub-directory at the moment."""

    path: Annotated[str, Meta(description="The file, or the sub-directory")]
    error: Annotated[str, Meta(description="What is wrong")]
    time: Annotated[int, Meta(description="Unix time when it was noticed")]


class FolderReport(msgspec.Struct, frozen=True, kw_only=True):
    """A watched directory."""

    name: Annotated[str, Meta(description="Its name in the settings; empty is the documented one")]
    directory: Annotated[str, Meta(description="Its absolute path")]
    recursive: Annotated[bool, Meta(description="Whether its sub-directories count")]
    state: Annotated[
        FolderState,
        Meta(
            description="`starting`: not looked into yet; `watching`; `missing`: it is looked for; `unreadable`;"
            " `silent`: the disk does not answer; `refused`: the settings do not allow it"
        ),
    ]
    reason: Annotated[str, Meta(description="Why it is not `watching`; else empty")]
    last_scan: Annotated[int, Meta(description="Unix time of the last look that went well, 0 for none")]
    scan_seconds: Annotated[float, Meta(description="How long that took")]
    files: Annotated[int, Meta(description="Torrents and links that are there")]
    waiting: Annotated[int, Meta(description="Files that are not dealt with yet")]
    added: Annotated[int, Meta(description="Downloads added since the plugin was started")]
    known: Annotated[int, Meta(description="Files since then whose torrents were there already")]
    broken: Annotated[int, Meta(description="Broken files since then")]
    problems: Annotated[list[FileProblem], Meta(description="The latest problems with files, at most 20")]


def printable(text: str) -> str:
    """Return a path as it can be shown: what is no UTF-8 becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
