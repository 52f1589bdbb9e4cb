"""What ``/state`` answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class PluginState(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin."""

    state: Annotated[str, Meta(description="Where it is in its life, such as `running`")]
    reason: Annotated[str, Meta(description="Why it does not run; empty when it does")]
    report: Annotated[str | None, Meta(description="What it says of itself")]


class DaemonState(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon as a whole."""

    state: Annotated[
        Literal["STARTING", "UPGRADING", "STARTED", "EXCEPTION"],
        Meta(description="`EXCEPTION` only after an error that leaves the daemon unusable"),
    ]
    last_exception: Annotated[str | None, Meta(description="Text of the last unhandled error, until a restart")]
    readable_state: Annotated[str, Meta(description="One short sentence while the daemon starts, then empty")]
    plugins: Annotated[dict[str, PluginState], Meta(description="Every installed plugin by name")]
