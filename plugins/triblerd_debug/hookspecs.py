"""The hook that this area calls."""

from collections.abc import Mapping

from triblerd.plugin import hookspec


@hookspec
def triblerd_debug_report() -> Mapping[str, object]:
    """Return what an administrator may want to know of the plugin's inside, as JSON values, for ``GET /debug/report``.

    Called for each request, so it answers from memory. It names no secrets; those of the settings file, and what
    looks like a key or a password in a URL, are masked all the same. Implement it on a running object, and mark it
    ``optionalhook``, since the debug plugin may be turned off.

    Example::

        class Lookups:
            @hookimpl(optionalhook=True)
            def triblerd_debug_report(self) -> Mapping[str, object]:
                return {"waiting": len(self.waiting), "oldest_seconds": self.oldest_seconds}
    """
    raise NotImplementedError
