"""``/search``, ``/metadata/search`` and ``/remote_query``."""

import uuid
from collections.abc import Callable

import msgspec
from msgspec import UNSET

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, route
from triblerd_metadata.api import BadParametersError, FilterError, Lists, MetadataStore, SearchQuery, parse
from triblerd_search.api import RemoteSearch
from triblerd_search.renewing import Renewer
from triblerd_search.schemas import Asked, ChannelsPeers, CompletionQuery, Completions, Found, RemoteQuery, Renewed
from triblerd_search.searching import Searcher
from triblerd_search.snippets import with_snippets

_ASKED = {
    "request_uuid": "0b5f7a3e-90f1-4b7a-8a3a-6f1b6a0c2d11",
    "peers": ["00112233445566778899aabbccddeeff00112233"],
}


class SearchEndpoint(Endpoint):
    """Torrents by the words of their titles."""

    def __init__(
        self,
        *,
        searcher: Searcher,
        renewer: Renewer,
        records: MetadataStore,
        lists: Lists,
        remote: Callable[[], RemoteSearch | None],
    ) -> None:
        self._searcher = searcher
        self._renewer = renewer
        self._records = records
        self._lists = lists
        self._remote = remote

    @route("GET", "/search", raises=(BadParametersError,))
    async def search(self, query: SearchQuery) -> Found:
        """Search what is known here.

        Without `txt_filter` everything is listed. With it, and without `sort_by`, the most relevant comes first:
        channels, then folders, then torrents.
        """
        return await self._found(query)

    @route("GET", "/metadata/search/local", raises=(BadParametersError,))
    async def search_torrents(self, query: SearchQuery) -> Found:
        """Search the torrents that are known here.

        As `/search`, but only torrents are found unless `metadata_type` says otherwise.
        """
        types = query.metadata_type or ("torrent",)
        return await self._found(msgspec.structs.replace(query, metadata_type=types, remote=None))

    @route("GET", "/search/completions", examples={"answer": {"completions": ["big buck bunny", "big buck"]}})
    async def complete(self, query: CompletionQuery) -> Completions:
        """Go on with what somebody has begun to type, as titles do, those with most seeders first."""
        return await self._completions(query)

    @route("GET", "/metadata/search/completions", examples={"answer": {"completions": ["big buck bunny", "big buck"]}})
    async def complete_as_well(self, query: CompletionQuery) -> Completions:
        """Do what `/search/completions` does."""
        return await self._completions(query)

    @route("POST", "/search/reindex", examples={"answer": {"success": True}})
    async def reindex(self) -> Renewed:
        """Have all titles indexed anew, in the background; searches may miss some until that is done.

        The daemon does this by itself when it has to be; `/state` says while it does.
        """
        await self._renewer.renew()
        return Renewed()

    @route("PUT", "/search/remote", raises=(InvalidInputError,), examples={"answer": _ASKED})
    async def search_at_peers(self, query: RemoteQuery) -> Asked:
        """Ask up to 20 peers for what a search here would list; parameters stand in the query string.

        What they answer is remembered, and comes as `remote_query_results` on `/events`. Nobody is asked as long as no
        peers are known, and for text without any word.
        """
        return self._asked(query)

    @route("PUT", "/remote_query", raises=(InvalidInputError,), examples={"answer": _ASKED})
    async def ask_peers(self, query: RemoteQuery) -> Asked:
        """Do what `/search/remote` does."""
        return self._asked(query)

    @route("GET", "/remote_query/channels_peers")
    async def show_channels_peers(self) -> ChannelsPeers:
        """List the channels for which serving peers are known: none, since no channels are followed."""
        return ChannelsPeers(channels_list=[])

    async def _found(self, query: SearchQuery) -> Found:
        selection, order, window = query.selection(), query.order(), query.window()
        with_total = bool(query.include_total)
        try:
            page = await self._searcher.page(selection, order, window, with_total=with_total)
        except FilterError as error:
            raise BadParametersError from error
        items = self._lists.items(page.rowids, hide_adult=selection.hide_adult)
        return Found(
            results=with_snippets(items) if window.first == 1 else list(items),
            first=window.first,
            last=window.last,
            sort_by=order.column,
            sort_desc=order.descending,
            total=UNSET if page.total is None or not with_total else page.total,
            max_rowid=self._records.last_rowid() if with_total else UNSET,
        )

    async def _completions(self, query: CompletionQuery) -> Completions:
        if query.q is None:
            msg = "query parameter missing"
            raise InvalidInputError(msg)
        return Completions(completions=await self._searcher.completions(query.q))

    def _asked(self, query: RemoteQuery) -> Asked:
        query = msgspec.structs.replace(query, remote=None)
        try:
            window, order, selection = query.window(), query.order(), query.selection()
            parse(selection.text)
        except BadParametersError as error:
            msg = f"{error}: a number, flag, key or type is none"
            raise InvalidInputError(msg) from error
        except FilterError as error:
            msg = f"{BadParametersError()}: {error}"
            raise InvalidInputError(msg) from error
        remote = self._remote()
        if remote is None:
            return Asked(request_uuid=str(uuid.uuid4()), peers=[])
        asked = remote.ask(selection, order, window)
        return Asked(request_uuid=asked.request_uuid, peers=[peer.hex() for peer in asked.peers])
