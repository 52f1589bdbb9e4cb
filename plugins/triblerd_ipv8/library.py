"""The library's parts as this plugin uses them: its socket, what it knows of peers, its DHT.

What the library remembers for strangers has no end there; here it has. This is the one module that touches attributes
which are the library's own business.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from ipv8.community import Community, CommunitySettings
from ipv8.dht import DHTError
from ipv8.dht.churn import PingChurn
from ipv8.dht.discovery import DHTDiscoveryCommunity as LibraryDht
from ipv8.dht.storage import Storage
from ipv8.lazy_community import PacketDecodingError
from ipv8.messaging.interfaces.dispatcher.endpoint import DispatcherEndpoint
from ipv8.messaging.interfaces.endpoint import EndpointClosedException
from ipv8.messaging.interfaces.udp.endpoint import Address, UDPv4Address
from ipv8.messaging.serialization import PackError
from ipv8.peer import Peer
from ipv8.peerdiscovery.network import Network
from ipv8_rust_tunnels import Endpoint
from ipv8_rust_tunnels._rust import EndpointNotOpenError, InvalidAddressError, _Endpoint
from ipv8_rust_tunnels.endpoint import ShadowDict

from triblerd_ipv8.counting import MessageCounts
from triblerd_ipv8.intake import Allowance, Datagram, Intake
from triblerd_ipv8.quiet import seldom

INTERFACE: Final = "UDPIPv4"
LOOPBACK: Final = "127.0.0.1"
MOST_WORKERS: Final = 4

MINOR: Final = (PackError, PacketDecodingError, ValueError, DHTError)
"""What a broken packet, a key that is none, or a search without an answer, ends with."""

_CLOSED: Final = (EndpointNotOpenError, RuntimeError)
"""What the socket says while it is closed, and while another thread closes it: "Already borrowed"."""

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


class UdpSocket(Endpoint):
    """The socket, in Rust, with a limit in front of what is handled in Python.

    Args:
        port: The UDP port; if it is taken, the next free one of a thousand; 0 for any.
        address: To bind.
    """

    def __init__(self, port: int, address: str) -> None:
        super().__init__(port, address, min(MOST_WORKERS, os.cpu_count() or 1))
        self.intake = Intake(deliver=self._deliver, call_soon=self.loop.call_soon_threadsafe, allowance=Allowance())
        self.messages = MessageCounts()
        self._carried = (0, 0)  # by the sockets before this one
        self._logger = seldom(self._logger)
        self._place: Address | None = None

    def datagram_received(self, ip: str, port: int, datagram: bytes) -> None:
        """Take a packet from a thread of the socket."""
        self.bytes_down += len(datagram)
        self.intake.arrived(ip, port, datagram)

    async def renew(self, grace_seconds: int) -> None:
        """Close the socket and open it again, on the same port unless somebody takes that meanwhile.

        That ends the SOCKS5 servers: there is no other way to end one. A UDP association, with two descriptors and its
        circuits, would outlive even the client that has ended it (ipv8-rust-tunnels 0.1.53). Nobody may have tunnels
        at that moment: their tables are new ones.
        """
        address, port = self.get_address()
        self._carried = self.traffic()
        await asyncio.to_thread(self.rust_ep.close, grace_seconds)
        self.rust_ep = rust = _Endpoint(address, port)
        table: Any = ShadowDict
        self.circuits = table(rust.add_circuit, rust.update_circuit, rust.remove_circuit)
        self.relays = table(rust.add_relay, lambda *_: None, rust.remove_relay)
        self.exit_sockets = table(rust.add_exit, lambda *_: None, rust.remove_exit)
        self.open()

    def is_open(self) -> bool:
        """Return whether it can be used, which it cannot while another thread closes it."""
        try:
            return bool(super().is_open())
        except RuntimeError:
            return False

    def get_address(self) -> Address:
        """Return where it is, or was a moment ago when it is being opened again."""
        try:
            self._place = super().get_address()
        except (EndpointClosedException, *_CLOSED):
            if self._place is None:
                raise
        return self._place

    def send(self, socket_address: Address, packet: bytes) -> None:
        """Send a packet; it is lost, as any packet may be, while the socket is being opened again.

        Nor does it go to what is no address of IPv4, which peers may have named.
        """
        try:
            self.rust_ep.send((str(socket_address[0]), socket_address[1]), packet)
        except (*_CLOSED, InvalidAddressError, OverflowError) as error:
            self._logger.debug("A packet is not sent: %s", error)
            return
        self.bytes_up += len(packet)
        self.messages.sent(packet)

    def traffic(self) -> tuple[int, int]:
        """Return the bytes that were sent and received, those of tunnels included, which Python never sees."""
        sent, received = self._carried
        try:
            _, up, _, down = self.rust_ep.get_socket_statistics()
        except _CLOSED:
            return sent, received
        return sent + up, received + down

    def _deliver(self, datagram: Datagram) -> None:
        host, port, data = datagram
        self.messages.received(data)
        self.notify_listeners((UDPv4Address(host, port), data))


def dispatcher_for(socket: UdpSocket) -> DispatcherEndpoint:
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
