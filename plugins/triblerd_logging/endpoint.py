"""``/logging``."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from triblerd.errors import FailedError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.services import Configuration, LogRecord
from triblerd_logging.api import LastRecords, LogFilter
from triblerd_logging.config import Level
from triblerd_logging.levels import ROOT, LogLevels
from triblerd_logging.schemas import Levels, LevelsBody, RecordItem, Records, RecordsQuery

_TEXT = "text/plain"
_EXAMPLE = {
    "records": [
        {"time": 1700000000.25, "level": "info", "logger": "triblerd.daemon", "message": "...", "exception": ""}
    ]
}
admin_route = partial(route, scope=Scope.ADMIN)


class LoggingEndpoint(Endpoint):
    """What the daemon logs, for administrators. Secrets are masked."""

    prefix = "/logging"

    def __init__(self, *, records: LastRecords, levels: LogLevels, configuration: Configuration) -> None:
        self._records = records
        self._levels = levels
        self._configuration = configuration

    @admin_route("GET", "", answers=Records, also=(_TEXT,), examples={"answer": _EXAMPLE})
    async def last_records(self, query: RecordsQuery, media_type: str) -> Records | bytes:
        """Return the last records of the log since the daemon's start, 1,000 at most, or as the lines of the log.

        What is older is in the log's files: see `GET /debug/log`.
        """
        wanted = LogFilter(level=query.level, logger=query.logger, contains=query.contains)
        found = await self._records.last(query.limit, wanted, after=query.since)
        if media_type == _TEXT:
            return "".join(map(_lines, found)).encode(errors="replace")
        return Records(records=[_item(record) for record in found])

    @admin_route("GET", "/levels")
    async def levels(self) -> Levels:
        """Return the least levels of which records are logged."""
        return Levels(
            levels=self._levels.present(),
            configured=dict(self._levels.configured),
            loggers=list(self._levels.known()),
        )

    @admin_route(
        "PUT", "/levels", raises=(FailedError,), examples={"body": {"levels": {"triblerd_libtorrent": "debug"}}}
    )
    async def set_levels(self, body: LevelsBody) -> Levels:
        """Set the least levels of loggers and those below them, until the daemon ends, or for good with `store`."""
        self._levels.change(body.levels)
        if body.store:
            await self._configuration.change(self._stored(body.levels))
        return await self.levels()

    def _stored(self, changes: Mapping[str, Level | None]) -> dict[str, dict[str, object]]:
        levels = {**self._levels.configured, **changes}
        root = levels.pop(ROOT, None)
        stored: dict[str, dict[str, object]] = {
            "logging": {"levels": {name: level for name, level in levels.items() if level}}
        }
        if root:
            stored["general"] = {"log_level": root}
        return stored


def _item(record: LogRecord) -> RecordItem:
    return RecordItem(
        time=record.time,
        level=record.level,
        logger=record.logger,
        message=record.message,
        exception=record.exception,
    )


def _lines(record: LogRecord) -> str:
    """Return a record as the log's files have it."""
    time = datetime.fromtimestamp(record.time, UTC)
    lines = f"{time:%Y-%m-%dT%H:%M:%SZ} {record.level.upper():<7} {record.logger}: {record.message}\n"
    return lines + (f"{record.exception}\n" if record.exception else "")
