"""How many hops a look-up has whose client does not say.

Why, and what else there would have been, stands in ``docs/decisions``: anonymity of look-ups.
"""

from triblerd.errors import NotFoundError
from triblerd.services import Configuration, PluginDirectory
from triblerd_libtorrent.api import TorrentEngine

_TUNNELS = "tunnels"


class DefaultHops:
    """The user's default, in a daemon that can be anonymous; else 0."""

    def __init__(self, *, configuration: Configuration, plugins: PluginDirectory, engine: TorrentEngine) -> None:
        self._configuration = configuration
        self._plugins = plugins
        self._engine = engine

    def now(self) -> int:
        """Return the number of hops. A session of that many may be missing, when the tunnels are wanted but not up."""
        defaults = self._configuration.values().get("download_defaults", {})
        hops = defaults.get("number_hops", 0) if defaults.get("anonymity_enabled") else 0
        if not isinstance(hops, int) or not (hops in self._engine.sessions() or self._tunnels_are_wanted()):
            return 0
        return hops

    def _tunnels_are_wanted(self) -> bool:
        try:
            return self._plugins.plugin(_TUNNELS).enabled
        except NotFoundError:
            return False
