"""``PUT /api/rss``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import route
from triblerd_rss.api import Feeds
from triblerd_tribler8.parts import Dialect


class FeedUrls(msgspec.Struct, frozen=True):
    """The feeds to follow."""

    urls: Annotated[list[str], Meta(description="The complete list: `http:` and `https:` addresses")]


class FeedsModified(msgspec.Struct, frozen=True):
    """The list is stored, and the feeds are being polled."""

    modified: Annotated[bool, Meta(description="Always true")] = True


class RssPart(Dialect):
    """Feeds of torrents."""

    prefix = "/api/rss"

    @route("PUT", "", raises=(InvalidInputError,), examples={"body": {"urls": ["https://feeds.example/torrents.xml"]}})
    async def follow(self, body: FeedUrls) -> FeedsModified:
        """Follow these feeds and no others; all of them are polled at once."""
        await self.need(Feeds).follow(body.urls)
        return FeedsModified()
