"""From what is in a file to a download."""

import msgspec

from triblerd.errors import FailedError
from triblerd_downloads.api import AddWishes, DefaultHops, Downloads, UnknownDownloadError
from triblerd_libtorrent.api import (
    Infohash,
    Magnet,
    MagnetError,
    Metainfo,
    MetainfoError,
    TorrentEngine,
    UnknownSchemeError,
)
from triblerd_watch_folder.config import WatchedFolder, checked_labels
from triblerd_watch_folder.seen import Outcome

MOST_MAGNET_BYTES = 64 * 1024
_MAGNET = "magnet:"


class BrokenFileError(FailedError):
    """A file is no torrent, or has no link in it."""


class TorrentAdder:
    """Adds downloads as a watched directory wants them.

    Args:
        default_hops: How anonymous what nobody says anything of is.
    """

    def __init__(self, *, downloads: Downloads, engine: TorrentEngine, default_hops: DefaultHops) -> None:
        self._downloads = downloads
        self._engine = engine
        self._default_hops = default_hops

    def wishes(self, options: WatchedFolder) -> AddWishes:
        """Return how the downloads of a directory are added now."""
        defaults = self._downloads.default_wishes()
        category, tags = checked_labels(options)
        hops = self._default_hops.now() if options.hops is None else options.hops
        safe_seeding = defaults.safe_seeding if options.safe_seeding is None else options.safe_seeding
        return msgspec.structs.replace(
            defaults,
            destination=options.destination or None,
            category=category,
            tags=tags,
            hops=hops,
            safe_seeding=safe_seeding or hops > 0,
            auto_managed=defaults.auto_managed if options.auto_managed is None else options.auto_managed,
            user_stopped=options.paused,
        )

    async def read_torrent(self, raw: bytes) -> Metainfo:
        """Return what a torrent file says.

        Raises:
            BrokenFileError: it is none.
        """
        try:
            return await self._engine.parse_metainfo(raw)
        except MetainfoError as error:
            raise BrokenFileError(str(error)) from error

    async def read_link(self, raw: bytes, wishes: AddWishes, *, may_fetch: bool = True) -> Metainfo | Magnet | None:
        """Return what the link in a text leads to.

        Args:
            raw: The text.
            wishes: Tell how anonymously a server is asked.
            may_fetch: Whether it may be asked at all; otherwise the answer is ``None``.

        Raises:
            BrokenFileError: there is no link in it.
            TriblerdError: the link cannot be followed now.
        """
        uri = _link(raw)
        if not may_fetch and uri[: len(_MAGNET)].lower() != _MAGNET:
            return None
        try:
            return await self._downloads.resolve(uri, hops=wishes.hops)
        except (MagnetError, UnknownSchemeError) as error:
            raise BrokenFileError(str(error)) from error

    def is_known(self, infohash: Infohash) -> bool:
        """Return whether there is a download of a torrent."""
        try:
            self._downloads.get(infohash)
        except UnknownDownloadError:
            return False
        return True

    async def add(self, source: Metainfo | Magnet, wishes: AddWishes) -> Outcome:
        """Add a download; one that is there already gets new trackers and nothing else. On disk when this returns.

        Raises:
            TriblerdError: it cannot be added now.
        """
        outcome = Outcome.KNOWN if self.is_known(source.infohash) else Outcome.ADDED
        await self._downloads.add(source, wishes)
        return outcome


def _link(raw: bytes) -> str:
    """Return the only line of a text that is not blank."""
    try:
        text = raw.decode("utf-8-sig") if len(raw) <= MOST_MAGNET_BYTES else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
    except UnicodeDecodeError:
        lines = []
    if len(lines) != 1:
        msg = "It is no text with one URI"
        raise BrokenFileError(msg)
    return lines[0]
