"""The section ``[upgrader]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class UpgraderConfig(Section):
    """How data of older releases are brought up to date."""

    backups_kept: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="Copies of the store and the settings from before an upgrade that are kept; 0 makes none",
        ),
    ] = 2
