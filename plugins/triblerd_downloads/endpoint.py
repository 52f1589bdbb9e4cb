"""``/downloads``."""

from aiohttp import hdrs, web
from msgspec import UNSET

from triblerd.errors import FailedError, InvalidInputError, NotFoundError, OperationError
from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_downloads.api import AddWishes, Change, NoHopsError, UnknownDownloadError
from triblerd_downloads.downloads import DownloadManager
from triblerd_downloads.listing import Listing
from triblerd_downloads.requests import add_wishes, change_of, required_uri, upload_options, vod_wish
from triblerd_downloads.schemas import (
    AddBody,
    AddQuery,
    ChangeBody,
    Changed,
    DownloadList,
    ListQuery,
    RemoveBody,
    Removed,
    Started,
)
from triblerd_downloads.streaming.vod_mode import VodMode
from triblerd_libtorrent.api import Infohash, Magnet, Metainfo, NotOfferedError

TORRENT_TYPES = frozenset({"application/x-bittorrent", "applications/x-bittorrent"})
"""The second one is what clients of version 8 write."""


class DownloadsEndpoint(Endpoint):
    """What is downloaded and seeded."""

    prefix = "/downloads"

    def __init__(self, *, manager: DownloadManager, listing: Listing, vod_mode: VodMode) -> None:
        self._manager = manager
        self._listing = listing
        self._vod_mode = vod_mode

    @route("GET", "", answers=DownloadList)
    async def list_downloads(self, query: ListQuery, request: web.Request) -> web.StreamResponse:
        """List all downloads, in the order in which they were added.

        The header `X-Revision` of the answer names its moment. With `since=<revision>` only those downloads are listed
        that changed after that moment, and `removed` names those that are gone (apply it first), `revision` the new
        moment. With a revision that the daemon does not know any more, which after a restart is any, and with
        `since=`, the list is complete and `full` is true. When nothing changed the answer is small and costs nothing:
        poll it.

        A client whose `User-Agent` begins with `Go-http-client/` is told `availability` in whole copies.
        """
        return await self._listing.answer(query, request)

    @route("PUT", "", raises=(InvalidInputError, FailedError, OperationError))
    async def add_download(self, query: AddQuery, body: Deferred[AddBody], request: web.Request) -> Started:
        """Add a download by URI, or by an uploaded torrent file.

        To upload, send the bytes of the torrent file, at most 16 MiB, with the `Content-Type`
        `application/x-bittorrent`, and the options in the query. A download that is there already stays as it is; new
        trackers are added to it. With `anon_hops`, 400 says that nobody builds tunnels: the plugin `tunnels` is off, or
        cannot run.
        """
        try:
            if request.content_type in TORRENT_TYPES:
                return await self._added(await self._manager.parse(body.raw), upload_options(query))
            options = body.value()
            uri, wishes = required_uri(options), add_wishes(options)
            return await self._added(await self._manager.resolve(uri, hops=wishes.hops), wishes)
        except NotOfferedError as error:
            raise NoHopsError(str(error)) from error

    @route("DELETE", "/{infohash}", raises=(NotFoundError, OperationError))
    async def remove_download(self, infohash: Infohash, body: RemoveBody) -> Removed:
        """Remove a download. Answers when it has left the engine, and its files the disk if that is wanted."""
        await self._manager.remove(infohash, remove_data=bool(body.remove_data))
        return Removed(infohash=str(infohash))

    @route("PATCH", "/{infohash}", raises=(InvalidInputError, NotFoundError, OperationError))
    async def change_download(self, infohash: Infohash, body: Deferred[ChangeBody], request: web.Request) -> Changed:
        """Start, stop, recheck or move a download, select its files, limit it, prepare a file to be played.

        With `vod_mode` and `fileindex` that file is fetched first: its ends and the part that is played first, which
        begins where the header `Range` says. The answer tells how much of them is there.

        Safe seeding takes effect when the tunnels plugin runs: a complete download is then seeded with
        `download_defaults.number_hops` hops. Without it the download is seeded in the clear, which the log says once.
        """
        download = self._manager.get(infohash)
        if (vod := vod_wish(body.raw)) is not None:
            return await self._vod_mode.change(download, vod, request.headers.get(hdrs.RANGE))
        wanted = body.value()
        if wanted.selected_files and wanted.anon_hops is None:
            await self._manager.check_selection(infohash, wanted.selected_files)
        change, hops = change_of(wanted, body.raw)
        if hops is not None:
            await self._manager.change_hops(infohash, hops)
        elif wanted.state == "recheck":
            await self._manager.change(infohash, change)
            await self._manager.recheck(infohash)
        elif change != Change():
            await self._manager.change(infohash, change)
        return Changed(infohash=str(infohash))

    @route("GET", "/{infohash}/torrent", media_type="application/x-bittorrent", raises=(NotFoundError,))
    async def torrent_file(self, infohash: Infohash) -> web.Response:
        """Return the torrent file, its info dictionary as it came."""
        self._manager.get(infohash)
        raw = self._manager.torrent_file(infohash)
        if raw is None:
            raise UnknownDownloadError
        headers = {
            "Content-Type": "application/x-bittorrent",
            "Content-Disposition": f'attachment; filename="{infohash}.torrent"',
        }
        return web.Response(body=raw, headers=headers)

    async def _added(self, source: Metainfo | Magnet, wishes: AddWishes) -> Started:
        known = self._manager.find(source.infohash)
        download = await self._manager.add(source, wishes)
        return Started(infohash=str(download.infohash), existed=True if download is known else UNSET)
