"""Remembers exits from one run to the next, so that the first circuit need not wait until some are met by chance."""

import logging
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from ipv8.messaging.anonymization.tunnel import PEER_FLAG_EXIT_BT
from ipv8.messaging.interfaces.udp.endpoint import UDPv4Address

from triblerd.store import StoreError, StoreView
from triblerd_tunnels.community import TunnelsCommunity

log = logging.getLogger(__name__)

_KEY = b"known"
_IPV4 = 1
_ENTRY = 7  # the kind of address, the address, a port
_PORT = 2
_MOST = 100


class ExitCache:
    """Keeps the addresses of exits in the table ``tunnels/exits``."""

    def __init__(self, *, community: TunnelsCommunity, store: StoreView) -> None:
        self._community = community
        self._store = store

    async def ask(self) -> None:
        """Send those that were known an introduction request each."""
        try:
            table = await self._store.table("exits", bytes)
            known = decode(table.get(_KEY) or b"")
        except StoreError as error:
            log.warning("The exits that were known cannot be read: %s", error)
            return
        for host, port in known:
            self._community.walk_to(UDPv4Address(host, port))

    async def keep(self) -> None:
        """Store those that are known now; while none is, what was stored stays."""
        addresses = [peer.address for peer in self._community.get_candidates(PEER_FLAG_EXIT_BT)]
        if not addresses:
            return
        try:
            table = await self._store.table("exits", bytes)
            await table.put(_KEY, encode(addresses[:_MOST]))
        except StoreError as error:
            log.warning("The exits that are known cannot be stored: %s", error)


def encode(addresses: Iterable[tuple[str, int]]) -> bytes:
    """Return addresses of IPv4 one behind the other, as messages of the overlay have them."""
    return b"".join(
        bytes([_IPV4]) + IPv4Address(host).packed + port.to_bytes(_PORT)
        for host, port in addresses
        if isinstance(host, str) and host.count(".") and ":" not in host
    )


def decode(data: bytes) -> Iterator[tuple[str, int]]:
    """Yield what was encoded; ends where something else begins."""
    for start in range(0, len(data) - _ENTRY + 1, _ENTRY):
        if data[start] != _IPV4:
            return
        entry = data[start : start + _ENTRY]
        yield str(IPv4Address(entry[1:-_PORT])), int.from_bytes(entry[-_PORT:])
