"""The hook that this area calls."""

from collections.abc import Iterable

from triblerd.plugin import hookspec


@hookspec
def triblerd_listening_ports() -> Iterable[int]:
    """Name the ports that the plugin listens on now, for ``GET /settings``; those of the API are known already.

    Called for each request, so it answers from memory. Implement it on a running object, and mark it
    ``optionalhook``, since the settings plugin may be turned off.

    Example::

        class Overlay:
            @hookimpl(optionalhook=True)
            def triblerd_listening_ports(self) -> Iterable[int]:
                return [self.port]
    """
    raise NotImplementedError
