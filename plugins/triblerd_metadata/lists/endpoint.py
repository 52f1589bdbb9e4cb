"""``/metadata/torrents/popular``."""

from msgspec.structs import replace

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, route
from triblerd_metadata.api import ListQuery, Lists, SortColumn
from triblerd_metadata.schemas import PopularList

_EXAMPLE = {
    "results": [
        {
            "type": 300,
            "id": 3013745625274165147,
            "origin_id": 0,
            "public_key": "",
            "status": 2,
            "name": "debian-12-netinst.iso",
            "category": "CD/DVD/BD",
            "infohash": "0123456789abcdef0123456789abcdef01234567",
            "size": 658505728,
            "num_seeders": 412,
            "num_leechers": 9,
            "last_tracker_check": 1700000000,
            "created": 1690000000,
            "tag_processor_version": 5,
            "statements": [
                {
                    "subject_type": 102,
                    "subject": "0123456789abcdef0123456789abcdef01234567",
                    "predicate": 101,
                    "object": "linux",
                }
            ],
        }
    ],
    "first": 1,
    "last": 50,
}


class PopularEndpoint(Endpoint):
    """Which torrents are alive."""

    prefix = "/metadata/torrents"

    def __init__(self, *, lists: Lists) -> None:
        self._lists = lists

    @route("GET", "/popular", raises=(InvalidInputError,), examples={"answer": _EXAMPLE})
    async def popular(self, query: ListQuery) -> PopularList:
        """List the torrents that are most alive.

        These are at most 100 that were checked in the last 24 hours and had a seeder or leecher: those with the most
        seeders, then leechers, then with the latest check. All parameters apply to these. Without `sort_by` the list is
        sorted by seeders, then leechers. Torrents that are downloaded have `progress`.
        """
        window, order, selection = query.window(), query.order(SortColumn.HEALTH), query.selection()
        page = await self._lists.page(replace(selection, popular=True), order, window)
        items = self._lists.items(page.rowids, hide_adult=selection.hide_adult, with_progress=True)
        return PopularList(results=items, first=window.first, last=window.last)
