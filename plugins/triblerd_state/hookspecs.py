"""The hook that this area calls."""

from triblerd.plugin import hookspec


@hookspec
def triblerd_state_report() -> str | None:
    """Say in a few words how the plugin is, for ``GET /state``; ``None`` when there is nothing to say.

    Called for each request, so it answers from memory. Implement it on a running object, and mark it
    ``optionalhook``, since the state plugin may be turned off.

    Example::

        class Downloads:
            @hookimpl(optionalhook=True)
            def triblerd_state_report(self) -> str | None:
                return f"{self.loaded} of {self.total} downloads loaded"
    """
    raise NotImplementedError
