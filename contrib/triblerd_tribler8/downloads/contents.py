"""``/api/downloads/{infohash}``: torrent file, files, streams."""

from aiohttp import web

from triblerd.errors import InvalidInputError, NotFoundError, OperationError, UnavailableError
from triblerd.http.endpoint import Scope, route
from triblerd_downloads.api import DownloadLists, Downloads, DownloadStreams, UnknownDownloadError
from triblerd_libtorrent.api import TorrentStore
from triblerd_tribler8.downloads.schemas import FileList
from triblerd_tribler8.infohash import LongInfohash
from triblerd_tribler8.parts import Dialect

_TORRENT_TYPE = "application/x-bittorrent"


class DownloadContents(Dialect):
    """What is in a download."""

    prefix = "/api/downloads"

    @route("GET", "/{infohash}/torrent", media_type=_TORRENT_TYPE, raises=(NotFoundError,))
    async def torrent_file(self, infohash: LongInfohash) -> web.Response:
        """Return the torrent file, its info dictionary as it came."""
        self.need(Downloads).get(infohash)
        raw = self.need(TorrentStore).metainfo(infohash)
        if raw is None:
            raise UnknownDownloadError
        disposition = f'attachment; filename="{infohash}.torrent"'
        return web.Response(body=raw, content_type=_TORRENT_TYPE, headers={"Content-Disposition": disposition})

    @route("GET", "/{infohash}/files", answers=FileList, raises=(NotFoundError,))
    async def files(self, infohash: LongInfohash, request: web.Request) -> web.Response:
        """List the files of a download.

        The list has an `ETag`: a client that sends it in `If-None-Match` is told 304 while nothing has changed.
        """
        as_sent = request.path.removeprefix(f"{self.prefix}/").partition("/")[0]
        return await self.need(DownloadLists).answer_files(request, infohash, as_sent)

    @route(
        "GET",
        "/{infohash}/stream/{fileindex}",
        scope=Scope.WRITE,
        media_type="application/octet-stream",
        raises=(InvalidInputError, NotFoundError, OperationError, UnavailableError),
        streams=True,
        answers_head=True,
    )
    async def stream(self, infohash: LongInfohash, fileindex: int, request: web.Request) -> web.StreamResponse:
        """Send one file, or the part that `Range` names, to a player; what it plays next is fetched first.

        A stopped download is started. What is missing is waited for as long as the client stays. Give the key as
        `?key=` where a player sends no headers. A part that the file does not have is answered with 416.
        """
        return await self.need(DownloadStreams).serve(request, infohash, fileindex)
