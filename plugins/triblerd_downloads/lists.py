"""Lists of downloads in forms that others define. The list that everybody knows is made of the same parts."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from aiohttp import hdrs, web

from triblerd.http.endpoint import encode_json
from triblerd_downloads.answering import list_answer
from triblerd_downloads.api import Download, PeerItem
from triblerd_downloads.details import Details
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.rows import Rows, Surroundings
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.swarm.shown import ShownTrackers
from triblerd_downloads.tree.flat import FlatList
from triblerd_libtorrent.api import Infohash, Tracker


class Lists:
    """Implements :class:`triblerd_downloads.api.DownloadLists`."""

    def __init__(  # noqa: PLR0913 - all that a list shows, by keyword
        self,
        *,
        downloads: DownloadSet,
        surroundings: Surroundings,
        trackers: ShownTrackers,
        details: Details,
        flat: FlatList,
        categories: Categories,
        settings: DownloadSettings,
    ) -> None:
        self._downloads = downloads
        self._surroundings = surroundings
        self._trackers = trackers
        self._details = details
        self._flat = flat
        self._categories = categories
        self._settings = settings

    def rows(self, encode: Callable[[Download], bytes]) -> Rows:
        """Return the rows of a form."""
        return Rows(downloads=self._downloads, surroundings=self._surroundings, encode=encode)

    def trackers(self, download: Download) -> Sequence[Tracker]:
        """Return the trackers as last reported, and the pseudo trackers."""
        return self._trackers.of(self._downloads.get(download.infohash))

    def seeding_ratio(self, download: Download) -> float:
        """Return the ratio limit that holds for a download."""
        if download.record.seeding_ratio is not None:
            return download.record.seeding_ratio
        category = self._categories.find(download.record.category)
        if category is not None and category.seeding_ratio is not None:
            return category.seeding_ratio
        return self._settings.defaults.seeding_ratio

    async def extended(
        self,
        rows: Mapping[Infohash, bytes],
        wanted: Iterable[Infohash],
        more: Callable[[Download], Awaitable[Mapping[str, object]]],
    ) -> list[bytes]:
        """Return rows, some of them with more members."""
        return await self._details.added(rows, wanted, more)

    async def answer(self, request: web.Request, rows: Sequence[bytes]) -> web.StreamResponse:
        """Answer with these rows."""
        return await list_answer(request, rows, {"checkpoints": self._downloads.checkpoints()})

    async def answer_files(self, request: web.Request, infohash: Infohash, as_sent: str) -> web.Response:
        """Answer with all files of a download."""
        listed = await self._flat.of(self._downloads.get(infohash))
        headers = {hdrs.ETAG: f'"{listed.tag}"'}
        if any(tag.value in {listed.tag, "*"} for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        body = b'{"infohash":%b,"files":%b}' % (encode_json(as_sent), listed.files)
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def peers(self, infohash: Infohash) -> Sequence[PeerItem]:
        """Return the connected peers."""
        return await self._details.peers(self._downloads.get(infohash))

    async def pieces(self, infohash: Infohash) -> str:
        """Return the bitmap of verified pieces in base64."""
        return await self._details.pieces(self._downloads.get(infohash))
