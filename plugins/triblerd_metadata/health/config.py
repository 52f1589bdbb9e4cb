"""The ``[torrent_checking]`` section."""

from typing import Annotated, ClassVar

from msgspec import Meta

from triblerd.config import Section


class TorrentCheckingConfig(Section):
    """How many peers torrents have: who is asked, and when."""

    repairs: ClassVar[bool] = True

    enabled: Annotated[bool, Meta(description="Check torrents when clients ask, and by itself where that is safe")] = (
        True
    )
    periodic_without_hops: Annotated[
        bool,
        Meta(
            description="Check popular and new torrents by itself also without tunnels: "
            "trackers and the DHT then learn this machine's address and which torrents it knows"
        ),
    ] = False
    interval: Annotated[
        float,
        Meta(ge=0.1, le=86400, description="Seconds between two rounds of checks by itself, of five torrents each"),
    ] = 10.0
