"""The titles by which torrents are known, for lists of downloads."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.store import Metadata
from triblerd_metadata.values import Change

_FEW = 100
"""Titles that are looked for among the downloads, not the reverse."""


class Titles:
    """The service ``TorrentTitles``; it also tells the downloads of titles that change.

    Args:
        metadata: Knows the titles.
        downloads: Finds the downloads, ``None`` while that plugin is off.
    """

    def __init__(self, *, metadata: Metadata, downloads: Callable[[], Downloads | None]) -> None:
        self._metadata = metadata
        self._downloads = downloads

    def title(self, infohash: Infohash) -> str:
        """Return the title of a torrent, empty while it is not known."""
        return next((entry.title for entry in self._metadata.by_infohash(infohash.key)), "")

    def changing(self, rows: npt.NDArray[np.uint32], changes: Sequence[Change]) -> None:  # noqa: ARG002
        """Be told of changes of the store, as a ``ColumnWatcher``."""
        downloads = self._downloads() if changes else None
        if downloads is None:
            return
        retitled = {
            entry.infohash
            for change in changes
            if change.before is None or change.after is None or change.before.title != change.after.title
            for entry in (change.before, change.after)
            if entry is not None
        }
        if len(retitled) < _FEW:
            downloads.retitled(Infohash(infohash.hex()) for infohash in retitled)
        else:
            downloads.retitled([each.infohash for each in downloads.all() if each.infohash.key in retitled])
