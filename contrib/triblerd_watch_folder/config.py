"""The section ``[watch_folder]``: a documented directory, and further ones with options of their own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section
from triblerd.errors import InvalidInputError
from triblerd_downloads.api import CategoryName, checked_tags
from triblerd_libtorrent.api import MOST_HOPS

MOST_FOLDERS = 100

_LONGEST_NAME = 100


class Afterwards(StrEnum):
    """What becomes of a file whose torrent was added."""

    KEEP = "keep"
    RENAME = "rename"
    DELETE = "delete"


class WatchedFolder(Section, omit_defaults=True):  # null stands for a default, and TOML has no word for it
    """One directory and how its torrents are added."""

    directory: Annotated[str, Meta(min_length=1, description="Absolute, or relative to the state directory")]
    recursive: Annotated[bool, Meta(description="Look into its sub-directories, too")] = True
    destination: Annotated[
        str, Meta(description="Absolute directory for the downloads; empty is that of the category, or the default")
    ] = ""
    category: Annotated[str, Meta(description="Category of the downloads, which has to exist; empty for none")] = ""
    tags: Annotated[tuple[str, ...], Meta(description="Tags of the downloads")] = ()
    hops: Annotated[
        Annotated[int, Meta(ge=0, le=MOST_HOPS)] | None,
        Meta(description="Anonymity of the downloads: 0 is plain; without it what the defaults say"),
    ] = None
    safe_seeding: Annotated[
        bool | None,
        Meta(description="Seed with hops, as anonymous downloads do in any case; without it what the defaults say"),
    ] = None
    auto_managed: Annotated[bool | None, Meta(description="Wait in the queue; without it what the defaults say")] = None
    paused: Annotated[bool, Meta(description="Add the downloads stopped")] = False
    after: Annotated[
        Afterwards,
        Meta(description="What becomes of a file that was added: `keep`, `rename` (to `<name>.added`), or `delete`"),
    ] = Afterwards.KEEP

    def __post_init__(self) -> None:
        """Check what clients would be refused, too.

        Raises:
            ValueError: it cannot be; the text begins with the key.
        """
        if "\0" in self.directory + self.destination:
            msg = "directory and destination must be paths, without NUL"
            raise ValueError(msg)
        if self.destination and not self.destination.startswith("/"):
            msg = f"destination must be an absolute path, not {self.destination!r}"
            raise ValueError(msg)
        try:
            checked_labels(self)
        except InvalidInputError as error:
            raise ValueError(str(error)) from error


class WatchFolderConfig(Section):
    """Directories whose torrents (`*.torrent`, and `*.magnet`: a text with one URI) are added by themselves."""

    repairs: ClassVar[bool] = True

    directory: Annotated[
        str,
        Meta(
            pattern=r"^[^\x00]*$",
            description="Absolute, or relative to the state directory; its sub-directories count, too; empty for none",
        ),
    ] = ""
    check_interval: Annotated[float, Meta(ge=0.1, le=86400, description="Seconds between two looks")] = 10.0
    settle_time: Annotated[
        float,
        Meta(ge=0, le=86400, description="Seconds that a file has to stay as it is before it counts as broken"),
    ] = 30.0
    folders: Annotated[
        Mapping[Annotated[str, Meta(min_length=1, max_length=_LONGEST_NAME)], WatchedFolder],
        Meta(max_length=MOST_FOLDERS, description="Further directories by name, each with options of its own"),
    ] = {}


def checked_labels(folder: WatchedFolder) -> tuple[str, tuple[str, ...]]:
    """Return the category, empty for none, and the tags of what a directory adds, as downloads have them.

    Raises:
        InvalidInputError: they cannot have them.
    """
    category = str(CategoryName.parse(folder.category)) if folder.category else ""
    return category, checked_tags(folder.tags)
