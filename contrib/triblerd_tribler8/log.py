"""``GET /api/logging``."""

from triblerd.http.endpoint import Scope, route
from triblerd.services import LogRecord
from triblerd_logging.api import LastRecords
from triblerd_tribler8.parts import Dialect

_MOST_RECORDS = 400


class LogPart(Dialect):
    """What the daemon logs."""

    prefix = "/api/logging"

    @route("GET", "", scope=Scope.ADMIN, media_type="text/plain")
    async def log(self) -> bytes:
        """Return the last 400 records at most, the oldest first, without secrets; `/logging` filters them, too."""
        records = await self.need(LastRecords).last(_MOST_RECORDS)
        return "\n".join(map(_lines, records)).encode(errors="replace")


def _lines(record: LogRecord) -> str:
    """Return a record as consoles of version 8 show it."""
    line = f"{record.level.upper()}:{record.logger}:{record.message}"
    return f"{line}\n{record.exception}" if record.exception else line
