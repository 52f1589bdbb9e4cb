"""From a URI to a torrent: magnet links, files on this machine, and what servers send."""

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import aiohttp

from triblerd.errors import TriblerdError
from triblerd.fetching import read_at_most
from triblerd.plugin import HookCaller
from triblerd.services import FileRoots
from triblerd_libtorrent.api import (
    BrokenAnswerError,
    FetchError,
    HttpAnswer,
    LocalFileError,
    Magnet,
    Metainfo,
    MetainfoError,
    NoTunnelsError,
    Resolved,
    SchemeReader,
    TorrentEngine,
    UnknownSchemeError,
)
from triblerd_libtorrent.circuit_fetching import CircuitCourier
from triblerd_libtorrent.recent import RecentMetainfo
from triblerd_libtorrent.strangers import PublicResolver, is_guarded

log = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024 * 1024
MOST_REDIRECTS = 10

_UNPROVED = "unproved"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = range(200, 300)


class _BadCertificateError(FetchError):
    """A server cannot prove who it is."""


class Sources:
    """Implements ``triblerd_libtorrent.api.TorrentSources``.

    Args:
        roots: Which files may be read.
        hooks: Finds further schemes.
        recent: Where fetched torrents are kept.
        courier: Fetches with hops.

    Attributes:
        fetch_timeout: How many seconds fetching may take.
        accepts_bad_certificates: Whether a server with a wrong one is asked all the same.
    """

    def __init__(  # noqa: PLR0913 - where torrents are read from, by keyword
        self,
        *,
        engine: TorrentEngine,
        roots: FileRoots,
        hooks: HookCaller,
        recent: RecentMetainfo,
        courier: CircuitCourier,
        fetch_timeout: float,
        accepts_bad_certificates: bool = False,
    ) -> None:
        self._engine = engine
        self._roots = roots
        self._hooks = hooks
        self._recent = recent
        self._courier = courier
        self._http: dict[bool, aiohttp.ClientSession] = {}
        self.fetch_timeout = fetch_timeout
        self.accepts_bad_certificates = accepts_bad_certificates

    async def resolve(self, uri: str, *, hops: int = 0) -> Metainfo | Magnet:
        """Return what ``uri`` names."""
        return (await self.resolve_with_proof(uri, hops=hops)).source

    async def resolve_with_proof(self, uri: str, *, hops: int = 0) -> Resolved:
        """Return what ``uri`` names, and how it came here."""
        if _scheme(uri) in {"http", "https"}:
            return await self._served(uri, hops)
        readers: Mapping[str, Callable[[str, int], Awaitable[Metainfo | Magnet]]] = {
            "magnet": self._magnet,
            "file": self._local,
        }
        return Resolved(source=await readers.get(_scheme(uri), self._foreign)(uri, hops))

    async def close(self) -> None:
        """Close connections to servers."""
        while self._http:
            await self._http.popitem()[1].close()

    async def _magnet(self, uri: str, _hops: int) -> Magnet:
        return self._engine.parse_magnet(uri)

    async def _local(self, uri: str, _hops: int) -> Metainfo:
        path = file_path(uri)
        try:
            raw = await asyncio.to_thread(read_file, path, self._roots)
        except OSError as error:
            msg = f"Cannot read {path}: {error.strerror or error}"
            raise LocalFileError(msg, str(path)) from error
        try:
            return await self._engine.parse_metainfo(raw)
        except MetainfoError as error:
            raise LocalFileError(str(error), str(path)) from error

    async def _foreign(self, uri: str, hops: int) -> Metainfo | Magnet:
        scheme = _scheme(uri)
        for plugin, schemes in self._hooks.call_each("triblerd_uri_schemes"):
            reader: SchemeReader | None = schemes.get(scheme) if isinstance(schemes, Mapping) else None
            if reader is not None:
                if hops:
                    await self._enter(hops)
                return await self._parse(await _read(plugin, reader, uri, hops))
        msg = "invalid uri"
        raise UnknownSchemeError(msg)

    async def _enter(self, hops: int) -> None:
        try:
            async with asyncio.timeout(self.fetch_timeout):
                await self._courier.entered(hops)
        except TimeoutError as error:
            raise NoTunnelsError(self._courier.obstacle(hops)) from error

    async def _served(self, uri: str, hops: int) -> Resolved:
        if (known := self._recent.get(uri)) is not None:
            return Resolved(source=known)
        try:
            found = await self._parse(await self._fetch(uri, hops))
        except _BadCertificateError:
            if not self.accepts_bad_certificates:
                raise
            return await self._served_by_anybody(uri, hops)
        if isinstance(found, Metainfo):
            self._recent.put(uri, found)
        return Resolved(source=found)

    async def _served_by_anybody(self, uri: str, hops: int) -> Resolved:
        name = f"{_UNPROVED} {uri}"  # one that is asked for again in five minutes is no more certain
        if (found := self._recent.get(name)) is None:
            parsed = await self._parse(await self._fetch(uri, hops, checks=False))
            if isinstance(parsed, Magnet):
                return Resolved(source=parsed, has_valid_certificate=False)
            found = parsed
            self._recent.put(name, found)
        return Resolved(source=found, has_valid_certificate=False)

    async def _parse(self, content: bytes | str) -> Metainfo | Magnet:
        if isinstance(content, str):
            return self._engine.parse_magnet(content)
        return await self._engine.parse_metainfo(content)

    async def _fetch(self, uri: str, hops: int, *, checks: bool = True) -> bytes | str:
        try:
            async with asyncio.timeout(self.fetch_timeout):
                return await self._follow(uri, hops, checks=checks)
        except TimeoutError as error:
            if hops and (obstacle := self._courier.obstacle(hops)):
                raise NoTunnelsError(obstacle) from error
            msg = f"The server did not send the torrent within {self.fetch_timeout:g} s"
            raise FetchError(msg) from error
        except aiohttp.ClientPayloadError as error:
            msg = f"The server broke off: {str(error) or type(error).__name__}"
            raise BrokenAnswerError(msg) from error
        except aiohttp.ClientConnectorCertificateError as error:
            msg = f"Cannot fetch the torrent: {error}"
            raise _BadCertificateError(msg) from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            msg = f"Cannot fetch the torrent: {str(error) or type(error).__name__}"
            raise FetchError(msg) from error

    async def _follow(self, uri: str, hops: int, *, checks: bool) -> bytes | str:
        """Return the torrent file at the end of the redirects, or the magnet link that they end with."""
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask(uri, hops, checks=checks)
            if answer.status not in _REDIRECTS:
                return _body(answer)
            if not answer.location:
                msg = "The server redirects without saying where to"
                raise FetchError(msg)
            uri = urljoin(uri, answer.location)
            scheme = _scheme(uri)
            if scheme == "magnet":
                return uri
            if scheme not in {"http", "https"}:
                msg = f"The server redirects to a {scheme}: URI, which is not followed"
                raise FetchError(msg)
        msg = f"The server redirects more than {MOST_REDIRECTS} times"
        raise FetchError(msg)

    async def _ask(self, uri: str, hops: int, *, checks: bool) -> HttpAnswer:
        if hops:
            return await self._courier.get(uri, hops=hops, most_bytes=MOST_BYTES)
        session = self._session(is_guarded=is_guarded(uri))
        async with session.get(uri, allow_redirects=False, ssl=checks) as response:
            is_wanted = response.status in _OK
            body = await read_at_most(response, MOST_BYTES) if is_wanted else b""
            return HttpAnswer(response.status, response.headers.get("Location", ""), body)

    def _session(self, *, is_guarded: bool) -> aiohttp.ClientSession:
        if is_guarded not in self._http:
            connector = aiohttp.TCPConnector(resolver=PublicResolver()) if is_guarded else None
            self._http[is_guarded] = aiohttp.ClientSession(headers={"User-Agent": "triblerd"}, connector=connector)
        return self._http[is_guarded]


def file_path(uri: str) -> Path:
    """Return the path that ``file:/a/b`` or ``file:///a/b`` names.

    Raises:
        LocalFileError: it names none on this machine.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # half an address of IPv6
        parts = urlsplit("file:")
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.startswith("/") or "\0" in path:
        msg = "A file: URI names an absolute path on this machine, such as file:///home/me/a.torrent"
        raise LocalFileError(msg, path or uri.partition(":")[2])
    return Path(path)


def read_file(path: Path, roots: FileRoots) -> bytes:
    """Return the content of a regular file.

    Args:
        path: Absolute.
        roots: The directories of which one holds the file, links followed.

    Raises:
        LocalFileError: it is not regular, too large or outside of the roots.
        OSError: it cannot be read.
    """
    if not roots.allow(path):
        msg = f"{path} is outside of the directories that file: URIs may name"
        raise LocalFileError(msg, str(path))
    # Opening a named pipe would wait for a writer without O_NONBLOCK.
    descriptor = os.open(os.path.realpath(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            msg = f"{path} is not a regular file"
            raise LocalFileError(msg, str(path))
        raw = file.read(MOST_BYTES + 1) or b""  # None from a file of /proc that has nothing to say at the moment
    if len(raw) > MOST_BYTES:
        msg = f"{path} is larger than {MOST_BYTES} bytes"
        raise LocalFileError(msg, str(path))
    return raw


async def _read(plugin: str, reader: SchemeReader, uri: str, hops: int) -> bytes | str:
    try:
        return await reader(uri, hops)
    except TriblerdError:
        raise
    except Exception as error:  # a border: another plugin's function
        log.exception("The plugin %s failed to read a URI", plugin)
        msg = f"The plugin {plugin} failed to read the URI: {str(error) or type(error).__name__}"
        raise FetchError(msg) from error


def _body(answer: HttpAnswer) -> bytes | str:
    if answer.status not in _OK:
        msg = f"The server answered with HTTP status code {answer.status}"
        raise FetchError(msg)
    if answer.body is None:
        msg = f"The server sends more than {MOST_BYTES} bytes"
        raise BrokenAnswerError(msg)
    if answer.body.startswith(b"magnet"):  # which no torrent file begins with
        return answer.body.decode(errors="replace").strip()
    return answer.body


def _scheme(uri: str) -> str:
    scheme, colon, _ = uri.partition(":")
    return scheme.lower() if colon else ""
