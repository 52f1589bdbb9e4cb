"""What every endpoint of the dialect is made of."""

from collections.abc import Sequence
from typing import TypeVar

from triblerd.errors import NotStartedError
from triblerd.http.endpoint import Endpoint
from triblerd.plugin import PluginContext, hookimpl
from triblerd_tribler8.config import Tribler8Config

T = TypeVar("T")


class Dialect(Endpoint):
    """A part of the dialect. What it shows and changes is found when somebody asks: any area may be off.

    Args:
        context: Of the plugin.
    """

    def __init__(self, context: PluginContext[Tribler8Config]) -> None:
        self.context = context

    async def open(self) -> None:
        """Make ready, before anything is asked."""

    def need(self, kind: type[T]) -> T:
        """Return the service of an area.

        Raises:
            NotStartedError: nobody offers it now.
        """
        found = self.context.services.find(kind)
        if found is None:
            msg = f"Nobody offers {kind.__name__} now"
            raise NotStartedError(msg)
        return found


class LiveSection:
    """Hands a changed section to the endpoints, which go on answering."""

    def __init__(self, parts: Sequence[Dialect]) -> None:
        self._parts = parts

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[Tribler8Config]) -> None:
        """Take the section as it is now."""
        for part in self._parts:
            part.context = context
