"""``/api/metadata/search/local`` and ``/api/search/remote``."""

import uuid

from aiohttp import web
from msgspec import UNSET
from msgspec.structs import replace

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import route
from triblerd_metadata.api import BadParametersError, FilterError, MetadataStore, as_flag, parse
from triblerd_search.api import RemoteSearch, TextSearch
from triblerd_tribler8.metadata.parameters import TorrentQuery, require_text
from triblerd_tribler8.metadata.schemas import FoundPage, PeersAsked, torrent_entry
from triblerd_tribler8.parts import Dialect

_ASKED = {"request_uuid": "0b5f7a3e-90f1-4b7a-8a3a-6f1b6a0c2d11", "peers": []}


class LocalSearch(Dialect):
    """What is known here."""

    prefix = "/api/metadata/search"

    @route("GET", "/local", raises=(BadParametersError,))
    async def search(self, query: TorrentQuery, request: web.Request) -> FoundPage:
        """Search the torrents that are known here by the words of their titles.

        Words stand as they are: no character has a meaning. The most relevant come first, unless `sort_by` says.
        """
        searches, records = self.need(TextSearch), self.need(MetadataStore)
        selection, order, window = query.selection(), query.order(), query.window()
        require_text(query, request)
        selection = replace(selection, text=query.words())
        with_total = bool(query.include_total)
        try:
            page = await searches.page(selection, order, window, with_total=with_total)
        except FilterError as error:  # too many words
            raise BadParametersError from error
        return FoundPage(
            results=[torrent_entry(entry) for entry in records.entries(page.rowids)],
            first=window.first,
            last=window.last,
            sort_by=order.column,
            sort_desc=order.descending,
            total=UNSET if page.total is None or not with_total else page.total,
            max_rowid=records.last_rowid() if with_total else UNSET,
        )


class PeersSearch(Dialect):
    """What other peers know."""

    prefix = "/api/search"

    @route("PUT", "/remote", raises=(InvalidInputError,), examples={"answer": _ASKED})
    async def ask(self, query: TorrentQuery, request: web.Request) -> PeersAsked:
        """Ask peers what a search here would list; parameters stand in the query string.

        What they answer comes as `remote_query_results` on `/api/events`.
        """
        self.need(TextSearch)
        try:
            selection, order, window = query.selection(), query.order(), query.window()
            require_text(query, request)
            wanted = replace(
                selection,
                text=query.words(),
                category=query.category or "",
                tags=query.tags,
                labels=(),
                popular=as_flag(query.popular or ""),
            )
            parse(wanted.text)
        except BadParametersError as error:
            msg = f"{error}: a number, flag, key or column is none"
            raise InvalidInputError(msg) from error
        except FilterError as error:
            msg = f"{BadParametersError()}: {error}"
            raise InvalidInputError(msg) from error
        remote = self.context.services.find(RemoteSearch)
        if remote is None:  # nobody is known
            return PeersAsked(request_uuid=str(uuid.uuid4()), peers=[])
        asked = remote.ask(wanted, order, window)
        return PeersAsked(request_uuid=asked.request_uuid, peers=[peer.hex() for peer in asked.peers])
