"""What ``/logging`` is asked and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from triblerd_logging.api import MOST_RECORDS
from triblerd_logging.config import Level


class RecordsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which records."""

    limit: Annotated[int, Meta(ge=1, le=MOST_RECORDS, description="The last ones, at most so many")] = 400
    level: Annotated[
        Literal["", "debug", "info", "warning", "error"], Meta(description="Only records of this level and above")
    ] = ""
    logger: Annotated[
        str, Meta(description="Only records of this logger and those below it, such as `triblerd_libtorrent`")
    ] = ""
    contains: Annotated[str, Meta(description="Only records that contain this text, in whatever case")] = ""
    since: Annotated[
        float, Meta(description="Only what was logged after this Unix time, such as the `time` of the last one seen")
    ] = 0.0


class RecordItem(msgspec.Struct, frozen=True, kw_only=True):
    """One record."""

    time: Annotated[float, Meta(description="Unix time")]
    level: Annotated[str, Meta(description="`debug`, `info`, `warning`, `error` or `critical`")]
    logger: Annotated[str, Meta(description="Who logged it: a module")]
    message: Annotated[str, Meta(description="May have several lines")]
    exception: Annotated[str, Meta(description="A traceback; empty without one")]


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """Records of the log, without secrets."""

    records: Annotated[list[RecordItem], Meta(description="Oldest first")]


class Levels(msgspec.Struct, frozen=True, kw_only=True):
    """What is logged."""

    levels: Annotated[
        dict[str, str], Meta(description="Least level by logger, for those that have one of their own, and `root`")
    ]
    configured: Annotated[dict[str, Level], Meta(description="What `logging.levels` says")]
    loggers: Annotated[
        list[str], Meta(description="All that there are so far, and those above them, such as `triblerd_libtorrent`")
    ]


class LevelsBody(msgspec.Struct, frozen=True, kw_only=True):
    """Levels to set."""

    levels: Annotated[
        dict[str, Level | None],
        Meta(description="Least level by logger, `root` for all others; null takes back what the settings say"),
    ]
    store: Annotated[bool, Meta(description="Also write them into `triblerd.conf`")] = False
