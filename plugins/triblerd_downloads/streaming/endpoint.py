"""``/downloads/{infohash}/stream/{fileindex}``."""

from aiohttp import web

from triblerd.errors import InvalidInputError, NotFoundError, OperationError, UnavailableError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd_downloads.api import DownloadStreams
from triblerd_libtorrent.api import Infohash


class StreamEndpoint(Endpoint):
    """Files of downloads, while they are being downloaded."""

    prefix = "/downloads"

    def __init__(self, *, streams: DownloadStreams) -> None:
        self._streams = streams

    @route(
        "GET",
        "/{infohash}/stream/{fileindex}",
        scope=Scope.WRITE,
        media_type="application/octet-stream",
        raises=(InvalidInputError, NotFoundError, OperationError, UnavailableError),
        streams=True,
        answers_head=True,
    )
    async def stream(self, infohash: Infohash, fileindex: int, request: web.Request) -> web.StreamResponse:
        """Send one file, or the part that `Range` names, to a player; what it plays next is fetched first.

        A stopped download is started. What is missing is waited for as long as the client stays; several players at a
        time share what comes. Give the key as `?apikey=` where a player sends no headers. A part that the file does
        not have is answered with 416.
        """
        return await self._streams.serve(request, infohash, fileindex)
