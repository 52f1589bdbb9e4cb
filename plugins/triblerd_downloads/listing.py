"""The answer to ``GET /downloads``: encoded rows, in pieces when there are many."""

import asyncio
from collections.abc import Iterator
from itertools import islice

from aiohttp import web

from triblerd.http.endpoint import encode_json
from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.details import Details
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.rows import Rows, Snapshot
from triblerd_downloads.schemas import ListQuery
from triblerd_libtorrent.api import Infohash

ROWS_AT_ONCE = 128
"""A longer list leaves in pieces of so many rows, so that other requests are answered in between."""
REVISION_HEADER = "X-Revision"

_TYPE = "application/json"
_START = b'{"downloads":['


class Listing:
    """Makes list answers."""

    def __init__(self, *, rows: Rows, downloads: DownloadSet, details: Details) -> None:
        self._rows = rows
        self._downloads = downloads
        self._details = details

    async def answer(self, query: ListQuery, request: web.Request) -> web.StreamResponse:
        """Return the list that a query asks for."""
        snapshot = await (self._rows.all() if query.since is None else self._rows.since(query.since))
        if query.category is not None or query.tag is not None:
            snapshot = self._filtered(snapshot, query)
        rows = list(snapshot.rows.values())
        if query.get_peers or query.get_pieces or query.get_files:
            rows = await self._with_details(snapshot, query)
        tail = self._tail(snapshot, query)
        headers = {REVISION_HEADER: snapshot.revision}
        if len(rows) <= ROWS_AT_ONCE or request.method == "HEAD":
            return web.Response(body=b"".join(_parts(rows, tail)), content_type=_TYPE, headers=headers)
        return await _sent_in_pieces(request, rows, tail, headers)

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

    async def _with_details(self, snapshot: Snapshot, query: ListQuery) -> list[bytes]:
        wanted = [Infohash(query.infohash)] if query.infohash else list(snapshot.rows)
        downloads = [
            download
            for infohash in wanted
            if infohash in snapshot.rows and (download := self._downloads.find(infohash)) is not None
        ]
        extras = await self._details.extras(downloads, query)
        return [_joined(row, extras.get(infohash, b"")) for infohash, row in snapshot.rows.items()]

    def _tail(self, snapshot: Snapshot, query: ListQuery) -> bytes:
        loaded = self._downloads.loaded
        about: dict[str, object] = {"checkpoints": {"total": loaded, "loaded": loaded, "all_loaded": True}}
        if query.since is not None:
            about["removed"] = [str(infohash) for infohash in snapshot.removed or ()]
            about["full"] = snapshot.removed is None
            about["revision"] = snapshot.revision
        return b"]," + encode_json(about)[1:]


def _is_wanted(record: DownloadRecord, query: ListQuery) -> bool:
    return query.category in (None, record.category) and (query.tag is None or query.tag in record.tags)


def _joined(row: bytes, extra: bytes) -> bytes:
    return b"%b,%b}" % (row[:-1], extra) if extra else row


def _parts(rows: list[bytes], tail: bytes) -> Iterator[bytes]:
    """Yield the JSON text in pieces."""
    start = _START
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_ONCE)):
        yield start + b",".join(batch)
        start = b","
    yield tail if rows else start + tail


async def _sent_in_pieces(
    request: web.Request, rows: list[bytes], tail: bytes, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    response.content_type = _TYPE
    response.content_length = len(_START) + sum(map(len, rows)) + len(rows) - 1 + len(tail)
    await response.prepare(request)
    for part in _parts(rows, tail):
        await response.write(part)
        await asyncio.sleep(0)  # a write waits only when the socket is full
    await response.write_eof()
    return response
