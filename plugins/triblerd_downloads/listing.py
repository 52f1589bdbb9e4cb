"""The answer to ``GET /downloads``."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import hdrs, web

from triblerd_downloads.answering import list_answer
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.details import Details
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.rows import Rows, Snapshot
from triblerd_downloads.schemas import ListQuery
from triblerd_libtorrent.api import Infohash

REVISION_HEADER = "X-Revision"

_READS_WHOLE_NUMBERS = "Go-http-client/"
"""How a program in Go names itself that says nothing else. There is one that fails on the whole list when the
availability of a download is no whole number, which it seldom is once somebody has a part."""


class Listing:
    """Makes list answers.

    Args:
        whole_rows: For readers of whole numbers.
    """

    def __init__(self, *, rows: Rows, whole_rows: Rows, downloads: DownloadSet, details: Details) -> None:
        self._rows = rows
        self._whole_rows = whole_rows
        self._downloads = downloads
        self._details = details

    async def answer(self, query: ListQuery, request: web.Request) -> web.StreamResponse:
        """Return the list that a query asks for."""
        is_whole = request.headers.get(hdrs.USER_AGENT, "").startswith(_READS_WHOLE_NUMBERS)
        kept = self._whole_rows if is_whole else self._rows
        snapshot = await (kept.all() if query.since is None else kept.since(query.since))
        if query.category is not None or query.tag is not None:
            snapshot = self._filtered(snapshot, query)
        rows = list(snapshot.rows.values())
        if query.get_peers or query.get_pieces or query.get_files:
            wanted = [Infohash(query.infohash)] if query.infohash else list(snapshot.rows)
            rows = await self._details.added(snapshot.rows, wanted, self._extra(query))
        return await list_answer(request, rows, self._about(snapshot, query), {REVISION_HEADER: snapshot.revision})

    def _filtered(self, snapshot: Snapshot, query: ListQuery) -> Snapshot:
        """Leave out what a query does not want. What changed and is not wanted any more, counts as removed."""
        wanted = {
            infohash: row
            for infohash, row in snapshot.rows.items()
            if (download := self._downloads.find(infohash)) is not None and _is_wanted(download.record, query)
        }
        removed = snapshot.removed
        if removed is not None:
            removed = removed + [infohash for infohash in snapshot.rows if infohash not in wanted]
        return Snapshot(wanted, removed, snapshot.revision)

    def _extra(self, query: ListQuery) -> Callable[[ActiveDownload], Awaitable[Mapping[str, object]]]:
        async def extra(download: ActiveDownload) -> Mapping[str, object]:
            members: dict[str, object] = {}
            if query.get_peers:
                members["peers"] = await self._details.peers(download)
            if query.get_pieces:
                members["pieces"] = await self._details.pieces(download)
            if query.get_files:
                members["files"] = msgspec.Raw(await self._details.files(download))
            return members

        return extra

    def _about(self, snapshot: Snapshot, query: ListQuery) -> dict[str, object]:
        about: dict[str, object] = {"checkpoints": self._downloads.checkpoints()}
        if query.since is not None:
            about["removed"] = [str(infohash) for infohash in snapshot.removed or ()]
            about["full"] = snapshot.removed is None
            about["revision"] = snapshot.revision
        return about


def _is_wanted(record: DownloadRecord, query: ListQuery) -> bool:
    return query.category in (None, record.category) and (query.tag is None or query.tag in record.tags)
