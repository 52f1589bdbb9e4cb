"""What the rest of the plugin knows of streaming ("video on demand")."""

from typing import Protocol

import msgspec

from triblerd_libtorrent.api import Infohash


class VodStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How ready a download is to be played; all shares are 0..1, and 0 while nothing of it is streamed.

    Attributes:
        is_enabled: A file is streamed, or prepared for it.
        prebuffering: What is there of the part that is played first.
        prebuffering_consecutive: The same, up to the first gap.
        header: What is there of the beginning of the file; ``footer`` of its end.
    """

    is_enabled: bool = False
    prebuffering: float = 0.0
    prebuffering_consecutive: float = 0.0
    header: float = 0.0
    footer: float = 0.0


class StreamEnder(Protocol):
    """Ends streams."""

    async def end(self, infohash: Infohash) -> bool:
        """End all streams of a download and fetch its files as selected; return whether there was one."""
