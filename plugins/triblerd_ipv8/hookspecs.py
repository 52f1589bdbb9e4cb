"""The hook that this area calls."""

from collections.abc import Awaitable, Callable

from triblerd.plugin import hookspec
from triblerd_ipv8.api import Overlays


@hookspec
def triblerd_overlays(overlays: Overlays) -> Callable[[], Awaitable[None]] | None:
    """Join overlays, and return what leaves them again.

    Called once, at the end of the ``ipv8`` plugin's start, on the objects of plugins that run already: those that name
    it in ``after`` or ``finds`` and were there first. One that starts later finds the service ``Overlays``, joins by
    itself, and hands what leaves to ``when_stopping``. What is returned here is awaited before the overlay network
    stops, too; when the plugin itself stops earlier, it leaves by itself, and to leave twice changes nothing. Implement
    it on a running object, and mark it ``optionalhook``, since the ipv8 plugin may be turned off.

    Example::

        class Accounting:
            @hookimpl(optionalhook=True)
            def triblerd_overlays(self, overlays: Overlays) -> Callable[[], Awaitable[None]]:
                community = overlays.join(self.make_community)
                return lambda: overlays.leave(community)
    """
    raise NotImplementedError
