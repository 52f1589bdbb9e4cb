"""Keeps addresses that strangers name, such as the links of a feed, away from this machine and those around it."""

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult
from yarl import URL

from triblerd_libtorrent.values import FetchError

_LOCAL = "Cannot fetch the torrent: the address leads into the local network"

_hosts: ContextVar[frozenset[str] | None] = ContextVar("hosts", default=None)


@contextmanager
def strangers_links(hosts: Iterable[str]) -> Iterator[None]:
    """Have nobody in the local network asked for what is fetched in here, redirects included.

    Args:
        hosts: Names of hosts that may be asked wherever they are: the user's choice, such as the feed's own.
    """
    token = _hosts.set(frozenset(host.lower() for host in hosts))
    try:
        yield
    finally:
        _hosts.reset(token)


def is_guarded(uri: str) -> bool:
    """Return whether ``uri`` may lead to public addresses alone.

    Raises:
        FetchError: its host is an address of the local network.
    """
    hosts = _hosts.get()
    host = (URL(uri).host or "").lower()
    if hosts is None or host in hosts:
        return False
    try:
        is_local = not _is_public(host)
    except ValueError:  # a name, which is resolved later
        is_local = False
    if is_local:
        raise FetchError(_LOCAL)
    return True


class PublicResolver(ThreadedResolver):
    """Finds the addresses of a name that are not of the local network."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return them.

        Raises:
            FetchError: there are none.
            OSError: there is no such name.
        """
        found = await super().resolve(host, port, family)
        public = [address for address in found if _is_public(address["host"])]
        if not public:
            raise FetchError(_LOCAL)
        return public


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global
