"""The section ``[metadata]``."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class MetadataConfig(Section):
    """What is remembered of torrents."""

    remember_own: Annotated[
        bool,
        Meta(description="Put torrents into the metadata store that are downloaded, looked up or created here"),
    ] = True
