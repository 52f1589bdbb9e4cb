"""Every download as an encoded row, made once after each change: a list is rows put side by side."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import MOST_HOPS, Infohash, TorrentEngine

_AT_ONCE = 50
"""Rows encoded before others have a turn: about a millisecond."""


@dataclass(frozen=True)
class Snapshot:
    """The rows of one moment.

    Attributes:
        rows: Encoded, by infohash, in the order of the list.
        removed: With a revision that is known: what is gone since. ``None``: these are all rows.
        revision: Of that moment.
    """

    rows: dict[Infohash, bytes]
    removed: list[Infohash] | None
    revision: str


class Surroundings:
    """What all rows depend on beside their downloads."""

    def __init__(self, *, engine: TorrentEngine, downloads: DownloadSet, settings: DownloadSettings) -> None:
        self._engine = engine
        self._downloads = downloads
        self._settings = settings
        self._last: object = None

    def look(self) -> None:
        """Note that all downloads look different when something of it has changed."""
        engine = self._engine
        dht = tuple(engine.dht_is_running(hops) for hops in range(MOST_HOPS + 1))
        now = engine.session_rate_limits(), dht, self._settings.defaults.seeding_ratio
        if now != self._last:
            self._last = now
            self._downloads.touch_all()


class Rows:
    """Keeps the encoded rows; encodes those that changed when somebody asks.

    Implements :class:`triblerd_downloads.api.EncodedRows`.

    Args:
        encode: Makes the row of a download.
    """

    def __init__(
        self, *, downloads: DownloadSet, surroundings: Surroundings, encode: Callable[[ActiveDownload], bytes]
    ) -> None:
        self._downloads = downloads
        self._surroundings = surroundings
        self._encode = encode
        self._rows: dict[Infohash, bytes] = {}
        self._seen = 0
        self._refreshing = asyncio.Lock()

    async def now(self) -> dict[Infohash, bytes]:
        """Return all rows by infohash, in the order of the list."""
        return (await self.all()).rows

    async def all(self) -> Snapshot:
        """Return all rows."""
        async with self._refreshing:
            await self._refresh()
            return Snapshot(dict(self._rows), None, self._downloads.changes.text(self._seen))

    async def since(self, text: str) -> Snapshot:
        """Return the rows that changed after a revision; all of them when it is not known."""
        async with self._refreshing:
            await self._refresh()
            changes = self._downloads.changes
            number = changes.parse(text)
            found = None if number is None else changes.since(number)
            if found is None:
                return Snapshot(dict(self._rows), None, changes.text(self._seen))
            changed, removed = found
            rows = {infohash: self._rows[infohash] for infohash in changed if infohash in self._rows}
            return Snapshot(rows, removed, changes.text(self._seen))

    async def _refresh(self) -> None:
        """Bring the rows up to the revision ``_seen``; what changes meanwhile is for the next time."""
        self._surroundings.look()
        changes = self._downloads.changes
        found = changes.since(self._seen)
        revision = changes.revision
        if found is None:  # more removals than the journal remembers
            self._rows.clear()
            found = [download.infohash for download in self._downloads.all()], []
        changed, removed = found
        for infohash in removed:
            self._rows.pop(infohash, None)
        # An assignment keeps a row's place; new ones go to the end, in the order of the list.
        downloads = [download for infohash in changed if (download := self._downloads.find(infohash)) is not None]
        downloads.sort(key=_order)
        for position, download in enumerate(downloads):
            self._rows[download.infohash] = self._encode(download)
            if position % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
        self._seen = revision
        for infohash in [gone for gone in removed if self._downloads.find(gone) is None]:
            self._rows.pop(infohash, None)


def _order(download: ActiveDownload) -> int:
    return download.record.order
