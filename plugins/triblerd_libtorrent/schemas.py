"""What is asked and answered under ``/libtorrent``."""

from typing import Annotated

import msgspec
from msgspec import Meta


class SessionQuery(msgspec.Struct):
    """Which session is meant."""

    hop: Annotated[str, Meta(description="Number of hops of the session, an integer; empty is 0")] = ""


class SessionSettings(msgspec.Struct):
    """The settings of one session."""

    hop: Annotated[int, Meta(description="As asked")]
    settings: Annotated[
        dict[str, str | int | bool],
        Meta(description="The engine's settings by name; empty when there is no such session"),
    ]


class SessionCounters(msgspec.Struct):
    """The counters of one session."""

    hop: Annotated[int, Meta(description="As asked")]
    session: Annotated[
        dict[str, int], Meta(description="The engine's counters by name; empty when there is no such session")
    ]
