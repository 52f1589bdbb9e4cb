"""From where this daemon speaks, and to whom it may be sent: the engine's address or device, and nobody inside."""

import asyncio
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, ip_address
from typing import Any

import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult

from triblerd_libtorrent.api import Endpoint

_KEPT_SECONDS = 600.0
_KEPT_FAILURE_SECONDS = 60.0
_MOST_KEPT = 2000
_AT_ONCE = 16
_ANY = "0.0.0.0"  # noqa: S104 - what it says of the engine's sockets holds for ours

Address = tuple[str, int]
Lookup = Callable[[str], str]
Refuses = Callable[[str], bool]
"""Returns whether nobody is to be spoken to at an address."""


def refuses_nobody(_: str) -> bool:
    """Let everybody be spoken to."""
    return False


class Outgoing(msgspec.Struct, frozen=True):
    """Where packets leave this machine.

    Attributes:
        address: The local address, IPv4; ``0.0.0.0`` leaves the choice to the system.
        device: The network device, such as ``tun0``; empty for any.
    """

    address: str = _ANY
    device: str = ""

    def socket(self, kind: socket.SocketKind) -> socket.socket:
        """Return a new socket that speaks from there.

        Raises:
            OSError: this machine has no such address or device.
        """
        made = socket.socket(socket.AF_INET, kind)
        try:
            made.setblocking(False)
            if self.device:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
            if kind == socket.SOCK_DGRAM or self.address != _ANY:
                made.bind((self.address, 0))
        except BaseException:
            made.close()
            raise
        return made


class Detour(msgspec.Struct, frozen=True):
    """The way through the tunnels.

    Attributes:
        server: The SOCKS5 server that leads there. Names of hosts are for the exit to look up.
    """

    hops: int
    server: Endpoint


def outgoing_of(listen_interfaces: str) -> Outgoing | None:
    """Return where the engine speaks from, by its own setting, ``None`` when that is no IPv4.

    Args:
        listen_interfaces: The first of ``address:port`` or ``device:port``, separated by commas, counts.
    """
    host = listen_interfaces.partition(",")[0].rpartition(":")[0]
    if host.startswith("["):
        return Outgoing() if host in {"[::]", "[::0]"} else None
    try:
        return Outgoing(address=str(IPv4Address(host)))
    except ValueError:
        return Outgoing(device=host) if host else None


def leads_inside(asked: str, named: str) -> bool:
    """Return whether somebody out there sends us to somebody in here, whom he has no business with.

    Args:
        asked: The address of the one who answered.
        named: The address that he names.
    """
    return ip_address(asked).is_global and not ip_address(named).is_global


def is_address(host: str) -> bool:
    """Return whether a host is named by its address (IPv4)."""
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def is_unicast(host: str) -> bool:
    """Return whether an address can be that of one host."""
    address = ip_address(host)
    return not (address.is_multicast or address.is_unspecified or address.is_reserved)


class Names(AbstractResolver):
    """Finds the addresses (IPv4) of hosts, each at most every ten minutes, failures every minute.

    The system's way to do that takes half a minute when no name server answers. In threads of our own it keeps neither
    the daemon's other threads from their work, nor the daemon from its end.

    Args:
        lookup: Returns the address of a name, or raises ``OSError``; called in a thread.
        refuses: Which addresses are as good as none.
    """

    def __init__(self, lookup: Lookup = socket.gethostbyname, refuses: Refuses = refuses_nobody) -> None:
        self._lookup = lookup
        self._refuses = refuses
        self._kept: OrderedDict[str, tuple[float, asyncio.Future[str]]] = OrderedDict()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def address(self, host: str) -> str:
        """Return the address of a host by its name or address.

        Raises:
            OSError: it has none, or none that may be spoken to, or the system does not know.
        """
        address = await self._address(host)
        if self._refuses(address):
            msg = f"{host} is banned"
            raise OSError(msg)
        return address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Answer aiohttp."""
        address = await self.address(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        """Give up what is being looked for."""
        for _, found in self._kept.values():
            found.cancel()
        self._kept.clear()

    async def _address(self, host: str) -> str:
        with suppress(ValueError):
            return str(IPv4Address(host))
        now = asyncio.get_running_loop().time()
        until, found = self._kept.get(host, (0.0, None))
        if found is None or until <= now or found.cancelled():
            found = asyncio.ensure_future(self._find(host))
            found.add_done_callback(lambda done: self._note(host, done))
            self._kept[host] = now + _KEPT_SECONDS, found
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return await asyncio.shield(found)

    def _note(self, host: str, done: "asyncio.Future[str]") -> None:
        if not done.cancelled() and done.exception() is not None and host in self._kept:
            self._kept[host] = asyncio.get_running_loop().time() + _KEPT_FAILURE_SECONDS, done

    async def _find(self, host: str) -> str:
        async with self._turns:
            loop = asyncio.get_running_loop()
            found: asyncio.Future[str] = loop.create_future()
            threading.Thread(target=self._work, args=(loop, found, host), daemon=True, name="triblerd-names").start()
            return await found

    def _work(self, loop: asyncio.AbstractEventLoop, found: "asyncio.Future[str]", host: str) -> None:
        def tell(settle: Callable[[Any], None], outcome: object) -> None:
            if not found.done():
                settle(outcome)

        settle: Callable[[Any], None] = found.set_result
        outcome: object
        try:
            outcome = self._lookup(host)
        except (OSError, UnicodeError) as error:  # the latter for what is no name at all
            settle, outcome = found.set_exception, OSError(f"{host} has no address: {error}")
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, settle, outcome)
