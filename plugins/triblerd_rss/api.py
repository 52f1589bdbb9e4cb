"""What other plugins see of this area: the list of feeds, and the event of an entry that was taken."""

from collections.abc import Iterable
from typing import ClassVar, Protocol, runtime_checkable

from triblerd.events import Arguments, Event


@runtime_checkable
class Feeds(Protocol):
    """The feeds that are followed."""

    def urls(self) -> tuple[str, ...]:
        """Return their addresses, as the settings have them."""

    async def follow(self, urls: Iterable[str]) -> None:
        """Follow these feeds and no others, and poll all of them at once, in the background.

        The list is in the settings file when this returns. What is known of a feed that is left out is forgotten.

        Args:
            urls: ``http:`` or ``https:``. Empty texts are ignored, and repetitions.

        Raises:
            InvalidInputError: one of them is no such address, or they are too many; nothing was changed.
        """


class RssEntryTaken(Event):
    """A rule took an entry of a feed: there is a download of it now."""

    topic: ClassVar[str] = "rss_entry_taken"
    arguments: ClassVar[Arguments] = Arguments.HIDDEN

    rule: str
    feed: str
    """What names the feed in paths: 16 hex digits."""
    title: str
    infohash: str
    existed: bool
    """There was one already."""
