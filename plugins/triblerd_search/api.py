"""What other plugins see of searches."""

from typing import Protocol, runtime_checkable

import msgspec

from triblerd_metadata.api import Order, Page, Selection, Window

__all__ = ["AskedPeers", "RemoteSearch", "TextSearch"]


class AskedPeers(msgspec.Struct, frozen=True, kw_only=True):
    """Who was asked.

    Attributes:
        request_uuid: Names the search; each answer bears it.
        peers: Ids of the peers, 20 bytes each; none when nobody is known.
    """

    request_uuid: str
    peers: tuple[bytes, ...]


@runtime_checkable
class RemoteSearch(Protocol):
    """Searches at other peers; offered by a plugin that knows some."""

    def ask(self, selection: Selection, order: Order, window: Window) -> AskedPeers:
        """Ask peers for what a search here would list, and return at once. To be called on the event loop's thread.

        What they answer is stored, and told by events. Nothing leaves the machine but what the arguments say.

        Args:
            selection: What is wanted; its text is a ``txt_filter`` that was parsed without error.
            order: How each peer is to sort what it knows.
            window: The part of its list that each peer is to send.
        """


@runtime_checkable
class TextSearch(Protocol):
    """Searches what is known here."""

    async def page(self, selection: Selection, order: Order, window: Window, *, with_total: bool = False) -> Page:
        """Return a part of the list of all that is selected; what matches a text by relevance, unless a column is said.

        To be called on the event loop's thread.

        Raises:
            FilterError: the selection's text is no ``txt_filter``.
        """
