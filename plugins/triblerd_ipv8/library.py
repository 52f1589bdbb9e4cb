"""The library's parts as this plugin uses them: what it knows of peers, its DHT.

What the library remembers for strangers has no end there; here it has. With the two sockets, this is the module that
touches attributes which are the library's own business.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ipv8.community import Community, CommunitySettings
from ipv8.dht import DHTError
from ipv8.dht.churn import PingChurn
from ipv8.dht.discovery import DHTDiscoveryCommunity as LibraryDht
from ipv8.dht.storage import Storage
from ipv8.lazy_community import PacketDecodingError
from ipv8.messaging.interfaces.dispatcher.endpoint import DispatcherEndpoint
from ipv8.messaging.interfaces.endpoint import Endpoint
from ipv8.messaging.interfaces.udp.endpoint import Address
from ipv8.messaging.serialization import PackError
from ipv8.peer import Peer
from ipv8.peerdiscovery.network import Network

from triblerd_ipv8.quiet import seldom

INTERFACE: Final = "UDPIPv4"
LOOPBACK: Final = "127.0.0.1"

MINOR: Final = (PackError, PacketDecodingError, ValueError, DHTError)
"""What a broken packet, a key that is none, or a search without an answer, ends with."""

MOST_PEERS: Final = 1000
MOST_ADDRESSES: Final = 5000
MOST_INTRODUCED: Final = 50
"""Addresses that are remembered of one peer's introductions."""
MOST_SERVICES: Final = 100
"""Overlays that one peer may say it takes part in."""

MOST_KEYS: Final = 20_000
"""Keys under which the DHT keeps values, and under which it keeps peers."""
MOST_VALUES: Final = 100
"""Values under one key; an answer has 8."""
UPKEEP_SECONDS: Final = 5.0


def dispatcher_for(socket: Endpoint) -> DispatcherEndpoint:
    """Return what overlays send and listen by."""
    dispatcher = DispatcherEndpoint([])
    dispatcher.interfaces[INTERFACE] = socket
    dispatcher.interface_order.append(INTERFACE)
    dispatcher._preferred_interface = socket  # noqa: SLF001
    return dispatcher


def hush(overlay: Community) -> None:
    """Have an overlay say the same thing once a minute, whatever strangers send."""
    overlay.logger = overlay._logger = seldom(overlay.logger, MINOR)  # noqa: SLF001


def tell_addresses(overlay: Community, own: Callable[[], Sequence[str]], port: int) -> None:
    """Have an overlay ask us which addresses this machine has.

    By itself it would look for them on the event loop, which a look-up of the host's name may hold for seconds, and
    introduce nodes on 127.0.0.1 to each other under the address of another interface.

    Args:
        overlay: It was just made.
        own: Returns the addresses, the likeliest first.
        port: The socket's.
    """

    def lan_address(bootstrap: bool = False) -> tuple[str, int]:
        return next(iter(own()), LOOPBACK), 0 if bootstrap else port

    overlay.address_is_lan = lambda address: address in own()  # type: ignore[method-assign]
    overlay._get_lan_address = lan_address  # type: ignore[method-assign]  # noqa: SLF001
    overlay.cancel_pending_task("discover_lan_addresses")


class KnownPeers(Network):
    """What is known of peers, up to a limit. Those who are there stay; who is silent is dropped by the churn."""

    def discover_address(
        self, peer: Peer, address: Address, service: bytes | None = None, new_style: bool = False
    ) -> None:
        """Remember an address that a peer has named; the oldest that nobody answers from are forgotten."""
        super().discover_address(peer, address, service, new_style)
        introduced = self.reverse_intro_lookup.get(peer, [])
        del introduced[:-MOST_INTRODUCED]
        if len(self._all_addresses) > MOST_ADDRESSES:
            answering = {known for peer in self.verified_peers for known in peer.addresses.values()}
            silent = [known for known in self._all_addresses if known not in answering]
            for known in silent[: MOST_ADDRESSES // 10]:
                del self._all_addresses[known]

    def add_verified_peer(self, peer: Peer) -> None:
        """Remember a peer, unless there are too many."""
        peer.last_response = peer.last_response or time.time()  # who never says a word again would stay for good
        if len(self.verified_peers) < MOST_PEERS or peer in self.verified_peers:
            super().add_verified_peer(peer)

    def discover_services(self, peer: Peer, services: Iterable[bytes]) -> None:
        """Remember what a peer takes part in, of peers that are remembered."""
        key = peer.public_key.key_to_bin()
        new = set(services)
        if key in self.verified_by_public_key_bin and len(self.services_per_peer.get(key, ())) + len(new) <= (
            MOST_SERVICES
        ):
            super().discover_services(peer, new)


class DHTDiscoveryCommunity(LibraryDht):
    """The DHT, with a limit to what strangers may have it keep. Its name is the one that clients know."""

    def __init__(self, settings: CommunitySettings) -> None:
        super().__init__(settings)
        blacklist_mids = self.network.blacklist_mids
        self.network = KnownPeers()
        self.network.blacklist_mids.extend(blacklist_mids)

    def unserialize_value(self, value: bytes) -> tuple[bytes, bytes | None, int] | None:
        """Return what is in a value, ``None`` for rubbish, which would keep all other values from being found."""
        try:
            return super().unserialize_value(value)
        except (PackError, ValueError, IndexError):
            return None

    def add_value(self, key: bytes, value: bytes, storage: Storage, max_age: float = 3600.0) -> None:
        """Keep a value for others."""
        values = storage.items.get(key)
        if len(values) < MOST_VALUES if values else len(storage.items) < MOST_KEYS:
            super().add_value(key, value, storage, max_age)


class Upkeep(PingChurn):
    """Drops and pings nodes of the DHT, now and then: to look at all of them with every step of the walk is much."""

    overlay: DHTDiscoveryCommunity
    _last = 0.0

    def take_step(self) -> None:
        """Look at all nodes, if it is time."""
        now = time.monotonic()
        if now - self._last >= UPKEEP_SECONDS:
            self._last = now
            super().take_step()
            store = self.overlay.store
            for key in [key for key, nodes in store.items() if not nodes]:  # whatever somebody asked for is a key there
                del store[key]
