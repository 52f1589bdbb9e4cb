"""Opening and closing the sessions that the plugin of the tunnels carries."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress

from triblerd_libtorrent.api import EngineEvent, SessionClosed, SessionOpened, TunnelAccess
from triblerd_libtorrent.sites import Site, Sites

_LOOK_SECONDS = 1.0


class AnonymousSessions:
    """Implements ``SessionRegistry`` (see ``triblerd_libtorrent.api``).

    Args:
        sites: Where open sessions are found.
        make: Starts the session of a number of hops, which reaches everybody by a SOCKS5 server at a host and a port.
        repoint: Has an open session use another SOCKS5 server.
        empty: Saves and takes away everything that a session has.
        tell: Tells of what became of it.
        tunnels: What they are carried by.
    """

    def __init__(  # noqa: PLR0913 - what the engine does with sessions, by keyword
        self,
        *,
        sites: Sites,
        make: Callable[[int, tuple[str, int]], Awaitable[Site]],
        repoint: Callable[[Site], None],
        empty: Callable[[Site], Awaitable[None]],
        tell: Callable[[EngineEvent], None],
        tunnels: TunnelAccess,
    ) -> None:
        self._sites = sites
        self._make = make
        self._repoint = repoint
        self._empty = empty
        self._tell = tell
        self._tunnels = tunnels
        self._opened = asyncio.Event()
        self._changing: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def open_session(
        self,
        hops: int,
        *,
        socks_host: str,
        socks_port: int,
        associated: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Open the session for downloads with that many hops, or point it to another SOCKS5 server."""
        async with self._changing[hops]:
            site = self._sites.get(hops)
            if site is None:
                await self._open(hops, (socks_host, socks_port), associated)
                return
            site.socks = socks_host, socks_port
            self._repoint(site)
            if associated is not None:
                await associated()

    async def close_session(self, hops: int) -> None:
        """Save and take away all torrents of a session, and end it."""
        async with self._changing[hops]:
            site = self._sites.get(hops)
            if site is None or hops == 0:
                return
            site.is_closing = True
            try:
                await self._empty(site)
            finally:
                self._sites.pop(hops, None)
                await site.session.close()
            self._tell(SessionClosed(hops))

    async def entered(self, hops: int) -> None:
        """Return when the session is open; have it opened if need be, however long that takes.

        Raises:
            NoTunnelsError: nobody can open it.
        """
        while hops not in self._sites or self._sites[hops].is_closing:
            self._tunnels.require(hops)
            self._tunnels.want(hops)
            with suppress(TimeoutError):  # who builds tunnels may have gone
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._opened.wait()

    async def _open(self, hops: int, socks: tuple[str, int], associated: Callable[[], Awaitable[None]] | None) -> None:
        site = await self._make(hops, socks)
        try:
            if associated is not None:
                await associated()
        except BaseException:  # whoever waits may be cancelled
            await site.session.close()
            raise
        self._sites[hops] = site
        self._opened.set()
        self._opened = asyncio.Event()
        self._tell(SessionOpened(hops))
