"""``PUT /api/shutdown``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from triblerd.http.endpoint import Scope, route
from triblerd.services import Lifecycle
from triblerd_tribler8.parts import Dialect


class ShutdownQuery(msgspec.Struct, frozen=True):
    """What comes after the stop."""

    restart: Annotated[bool, Meta(description="Start the program again, with the same arguments")] = False


class ShuttingDown(msgspec.Struct, frozen=True):
    """The daemon is about to stop."""

    shutdown: Annotated[bool, Meta(description="Always true")] = True


class ShutdownPart(Dialect):
    """The end of the daemon, or of one run of it."""

    prefix = "/api/shutdown"

    @route("PUT", "", scope=Scope.ADMIN)
    async def shut_down(self, query: ShutdownQuery) -> ShuttingDown:
        """Stop the daemon in order, and start it again if that is wanted.

        The answer comes before anything is stopped. A body is ignored. With `restart=1` the process stays, and so does
        what is stored; a second call that wants no restart has its way.
        """
        self.context.service(Lifecycle).request_stop(restart=query.restart)
        return ShuttingDown()
