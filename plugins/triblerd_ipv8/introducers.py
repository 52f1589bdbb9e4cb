"""Who introduces us to others: addresses and names, asked while an overlay has no peers."""

import asyncio
import logging
import random
import socket
import time
from collections.abc import Sequence

from ipv8.bootstrapping.bootstrapper_interface import Bootstrapper
from ipv8.community import Community
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address

from triblerd_ipv8.config import PUBLIC_SERVERS

log = logging.getLogger(__name__)

KEEP_SECONDS = 600.0
"""How long what a name stands for is believed, or that it stands for nothing."""
MOST_PAUSE = 30.0
PAUSE_STEPS = 60
"""Between two questions lie so many steps of the walk: 30 seconds as others have it, less where the walk is quick."""


class Introducers:
    """Addresses and names of introducers, for all overlays.

    Args:
        servers: ``host:port`` of each.
        walk_interval: Seconds between two steps of the walk.
    """

    def __init__(self, servers: Sequence[str], *, walk_interval: float) -> None:
        self.pause = min(MOST_PAUSE, PAUSE_STEPS * walk_interval)
        self.addresses: list[UDPv4Address] = []
        self.strangers: set[UDPv4Address] = set()
        """Addresses of the public servers, which are no peers themselves."""
        self._names: list[tuple[str, int, bool]] = []
        self._resolving = asyncio.Lock()
        self._resolved_at = -KEEP_SECONDS
        for server in servers:
            self.add(server)

    def add(self, server: str) -> None:
        """Add ``host:port``. What is no such thing is logged and left out."""
        host, _, port = server.rpartition(":")
        is_public = server in PUBLIC_SERVERS
        if not 0 < int(port) < 65536:  # noqa: PLR2004 - ports
            log.warning("The introducer %s is left out: there is no such port", server)
        elif _is_address(host):
            self._know(UDPv4Address(host, int(port)), is_public=is_public)
        else:
            self._names.append((host, int(port), is_public))

    async def all(self) -> Sequence[UDPv4Address]:
        """Return all addresses, those of names included that could be resolved."""
        async with self._resolving:  # whoever asks meanwhile wants the same answer
            if self._names and time.monotonic() - self._resolved_at >= KEEP_SECONDS:
                await asyncio.gather(*(self._resolve(*name) for name in self._names))
                self._resolved_at = time.monotonic()
        return self.addresses

    async def _resolve(self, host: str, port: int, is_public: bool) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, family=socket.AF_INET, type=socket.SOCK_DGRAM
            )
        except (OSError, UnicodeError):  # a name that cannot be one ends with the latter
            log.info("The introducer %s:%d has no address", host, port)
            return
        for *_, address in found[:1]:
            self._know(UDPv4Address(str(address[0]), port), is_public=is_public)

    def _know(self, address: UDPv4Address, *, is_public: bool) -> None:
        if address not in self.addresses:
            self.addresses.append(address)
        if is_public:
            self.strangers.add(address)


class Introductions(Bootstrapper):
    """Asks the introducers for one overlay."""

    def __init__(self, introducers: Introducers) -> None:
        super().__init__()
        self._introducers = introducers
        self._asked_at = -KEEP_SECONDS

    async def initialize(self, overlay: Community) -> bool:  # noqa: ARG002 - as the library calls it
        """Be ready; nothing is opened."""
        self.initialized = True
        return True

    async def get_addresses(self, overlay: Community, timeout: float) -> Sequence[UDPv4Address]:  # noqa: ARG002, ASYNC109 - as the library calls it
        """Walk to all introducers, but not again too soon; called while the overlay has no peers."""
        now = time.monotonic()
        if now - self._asked_at >= self._introducers.pause:
            self._asked_at = now
            for address in await self._introducers.all():
                self._walk(overlay, address)
        return []

    def keep_alive(self, overlay: Community) -> None:
        """Walk to one of them, so that a network that fell apart grows together; called now and then."""
        if self._introducers.addresses:
            self._walk(overlay, random.choice(self._introducers.addresses))  # noqa: S311 - no secret

    def blacklist(self) -> Sequence[UDPv4Address]:
        """Return who is no peer."""
        return list(self._introducers.strangers)

    def unload(self) -> None:
        """Do nothing: nothing is open."""

    def _walk(self, overlay: Community, address: UDPv4Address) -> None:
        if address in self._introducers.strangers:
            overlay.ensure_blacklisted(address)
        overlay.walk_to(address)


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True
