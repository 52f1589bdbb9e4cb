"""The section ``[statistics]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class StatisticsConfig(Section):
    """How transfers are counted."""

    sample_interval: Annotated[
        float,
        Meta(ge=1, le=3600, description="Seconds between two looks at what was transferred; a crash loses no more"),
    ] = 60.0
