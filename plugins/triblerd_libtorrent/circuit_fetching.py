"""HTTP through circuits: one plain request at a time, which their last hop makes."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from triblerd_libtorrent.api import FetchError, HttpAnswer, NoTunnelsError, TunnelAccess
from triblerd_libtorrent.sites import Sites
from triblerd_libtorrent.socks import Endpoint, connect_through

_HTTP_PORT = 80
_MOST_HEAD = 64 * 1024
_TRIES = 3
"""An exit may not serve HTTP, and says nothing then; the next circuit may end elsewhere."""
_LOOK_SECONDS = 0.1


class CircuitCourier:
    """Implements ``CircuitFetcher`` (see ``triblerd_libtorrent.api``) by the SOCKS5 servers of the anonymous sessions.

    Args:
        entered: Waits for the session of a number of hops; raises ``NoTunnelsError`` when nobody builds tunnels.
    """

    def __init__(self, *, entered: Callable[[int], Awaitable[None]], tunnels: TunnelAccess, sites: Sites) -> None:
        self.entered = entered
        self._tunnels = tunnels
        self._sites = sites

    def obstacle(self, hops: int) -> str:
        """Return what keeps us from fetching; empty when nothing does."""
        return self._tunnels.obstacle(hops)

    async def get(self, uri: str, *, hops: int, most_bytes: int) -> HttpAnswer:
        """Return what a server answers, as soon as there are circuits."""
        target, request = _request(uri)
        await self.entered(hops)
        while self._tunnels.obstacle(hops):  # noqa: ASYNC110 - nobody tells when circuits come
            await asyncio.sleep(_LOOK_SECONDS)
        for _ in range(_TRIES):
            if raw := await self._exchange(hops, target, request, _MOST_HEAD + most_bytes):
                return _parsed(raw, most_bytes)
        msg = "Nothing came back through the tunnels, which carry torrent files and redirections alone"
        raise FetchError(msg)

    async def _exchange(self, hops: int, target: Endpoint, request: bytes, most_bytes: int) -> bytes:
        server = self._sites.socks_server(hops)
        if server is None:
            raise NoTunnelsError(self._tunnels.obstacle(hops))
        reader, writer = await connect_through(Endpoint(*server), target)
        try:
            writer.write(request)  # in one piece, since the first is taken for all of it
            raw = bytearray()
            while len(raw) <= most_bytes and (part := await reader.read(_MOST_HEAD)):
                raw += part
            return bytes(raw)
        finally:
            writer.close()


def _request(uri: str) -> tuple[Endpoint, bytes]:
    parts = urlsplit(uri)
    if parts.scheme.lower() != "http":
        msg = f"{parts.scheme}: cannot be fetched through the tunnels, which carry http: alone, and is not without them"
        raise NoTunnelsError(msg)
    host = parts.hostname or ""
    place = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = f"[{host}]" if ":" in host else host
    # The same as the engine says when it is anonymous.
    lines = (
        f"GET {_quoted(place)} HTTP/1.1",
        f"Host: {shown}" + (f":{parts.port}" if parts.port else ""),
        "User-Agent: curl/7.81.0",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    )
    return Endpoint(host, parts.port or _HTTP_PORT), "\r\n".join(lines).encode("latin-1")


def _quoted(place: str) -> str:
    """Return a path with nothing in it that a request line may not have."""
    return "".join(char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode()) for char in place)


class _Received:
    """Received bytes in the place of a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _parsed(raw: bytes, most_bytes: int) -> HttpAnswer:
    response = HTTPResponse(_Received(raw))  # type: ignore[arg-type]  # it only makes a file of it
    try:
        response.begin()
        if len(raw) > _MOST_HEAD + most_bytes:
            return HttpAnswer(response.status, "", None)
        body = response.read()
    except (HTTPException, ValueError) as error:
        msg = f"What came back through the tunnels is no answer of a server: {error or type(error).__name__}"
        raise FetchError(msg) from error
    return HttpAnswer(response.status, response.getheader("Location") or "", body if len(body) <= most_bytes else None)
