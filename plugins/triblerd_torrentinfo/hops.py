"""How many hops a look-up has whose client does not say.

Why, and what else there would have been, stands in ``docs/decisions/0015-look-ups.md``.
"""

from triblerd.errors import NotFoundError
from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import TorrentEngine

_TUNNELS = "tunnels"
_CAREFUL = 1


class DefaultHops:
    """The user's default for downloads, in a daemon that can be anonymous or ought to be; else 0."""

    def __init__(self, *, services: Services, plugins: PluginDirectory, engine: TorrentEngine) -> None:
        self._services = services
        self._plugins = plugins
        self._engine = engine

    def now(self) -> int:
        """Return the number of hops. A session of that many may be missing, when the tunnels are wanted but not up."""
        if not any(self._engine.sessions()) and not self._tunnels_are_wanted():
            return 0
        downloads = self._services.find(Downloads)
        return _CAREFUL if downloads is None else downloads.default_hops

    def _tunnels_are_wanted(self) -> bool:
        try:
            return self._plugins.plugin(_TUNNELS).enabled
        except NotFoundError:
            return False
