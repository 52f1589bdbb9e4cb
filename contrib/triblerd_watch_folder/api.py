"""What other plugins, and listeners on ``/events``, see of this one."""

from typing import ClassVar

from triblerd.events import Arguments, Event


class WatchFolderCorruptFile(Event):
    """A file of a watched directory is broken."""

    topic: ClassVar[str] = "watch_folder_corrupt_file"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    name: str
    """Its base name."""
