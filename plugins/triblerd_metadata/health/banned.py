"""Addresses that the user has banned, as peers or as anything else."""

from triblerd.plugin import Services
from triblerd_libtorrent.api import PeerBans


class Banned:
    """Looks at the engine's bans, if there is an engine.

    Args:
        services: Finds them.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def is_banned(self, address: str) -> bool:
        """Return whether an address is not to be spoken to."""
        bans = self._services.find(PeerBans)
        return bans is not None and bans.is_banned(address)
