"""``/metadata/import`` and ``/metadata/export``."""

from aiohttp import web

from triblerd.errors import InvalidInputError, TooLargeError
from triblerd.http.endpoint import Endpoint, RawBody, Scope, route
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.bulk.exporting import export_lines
from triblerd_metadata.bulk.importing import Importer
from triblerd_metadata.bulk.schemas import ExportQuery, Imported, ImportQuery, Position, SourceQuery

MEDIA_TYPE = "application/x-ndjson"


class BulkEndpoint(Endpoint):
    """Many entries at once, as lines of JSON."""

    prefix = "/metadata"

    def __init__(self, *, importer: Importer, store: MetadataStore) -> None:
        self._importer = importer
        self._store = store

    @route(
        "POST",
        "/import",
        consumes=MEDIA_TYPE,
        raises=(InvalidInputError, TooLargeError),
        examples={"answer": {"added": 1, "replaced": 0, "kept": 0, "refused": []}},
    )
    async def import_lines(self, query: ImportQuery, body: RawBody) -> Imported:
        """Store a batch of entries, one JSON object on each line; they are on disk when the answer comes.

        The keys are those that lists of the API answer; `name` and `infohash` are enough. `trackers`, `timestamp`,
        `signature`, `own` and `self_checked` make an entry whole. `metainfo` alone, a torrent file in base64, will do,
        too, but for private ones. A line that is none, or no entry, is told in `refused`; the others are stored all
        the same. Entries that are there already are kept, so that a batch may be sent again.

        With `source` and `more` the daemon remembers how far a source came; `GET /metadata/import` tells it. A second
        batch may be sent while the first one is stored: with `begin` no more is remembered than what is stored without
        a gap.
        """
        reached = Position(position=query.position, number=query.number)
        return await self._importer.take(
            body, source=query.source, begin=query.begin, reached=reached, is_last=not query.more
        )

    @route("GET", "/import", scope=Scope.WRITE, examples={"answer": {"position": 8388608, "number": 26214}})
    async def show_position(self, query: SourceQuery) -> Position:
        """Tell how far the import of a source came that was interrupted; 0 when nothing is known of it."""
        return self._importer.position(query.source)

    @route("GET", "/export", media_type=MEDIA_TYPE, streams=True)
    async def export(self, query: ExportQuery, request: web.Request) -> web.StreamResponse:
        """Send every entry, the oldest first, one JSON object on each line, as `POST /metadata/import` takes them.

        Keys that have their default are left out. The answer is whole when the transfer ends in order.
        """
        response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await response.prepare(request)
        async for chunk in export_lines(self._store, query):
            await response.write(chunk)
        await response.write_eof()
        return response
