"""What a user is to be asked before a download is added."""

from typing import ClassVar

from triblerd.events import Arguments, Event


class AskAddDownload(Event):
    """Something outside of a web interface wants a download added; web interfaces ask the user how."""

    topic: ClassVar[str] = "ask_add_download"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    uri: str
