"""The section ``[logging]``."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from triblerd.config import Section

Level = Literal["debug", "info", "warning", "error"]


class LoggingConfig(Section):
    """What is logged beside, or instead of, what ``general.log_level`` says."""

    levels: Annotated[
        Mapping[str, Level],
        Meta(description="Least level by logger, such as triblerd_libtorrent: of it, and of those below it"),
    ] = {}
