"""The ``[rss]`` section."""

from typing import Annotated, Self

from msgspec import Meta

from triblerd.config import Section
from triblerd_rss.addresses import LONGEST, MOST_FEEDS, problem_of


class RssConfig(Section):
    """Which feeds of torrents are followed, and how."""

    urls: Annotated[tuple[str, ...], Meta(description="Addresses of the feeds, http: or https:, RSS or Atom")] = ()
    interval: Annotated[float, Meta(ge=10, le=86400, description="Seconds between two polls of a feed")] = 60.0
    timeout: Annotated[float, Meta(ge=1, le=300, description="Seconds that the server of a feed may take")] = 30.0
    remember: Annotated[bool, Meta(description="Put the torrents of feeds into the metadata store")] = True
    lookups: Annotated[
        int,
        Meta(ge=0, le=1000, description="Torrent files fetched per poll of a feed, to know what they are, each once"),
    ] = 10
    hops: Annotated[
        int,
        Meta(
            ge=0,
            le=3,
            description="Hops between us and those who are asked for these torrent files; feeds come plainly",
        ),
    ] = 0
    kept_entries: Annotated[
        int, Meta(ge=100, le=100_000, description="Entries remembered of a feed that are not in it any more")
    ] = 2000
    kept_days: Annotated[float, Meta(ge=1, le=3650, description="Days for which they are remembered")] = 365.0

    def objection(self, before: Self) -> str:
        """Refuse addresses that no feed can have; one that the file has already is told of with that feed."""
        for url in self.urls:
            if url not in before.urls and (problem := problem_of(url)):
                return f"rss.urls: {url[:LONGEST]!r} {problem}"
        if len(self.urls) > max(MOST_FEEDS, len(before.urls)):
            return f"rss.urls: at most {MOST_FEEDS}, not {len(self.urls)}"
        return ""
