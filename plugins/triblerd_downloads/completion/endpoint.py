"""``/downloads/{infohash}/completions``."""

from triblerd.errors import NotFoundError
from triblerd.http.endpoint import Endpoint, route
from triblerd_downloads.completion.runner import Runner
from triblerd_downloads.completion.schemas import CompletionList, Repeated, item_of
from triblerd_downloads.download_set import DownloadSet
from triblerd_libtorrent.api import Infohash


class CompletionsEndpoint(Endpoint):
    """What is done when a download is complete."""

    prefix = "/downloads"

    def __init__(self, *, downloads: DownloadSet, runner: Runner) -> None:
        self._downloads = downloads
        self._runner = runner

    @route("GET", "/{infohash}/completions", raises=(NotFoundError,))
    async def list_completions(self, infohash: Infohash) -> CompletionList:
        """List what was done, failed or is still to be done because a download was complete.

        What is done is said by the section `[completion]` of the settings.
        """
        self._downloads.get(infohash)
        return CompletionList(completions=[item_of(job) for job in self._runner.jobs_of(infohash)])

    @route("POST", "/{infohash}/completions", raises=(NotFoundError,))
    async def repeat_completions(self, infohash: Infohash) -> Repeated:
        """Do once more what has failed for a download."""
        self._downloads.get(infohash)
        return Repeated(repeated=await self._runner.repeat_failed(infohash))
