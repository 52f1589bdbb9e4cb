"""The ``[torrentinfo]`` section."""

from typing import Annotated

from msgspec import Meta

from triblerd.config import Section


class TorrentInfoConfig(Section):
    """How torrents are looked up."""

    lookup_timeout: Annotated[
        float, Meta(gt=0, le=60, description="Seconds that peers may take to send the metadata of a magnet link")
    ] = 60.0
