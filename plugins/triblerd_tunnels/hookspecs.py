"""The hook that this area calls."""

from triblerd.plugin import hookspec
from triblerd_tunnels.api import CircuitBook


@hookspec
def triblerd_circuits(book: CircuitBook) -> None:
    """Listen to what becomes of circuits.

    Called once each time that the tunnels begin, before there is any circuit, on the objects of plugins that run
    already: those that name ``tunnels`` in ``finds`` and were there first. One that starts later finds the service
    ``CircuitBook``. Implement it on a running object, and mark it ``optionalhook``, since the tunnels may be off.

    Example::

        class Accounts:
            @hookimpl(optionalhook=True)
            def triblerd_circuits(self, book: CircuitBook) -> None:
                book.listen(self.closed)
    """
    raise NotImplementedError
