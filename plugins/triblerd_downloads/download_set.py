"""The set of downloads in memory, in their order, with the journal of what changed."""

from collections.abc import Callable, Iterable

from triblerd_downloads.api import UnknownDownloadError
from triblerd_downloads.changes import Changes
from triblerd_downloads.download import ActiveDownload
from triblerd_libtorrent.api import Infohash, TunnelAccess


class DownloadSet:
    """Finds downloads by infohash.

    Args:
        tunnels: What anonymous downloads depend on.

    Attributes:
        changes: What was added, changed and removed, and when.
        loaded: How many were found at the start.
    """

    def __init__(self, *, tunnels: TunnelAccess) -> None:
        self._tunnels = tunnels
        self._by_infohash: dict[Infohash, ActiveDownload] = {}
        self._next_order = 0
        self._when_dropped: list[Callable[[Infohash], None]] = []
        self.changes = Changes()
        self.loaded = 0

    def __len__(self) -> int:
        return len(self._by_infohash)

    def load(self, downloads: Iterable[ActiveDownload]) -> None:
        """Take in what was stored, in order."""
        for download in downloads:
            self.put(download)
            self._next_order = max(self._next_order, download.record.order + 1)
        self.loaded = len(self)

    def checkpoints(self) -> dict[str, object]:
        """Return what lists say of the start. They are answered only once all is loaded."""
        return {"total": self.loaded, "loaded": self.loaded, "all_loaded": True}

    def take_order(self) -> int:
        """Return the place of the next download."""
        self._next_order += 1
        return self._next_order - 1

    def all(self) -> list[ActiveDownload]:
        """Return all, in order."""
        return list(self._by_infohash.values())

    def find(self, infohash: Infohash) -> ActiveDownload | None:
        """Return a download, or ``None``."""
        return self._by_infohash.get(infohash)

    def get(self, infohash: Infohash) -> ActiveDownload:
        """Return a download.

        Raises:
            UnknownDownloadError: there is none.
        """
        download = self._by_infohash.get(infohash)
        if download is None:
            raise UnknownDownloadError
        return download

    def put(self, download: ActiveDownload) -> None:
        """Add a download at the end."""
        download.tunnel_state = self._tunnels.state
        self._by_infohash[download.infohash] = download
        self.changes.touch(download.infohash)

    def drop(self, infohash: Infohash) -> None:
        """Remove a download."""
        if self._by_infohash.pop(infohash, None) is not None:
            self.changes.remove(infohash)
            for forget in self._when_dropped:
                forget(infohash)

    def when_dropped(self, forget: Callable[[Infohash], None]) -> None:
        """Call ``forget`` with every download that is removed from now on."""
        self._when_dropped.append(forget)

    def touch(self, infohash: Infohash) -> None:
        """Note that a download looks different now."""
        if infohash in self._by_infohash:
            self.changes.touch(infohash)

    def touch_all(self) -> None:
        """Note that all look different."""
        for infohash in self._by_infohash:
            self.changes.touch(infohash)
