"""The hook that this area calls."""

from collections.abc import Mapping

from triblerd.plugin import hookspec

Figure = int | float | str | None
"""What a plugin counts: a number with its unit in the documentation, or a short text."""


@hookspec
def triblerd_statistics() -> Mapping[str, Mapping[str, Figure]]:
    """Return figures of the plugin by section and name, for ``GET /statistics``.

    Called for each request, so it answers from memory. The section is usually the plugin's own name; ``tribler`` and
    ``ipv8`` are those of the documented routes, and several plugins may add to one section. Implement it on a running
    object, and mark it ``optionalhook``, since the statistics plugin may be turned off.

    Example::

        class Metadata:
            @hookimpl(optionalhook=True)
            def triblerd_statistics(self) -> Mapping[str, Mapping[str, Figure]]:
                return {"tribler": {"num_torrents": self.count}}
    """
    raise NotImplementedError
