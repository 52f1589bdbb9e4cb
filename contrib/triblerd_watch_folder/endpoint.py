"""``/watch_folder``."""

from triblerd.http.endpoint import Endpoint, route
from triblerd_watch_folder.schemas import ScanQuery, ScanReport, WatchReport
from triblerd_watch_folder.watcher import Watcher


class WatchFolderEndpoint(Endpoint):
    """Directories whose torrents are added by themselves."""

    prefix = "/watch_folder"

    def __init__(self, *, watcher: Watcher) -> None:
        self._watcher = watcher

    @route("GET", "")
    async def show_folders(self) -> WatchReport:
        """Show the watched directories, and how they fare.

        The settings `[watch_folder]` say which ones there are.
        """
        return WatchReport(check_interval=self._watcher.check_interval, folders=self._watcher.folders())

    @route("POST", "/scan")
    async def scan(self, query: ScanQuery) -> ScanReport:
        """Look now, also at what failed a moment ago.

        Answers when all directories were looked into, or after ten seconds; the look goes on then. With `dry_run` it
        only tells what would be done; no server is asked for what a link leads to.
        """
        files = await (self._watcher.preview() if query.dry_run else self._watcher.scan())
        return ScanReport(dry_run=query.dry_run, files=files, folders=self._watcher.folders())
