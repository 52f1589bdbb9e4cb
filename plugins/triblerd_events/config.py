"""The section ``[resource_monitor]``."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section


class ResourceMonitor(Section):
    """How the daemon watches what it uses of the machine."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[
        bool, Meta(description="Watch CPU, memory, and the free space of the state directory's disk")
    ] = True
    cpu_priority: Annotated[
        int,
        Meta(ge=0, le=5, description="0 idle, 1 below normal, 2 normal .. 5 realtime (stored, not acted upon)"),
    ] = 1
    poll_interval: Annotated[int, Meta(ge=1, le=86400, description="Seconds between two measurements")] = 5
    history_size: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Measurements that a GUI shows (stored, not acted upon)")
    ] = 20
