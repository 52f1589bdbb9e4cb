"""This node: a socket, a key, the overlays on it, and the walk that supplies them with peers."""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

from ipv8.community import Community, CommunitySettings
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.interfaces.endpoint import Endpoint
from ipv8.messaging.interfaces.lan_addresses.interfaces import get_lan_addresses, get_providers
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address
from ipv8.peer import Peer
from ipv8.peerdiscovery.churn import RandomChurn
from ipv8.peerdiscovery.community import DiscoveryCommunity, PeriodicSimilarity
from ipv8.peerdiscovery.discovery import DiscoveryStrategy

from triblerd.errors import FailedError
from triblerd_ipv8.answers import is_address
from triblerd_ipv8.api import RANDOM_WALK, NodeParts, Traffic, Walker
from triblerd_ipv8.config import Ipv8Config
from triblerd_ipv8.introducers import Introducers, Introductions
from triblerd_ipv8.library import (
    DHTDiscoveryCommunity,
    KnownPeers,
    Upkeep,
    dispatcher_for,
    hush,
    tell_addresses,
)
from triblerd_ipv8.quiet import SeldomLogger
from triblerd_ipv8.sockets import NodeSocket, make_socket

log = logging.getLogger(__name__)

OverlayT = TypeVar("OverlayT")

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared with
ALWAYS = -1
LATE = 0.1
"""Which part of a pause the loop may be late with before the walk is slowed down."""
SLOWER = 1.5
MOST_MEASUREMENTS = 100
LEAVE_SECONDS = 5.0
INTERFACES_LIMIT_SECONDS = 5.0

DISCOVERY = (
    *RANDOM_WALK,
    Walker(make=RandomChurn, peers=ALWAYS),
    Walker(make=PeriodicSimilarity, peers=ALWAYS),
)
DHT = (*RANDOM_WALK, Walker(make=Upkeep, peers=ALWAYS))


class CannotListenError(FailedError):
    """The socket cannot be opened."""


class NeedsRestartError(FailedError):
    """What is wanted cannot be done while the network runs."""

    def __init__(self) -> None:
        super().__init__("the overlay network is started again")


class Node:
    """Implements :class:`triblerd_ipv8.api.Overlays`.

    Args:
        config: Where to listen and whom to ask.
        private_key: 74 bytes; see ``OwnIdentity``.
        discovery: Take part in the overlay in which peers of all overlays find each other.
        dht: Take part in the DHT.

    Attributes:
        config: As it is in force.
        wanted: Whether it takes part in the first overlay, and in the DHT.
        overlays: All that were joined, in that order.
        introducers: Who is asked while an overlay has no peers.
        drift: How late the walk's steps were, as Unix time and seconds; ``None`` while nobody measures.
    """

    def __init__(self, *, config: Ipv8Config, private_key: bytes, discovery: bool, dht: bool) -> None:
        self.config = config
        self.wanted = (discovery, dht)
        self._socket = make_socket(config.endpoint, config.port, config.address)
        self._me = Peer(default_eccrypto.key_from_private_bin(private_key))
        self._network = KnownPeers()
        self._parts = NodeParts(
            my_peer=self._me,
            endpoint=dispatcher_for(cast("Endpoint", self._socket)),
            network=self._network,
            dht=None,
            socket=self._socket,
        )
        self._own_addresses: tuple[str, ...] = (config.address,) if self.is_private else ()
        self._walkers: list[tuple[DiscoveryStrategy[Any], int]] = []
        self._leaving: dict[object, Callable[[], Awaitable[None]]] = {}
        self._log = SeldomLogger(log)
        servers = config.bootstrap if config.bootstrap_override is None else (config.bootstrap_override,)
        self.introducers = Introducers(servers, walk_interval=config.walk_interval)
        self.overlays: list[Community] = []
        self.drift: deque[tuple[float, float]] | None = None

    @property
    def port(self) -> int:
        """The UDP port in use."""
        return self._socket.get_address()[1]

    @property
    def parts(self) -> NodeParts:
        """What overlays are made of."""
        return self._parts

    @property
    def socket(self) -> NodeSocket:
        """The socket."""
        return self._socket

    @property
    def traffic(self) -> Traffic:
        """What went through the socket."""
        sent, received = self._socket.traffic()
        return Traffic(sent=sent, received=received)

    @property
    def is_private(self) -> bool:
        """Whether it keeps to one address, and looks for no others of this machine."""
        return self.config.address != ANY_ADDRESS

    async def open(self) -> None:
        """Open the socket, and join the overlays that this plugin brings itself.

        Raises:
            CannotListenError: the address is none of this machine, or no port is free.
        """
        try:
            _try_address(self.config.address)
            is_open = await self._parts.endpoint.open()
        except Exception as error:  # whatever Rust has for it
            raise self._cannot_listen() from error
        if not is_open:
            raise self._cannot_listen()
        if not self.is_private:
            await self.look_for_interfaces()
        discovery, dht = self.wanted
        if discovery:
            self.join(lambda parts: DiscoveryCommunity(settings_of(parts)), DISCOVERY)
        if dht:
            self._parts = NodeParts(
                my_peer=self._me,
                endpoint=self._parts.endpoint,
                network=self._network,
                dht=self.join(lambda parts: DHTDiscoveryCommunity(settings_of(parts)), DHT),
                socket=self._socket,
            )

    async def close(self) -> None:
        """Have everybody leave, and close the socket. A second call changes nothing."""
        while self._leaving:
            _, leave = self._leaving.popitem()
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await leave()
            except Exception:  # a border: another plugin
                log.exception("A plugin did not leave its overlays as it should")
        for overlay in reversed(self.overlays):
            await self.leave(overlay)
        await self._socket.close()

    def join(self, make: Callable[[NodeParts], OverlayT], walkers: Sequence[Walker] = RANDOM_WALK) -> OverlayT:
        """Make an overlay and supply it with peers; see ``Overlays``."""
        overlay: Any = make(self._parts)
        hush(overlay)
        tell_addresses(overlay, lambda: self._own_addresses, self.port)
        if self.is_private:
            overlay.my_estimated_lan = overlay.my_estimated_wan = UDPv4Address(self.config.address, self.port)
        overlay.bootstrappers.append(Introductions(self.introducers))
        if self.config.statistics:
            self._socket.messages.turn(overlay.get_prefix(), on=True)
        self.overlays.append(overlay)
        self._walkers += [(walker.make(overlay), walker.peers) for walker in walkers]
        return overlay  # type: ignore[no-any-return]

    async def leave(self, overlay: Any) -> None:
        """Unload an overlay; see ``Overlays``."""
        if overlay not in self.overlays:
            return
        self.overlays.remove(overlay)
        self._walkers = [(strategy, peers) for strategy, peers in self._walkers if strategy.overlay is not overlay]
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await overlay.unload()
        except Exception:  # a border: what a plugin brought along
            log.exception("The overlay %s did not end as it should", type(overlay).__name__)
        self._socket.messages.turn(overlay.get_prefix(), on=False)
        identifier = overlay.community_id
        if self._network.service_overlays.get(identifier) is overlay:
            del self._network.service_overlays[identifier]  # or peers are told that we still take part

    def when_stopping(self, leave: Callable[[], Awaitable[None]]) -> Callable[[], None]:
        """Await ``leave`` before the network stops; see ``Overlays``."""
        key = object()
        self._leaving[key] = leave
        return lambda: self._leaving.pop(key, None) and None

    def walkers_of(self, overlay: Community) -> Iterator[tuple[str, int]]:
        """Yield the names of an overlay's walkers, each with the number of peers up to which it walks."""
        for strategy, peers in self._walkers:
            if strategy.overlay is overlay:
                yield type(strategy).__name__, peers

    async def look_for_interfaces(self) -> None:
        """Find out which addresses this machine has, for peers in the same network."""
        try:
            async with asyncio.timeout(INTERFACES_LIMIT_SECONDS):  # the host's name is looked up, too
                self._own_addresses = await asyncio.to_thread(_look_for_addresses)
        except TimeoutError:
            log.info("It takes long to find out which addresses this machine has")

    def take(self, config: Ipv8Config) -> None:
        """Go on with other settings.

        Raises:
            NeedsRestartError: another socket, or other introducers, are wanted.
        """
        kept = ("port", "address", "endpoint", "bootstrap", "bootstrap_override")
        if any(getattr(config, key) != getattr(self.config, key) for key in kept):
            raise NeedsRestartError
        if config.statistics != self.config.statistics:
            for overlay in self.overlays:
                self._socket.messages.turn(overlay.get_prefix(), on=config.statistics)
        self.config = config

    async def walk(self) -> None:
        """Take steps, for ever."""
        loop = asyncio.get_running_loop()
        pause = self.config.walk_interval
        while True:
            for strategy, peers in self._walkers:
                self._step(strategy, peers)
                await asyncio.sleep(0)  # a step signs a packet or two
            began = loop.time()
            await asyncio.sleep(pause)
            late = loop.time() - began - pause
            if self.drift is not None:
                self.drift.append((time.time(), max(0.0, late)))
            pause = self._paced(pause, late)

    def measure_drift(self, *, on: bool) -> None:
        """Remember how late steps are, or forget it."""
        if not on:
            self.drift = None
        elif self.drift is None:
            self.drift = deque(maxlen=MOST_MEASUREMENTS)

    def _step(self, strategy: DiscoveryStrategy[Any], peers: int) -> None:
        try:
            if peers == ALWAYS or strategy.get_peer_count() < peers:
                strategy.take_step()
        except Exception:  # noqa: BLE001 - a border: what a plugin brought along
            self._log.exception("The walk of %s failed", type(strategy.overlay).__name__)

    def _paced(self, pause: float, late: float) -> float:
        """Return the next pause: longer while the loop is busy, the configured one when it no longer is."""
        config = self.config
        if not config.walk_scaling_enabled:
            return config.walk_interval
        longest = max(config.walk_interval, config.walk_scaling_upper_limit)
        if late > LATE * pause:
            return min(longest, pause * SLOWER)
        return max(config.walk_interval, pause / SLOWER)

    def _cannot_listen(self) -> CannotListenError:
        where = f"{self.config.address}:{self.config.port}"
        return CannotListenError(f"no UDP socket can be opened on {where}")


def _look_for_addresses() -> tuple[str, ...]:
    """Return the addresses of IPv4 that this machine has, the likeliest first. For a thread."""
    for provider in get_providers():
        provider.discover_addresses()
    return tuple(filter(is_address, get_lan_addresses()))


def _try_address(address: str) -> None:
    """Raise what is wrong with an address, of which the endpoint would try a thousand ports, with a line for each."""
    if is_address(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))


def settings_of(parts: NodeParts) -> CommunitySettings:
    """Return the settings of an overlay without any of its own."""
    return CommunitySettings(my_peer=parts.my_peer, endpoint=parts.endpoint, network=parts.network)
