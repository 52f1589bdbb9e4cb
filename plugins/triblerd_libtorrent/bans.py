"""Addresses that we do not speak to. The engine forgets its filter at the end, so that the store remembers it.

Anonymous sessions have none: there, addresses are also made of the numbers of circuits, and any may stand for a peer.
"""

import asyncio
import ipaddress
import time
from collections.abc import Iterable, Mapping

import libtorrent as lt
import msgspec

from triblerd.errors import InvalidInputError
from triblerd.store import StoreView, Table
from triblerd_libtorrent.session import EngineSession

MOST_BANS = 10_000
"""The engine is told of all of them at every change, which takes some 3 µs for each."""

_BLOCKED = 1  # libtorrent's ip_filter::blocked

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Ban(msgspec.Struct, frozen=True, array_like=True):
    """When an address was banned, Unix time."""

    since: int


class Bans:
    """Implements ``PeerBans`` (see ``triblerd_libtorrent.api``).

    Args:
        table: By network, such as ``192.0.2.1/32``.
    """

    def __init__(self, table: Table[Ban]) -> None:
        self._table = table
        found = sorted(table.items(), key=lambda item: item[1].since)
        self._banned = {network_of(key.decode()): ban.since for key, ban in found}
        self._lengths = {network.prefixlen for network in self._banned}
        self._sessions: list[EngineSession] = []
        self._changing = asyncio.Lock()

    def hold_in(self, session: EngineSession) -> None:
        """Have the bans hold in a session, now and from now on, unless it is an anonymous one."""
        self._sessions = [known for known in self._sessions if known.is_open]
        self._sessions.append(session)
        if not session.hops:
            session.raw.set_ip_filter(_filter(self._banned))

    def banned(self) -> Mapping[str, int]:
        """Return the banned addresses and networks with the time of the ban."""
        return {_text(network): since for network, since in self._banned.items()}

    def is_banned(self, address: str) -> bool:
        """Return whether an address is banned, by itself or as one of a network."""
        network = network_of(address)
        lengths = (length for length in self._lengths if length <= network.prefixlen)
        return any(network.supernet(new_prefix=length) in self._banned for length in lengths)

    async def ban(self, address: str) -> None:
        """Ban an address or a network."""
        network = network_of(address)
        async with self._changing:
            if network in self._banned:
                return
            if len(self._banned) >= MOST_BANS:
                msg = f"There are {MOST_BANS} banned addresses already; ban a network, or unban some"
                raise InvalidInputError(msg)
            since = int(time.time())
            await self._table.put(str(network).encode(), Ban(since))
            self._banned[network] = since
            self._lengths.add(network.prefixlen)
            await self._tell(self._banned, hops=0)

    async def unban(self, address: str) -> None:
        """Take a ban back."""
        network = network_of(address)
        async with self._changing:
            if network in self._banned:
                await self._table.delete(str(network).encode())
                del self._banned[network]
                self._lengths = {each.prefixlen for each in self._banned}
                await self._tell(self._banned, hops=0)

    async def drop(self, hops: int, addresses: Iterable[str]) -> None:
        """End all connections of a session to some addresses, which may come back."""
        # There is no call for one connection. The filter ends them, and has the engine forget the address.
        async with self._changing:
            banned = [] if hops else list(self._banned)
            await self._tell([*banned, *map(network_of, addresses)], hops=hops)
            await self._tell(banned, hops=hops)

    async def _tell(self, banned: Iterable[Network], *, hops: int) -> None:
        rules = await asyncio.to_thread(_filter, list(banned))
        for session in self._sessions:
            if session.is_open and session.hops == hops:
                session.raw.set_ip_filter(rules)


async def open_bans(store: StoreView) -> Bans:
    """Return the bans that are stored; the table is made when it is missing."""
    return Bans(await store.table("banned", Ban))


def network_of(text: str) -> Network:
    """Return the network that an address or a network such as ``192.0.2.0/24`` names; an address is one of its own.

    An IPv4 address that is written as one of IPv6 (``::ffff:192.0.2.1``) is taken for what it is.

    Raises:
        InvalidInputError: it names none.
    """
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        msg = f"ip must be an address or a network of IPv4 or IPv6, not {text[:100]!r}"
        raise InvalidInputError(msg) from error
    if isinstance(network, ipaddress.IPv6Network):
        if network.network_address.scope_id is not None:
            msg = f"ip must not name a network device, as {text[:100]!r} does"
            raise InvalidInputError(msg)
        if network.prefixlen >= _MAPPED_BITS and (mapped := network.network_address.ipv4_mapped) is not None:
            return ipaddress.ip_network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


_MAPPED_BITS = 96


def _text(network: Network) -> str:
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def _filter(banned: Iterable[Network]) -> lt.ip_filter:
    rules = lt.ip_filter()
    for network in banned:
        rules.add_rule(str(network[0]), str(network[-1]), _BLOCKED)
    return rules
