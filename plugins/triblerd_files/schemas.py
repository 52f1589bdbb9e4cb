"""What ``/files`` takes and answers."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.config import FALSE_WORDS
from triblerd.http.endpoint import ExactOne

_RECURSIVELY = "`0` or another word for no; everything else, and nothing, is yes"


class BrowseQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which directory to look at."""

    path: Annotated[str, Meta(description="Absolute path; by default the daemon's working directory")] = ""
    files: Annotated[ExactOne, Meta(description="`1`: also show what is no directory")] = False


class FilesQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which files to list."""

    path: Annotated[str, Meta(description="Absolute path of a directory")]
    recursively: Annotated[str, Meta(description=f"Also those in sub-directories. {_RECURSIVELY}")] = "1"


class CreateQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which directory to make."""

    path: Annotated[str, Meta(description="Absolute path")]
    recursively: Annotated[str, Meta(description=f"Make those above it, too. {_RECURSIVELY}")] = "1"


class CreateBody(msgspec.Struct, frozen=True, kw_only=True):
    """Which directory to make."""

    path: Annotated[str, Meta(description="Absolute path")]
    recursively: Annotated[bool, Meta(description="Make those above it, too")] = True


def is_yes(word: str) -> bool:
    """Return whether a flag of this area is set."""
    return word.lower() not in FALSE_WORDS
