"""The domain: it knows nothing of HTTP, and of the daemon no more than it was given."""

import msgspec

from triblerd.errors import ConflictError
from triblerd.events import EventBus
from triblerd.plugin import PluginContext, hookimpl
from triblerd.store import Table
from triblerd_hello.api import Greeted
from triblerd_hello.config import HelloConfig

KEY = b"greetings"


class GreetedItselfError(ConflictError):
    """A greeter was asked to greet a greeter."""


class Tally(msgspec.Struct, array_like=True):
    """How many greetings there were, as the store keeps it."""

    count: int


class Greeter:
    """Greets, counts, tells.

    Args:
        config: How to greet.
        table: Where the number of greetings outlives the daemon.
        events: Who is told.

    Attributes:
        count: Greetings so far.
        saved: How many of them are on disk.
    """

    def __init__(self, *, config: HelloConfig, table: Table[Tally], events: EventBus) -> None:
        self.config = config
        self._table = table
        self._events = events
        stored = table.get(KEY)
        self.saved = self.count = stored.count if stored else 0

    def greet(self, name: str) -> str:
        """Return a greeting.

        Raises:
            GreetedItselfError: ``name`` is the greeting itself.
        """
        if name == self.config.greeting:
            msg = f"{name} is no name"
            raise GreetedItselfError(msg)
        self.count += 1
        self._events.publish(Greeted(name=name, count=self.count))
        return f"{self.config.greeting}, {name}!"

    async def save(self) -> None:
        """Write the number of greetings down when it has changed; it is on disk when this returns."""
        if self.count != self.saved:
            count = self.count  # more may be greeted meanwhile
            await self._table.put(KEY, Tally(count))
            self.saved = count

    @hookimpl
    def triblerd_reconfigure(self, context: PluginContext[HelloConfig]) -> None:
        """Greet in the new way from now on; without this the plugin would be restarted."""
        self.config = context.config
