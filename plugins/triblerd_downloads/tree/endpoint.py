"""``/downloads/{infohash}/files``."""

from aiohttp import web

from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd.http.endpoint import Encoded, Endpoint, Scope, encode_json, route
from triblerd_downloads.api import DownloadLists
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.tree.browser import TreeBrowser
from triblerd_downloads.tree.schemas import MOST_ROWS, Chosen, FileList, FilesQuery, PathQuery, Toggled
from triblerd_libtorrent.api import Infohash


class FilesEndpoint(Endpoint):
    """The files of a download."""

    prefix = "/downloads"

    def __init__(self, *, downloads: DownloadSet, lists: DownloadLists, browser: TreeBrowser) -> None:
        self._downloads = downloads
        self._lists = lists
        self._browser = browser

    @route("GET", "/{infohash}/files", answers=FileList, raises=(InvalidInputError, NotFoundError, FailedError))
    async def files(self, infohash: Infohash, query: FilesQuery, request: web.Request) -> Encoded | web.Response:
        """List the files of a download, or a part of their tree.

        With `view_start_path` the answer is a window over a tree whose directories are open or closed: the rows that
        come after that path, depth first, in each directory first its directories, then its files in natural order.
        At first all directories are closed; what is open is shared by all clients, and forgotten with a restart. While
        the tree is not in memory, as at the first call, or the files are unknown, there is one row `loading...` with
        the index -3: ask again. For an unknown path there are no rows.

        The flat list has an `ETag`: a client that sends it in `If-None-Match` is told 304 while nothing has changed.
        """
        as_sent = request.path.rpartition("/downloads/")[2].partition("/")[0]
        start = query.view_start_path
        if start is None:
            return await self._lists.answer_files(request, infohash, as_sent)
        rows = await self._browser.window(self._downloads.get(infohash), start, min(query.view_size, MOST_ROWS))
        parts = encode_json(as_sent), encode_json(start), encode_json(rows)
        return Encoded(b'{"infohash":%b,"query":%b,"files":%b}' % parts)

    @route("GET", "/{infohash}/files/expand", scope=Scope.WRITE, raises=(InvalidInputError, NotFoundError, FailedError))
    async def expand(self, infohash: Infohash, query: PathQuery) -> Toggled:
        """Open a directory of the tree, and those above it. What does not exist is left out."""
        await self._browser.expand(self._downloads.get(infohash), query.path)
        return Toggled(path=query.path)

    @route(
        "GET", "/{infohash}/files/collapse", scope=Scope.WRITE, raises=(InvalidInputError, NotFoundError, FailedError)
    )
    async def collapse(self, infohash: Infohash, query: PathQuery) -> Toggled:
        """Close a directory of the tree. What does not exist is ignored."""
        await self._browser.collapse(self._downloads.get(infohash), query.path)
        return Toggled(path=query.path)

    @route("GET", "/{infohash}/files/select", scope=Scope.WRITE, raises=(InvalidInputError, NotFoundError, FailedError))
    async def select(self, infohash: Infohash, query: PathQuery) -> Chosen:
        """Have a file downloaded, or all files below a directory. On disk when this answers."""
        await self._browser.choose(self._downloads.get(infohash), query.path, wanted=True)
        return Chosen()

    @route(
        "GET", "/{infohash}/files/deselect", scope=Scope.WRITE, raises=(InvalidInputError, NotFoundError, FailedError)
    )
    async def deselect(self, infohash: Infohash, query: PathQuery) -> Chosen:
        """Have a file not downloaded, or no file below a directory. On disk when this answers."""
        await self._browser.choose(self._downloads.get(infohash), query.path, wanted=False)
        return Chosen()
