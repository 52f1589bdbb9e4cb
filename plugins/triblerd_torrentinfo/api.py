"""What other plugins see of this area: look-ups as a service, the event of one that succeeded, and its failures."""

from typing import ClassVar, Protocol, runtime_checkable

import msgspec

from triblerd.errors import FailedError, InvalidInputError
from triblerd.events import Arguments, Event
from triblerd_libtorrent.api import Metainfo


class InvalidUriError(InvalidInputError):
    """A URI is of no kind that is known."""

    def __init__(self) -> None:
        super().__init__("invalid uri")


class NoInfohashError(InvalidInputError):
    """A magnet link names no torrent.

    Attributes:
        reason: In the words of the engine; empty when it says nothing.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__("missing infohash")
        self.reason = reason


class TorrentFileError(FailedError):
    """A file of this machine is no torrent, or cannot be read.

    Attributes:
        path: As the URI names it.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"error while decoding torrent file: {path}")
        self.path = path


class NoMetainfoError(FailedError):
    """Nobody sent metadata in time, or what was sent is not even bencoded."""

    def __init__(self) -> None:
        super().__init__("metainfo error")


class NotATorrentError(NoMetainfoError):
    """What was sent is not even bencoded."""


class InvalidResponseError(FailedError):
    """What was sent is bencoded, but no torrent."""

    def __init__(self) -> None:
        super().__init__("invalid response")


class LookedUp(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        hops: How many hops were between us and whoever was asked, if anybody was.
        has_valid_certificate: Whether the server that sent it, if one did, is who the URI says.
    """

    metainfo: Metainfo
    hops: int
    has_valid_certificate: bool = True


@runtime_checkable
class TorrentInfo(Protocol):
    """Looks torrents up."""

    async def look_up(self, uri: str, *, hops: int | None = None) -> LookedUp:
        """Return the torrent that a URI leads to.

        Args:
            uri: ``magnet:``, ``http:``, ``https:``, ``file:``, or of a kind that some plugin reads.
            hops: 0 is plain; ``None`` takes the default of this daemon.

        Raises:
            InvalidUriError: nobody reads such URIs.
            NoInfohashError: the link, or the one that it leads to, names no torrent.
            TorrentFileError: the file cannot be read, or is no torrent.
            FetchError: a server does not send it; the text says why.
            NoMetainfoError: nothing was found in time; ``NotATorrentError``: it is something else than a torrent.
            InvalidResponseError: it is bencoded, but no torrent.
            EngineError: there is no session of that many hops.
        """

    async def read(self, raw: bytes) -> Metainfo:
        """Return what an uploaded torrent file says.

        Raises:
            NoMetainfoError: it is none.
        """

    def is_download(self, metainfo: Metainfo) -> bool:
        """Return whether there is a download of a torrent."""


class TorrentLookedUp(Event):
    """Somebody looked a torrent up, and it was found.

    ``for_store`` says whether it may be kept and passed on: not when it is private, or came from a file. ``hops`` says
    how many hops were between us and whoever was asked.
    """

    topic: ClassVar[str] = "torrent_looked_up"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    metainfo: Metainfo
    for_store: bool
    hops: int = 0
