"""``GET /api/downloads``."""

from collections.abc import Mapping

from aiohttp import hdrs, web

from triblerd.http.endpoint import route
from triblerd.plugin import PluginContext
from triblerd_downloads.api import Download, DownloadLists, availability
from triblerd_libtorrent.api import Infohash
from triblerd_tribler8.config import Tribler8Config
from triblerd_tribler8.downloads.items import EncodedForms, Form
from triblerd_tribler8.downloads.schemas import DownloadList, ListQuery
from triblerd_tribler8.parts import Dialect


class DownloadsList(Dialect):
    """What is downloaded and seeded."""

    prefix = "/api/downloads"

    def __init__(self, context: PluginContext[Tribler8Config]) -> None:
        super().__init__(context)
        self._forms = EncodedForms()

    @route("GET", "", answers=DownloadList)
    async def list_downloads(self, query: ListQuery, request: web.Request) -> web.StreamResponse:
        """List all downloads, in the order in which they were added.

        Programs that are named in `tribler8.strict_agents` are not told the states `QUEUED` and `MOVING`, on which they
        fail: what moves is `ALLOCATING_DISKSPACE`, what waits is `SEEDING` when it is complete, else `DOWNLOADING`.
        """
        lists = self.need(DownloadLists)
        rows = await self._forms.now(lists, self._form_for(request))
        if query.excluded:
            rows = {infohash: row for infohash, row in rows.items() if infohash != query.excluded}
        if not (query.get_peers or query.get_pieces or query.get_availability):
            return await lists.answer(request, list(rows.values()))

        async def more(download: Download) -> Mapping[str, object]:
            members: dict[str, object] = {}
            if query.get_peers:
                members["peers"] = await lists.peers(download.infohash)
            if query.get_pieces:
                members["pieces"] = await lists.pieces(download.infohash)
            if query.get_availability:
                members["availability"] = availability(download.status)
            return members

        wanted = [Infohash(query.infohash)] if query.infohash else list(rows)
        return await lists.answer(request, await lists.extended(rows, wanted, more))

    def _form_for(self, request: web.Request) -> Form:
        config = self.context.config
        agent = request.headers.get(hdrs.USER_AGENT, "").lower()
        is_strict = any(agent.startswith(f"{name.lower()}/") for name in config.strict_agents)
        return Form(config.sonarr_names, is_strict)
