"""From a URI to a torrent: magnet links, files on this machine, and what servers send."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import aiohttp

from triblerd.errors import FailedError
from triblerd.services import FileRoots
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import Magnet, Metainfo, TorrentEngine

MOST_BYTES = 16 * 1024 * 1024
MOST_REDIRECTS = 10

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = range(200, 300)


class SourceError(FailedError):
    """A URI leads to no torrent."""


class Sources:
    """Reads torrents from wherever a URI points to.

    Args:
        settings: How long fetching may take.
        roots: Which files may be read.
    """

    def __init__(self, *, engine: TorrentEngine, settings: DownloadSettings, roots: FileRoots) -> None:
        self._engine = engine
        self._roots = roots
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None

    async def resolve(self, uri: str) -> Metainfo | Magnet:
        """Return what ``uri`` names.

        Raises:
            FailedError: it names nothing, or what it names cannot be read or is no torrent.
        """
        readers: Mapping[str, Callable[[str], Awaitable[Metainfo | Magnet]]] = {
            "magnet": self._magnet,
            "http": self._fetched,
            "https": self._fetched,
            "file": self._local,
        }
        read = readers.get(_scheme(uri))
        if read is None:
            msg = "invalid uri"
            raise SourceError(msg)
        return await read(uri)

    async def parse(self, raw: bytes) -> Metainfo:
        """Return what the bytes of a torrent file say.

        Raises:
            MetainfoError: they are no torrent.
        """
        return await self._engine.parse_metainfo(raw)

    async def close(self) -> None:
        """Close connections to servers."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _magnet(self, uri: str) -> Magnet:
        return self._engine.parse_magnet(uri)

    async def _local(self, uri: str) -> Metainfo:
        path = file_path(uri)
        try:
            raw = await asyncio.to_thread(read_file, path, self._roots)
        except OSError as error:
            msg = f"Cannot read {path}: {error.strerror or error}"
            raise SourceError(msg) from error
        return await self.parse(raw)

    async def _fetched(self, uri: str) -> Metainfo | Magnet:
        try:
            async with asyncio.timeout(self._settings.config.fetch_timeout):
                found = await self._follow(uri)
        except TimeoutError as error:
            msg = f"The server did not send the torrent within {self._settings.config.fetch_timeout:g} s"
            raise SourceError(msg) from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            msg = f"Cannot fetch the torrent: {str(error) or type(error).__name__}"
            raise SourceError(msg) from error
        if isinstance(found, str):
            return self._engine.parse_magnet(found)
        return await self.parse(found)

    async def _follow(self, uri: str) -> bytes | str:
        """Return the torrent file at the end of the redirects, or the magnet link that they end with."""
        for _ in range(MOST_REDIRECTS + 1):
            async with self._session().get(uri, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await _body(response)
                uri = urljoin(uri, response.headers.get("Location", ""))
            scheme = _scheme(uri)
            if scheme == "magnet":
                return uri
            if scheme not in {"http", "https"}:
                msg = f"The server redirects to a {scheme}: URI, which is not followed"
                raise SourceError(msg)
        msg = f"The server redirects more than {MOST_REDIRECTS} times"
        raise SourceError(msg)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(headers={"User-Agent": "triblerd"})
        return self._http


def file_path(uri: str) -> Path:
    """Return the path that ``file:/a/b`` or ``file:///a/b`` names.

    Raises:
        SourceError: it names none on this machine.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:  # half an address of IPv6
        parts = urlsplit("file:")
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc not in {"", "localhost"} or not path.startswith("/") or "\0" in path:
        msg = "A file: URI names an absolute path on this machine, such as file:///home/me/a.torrent"
        raise SourceError(msg)
    return Path(path)


def read_file(path: Path, roots: FileRoots) -> bytes:
    """Return the content of a regular file.

    Args:
        path: Absolute.
        roots: The directories of which one holds the file, links followed.

    Raises:
        SourceError: it is not regular, too large or outside of the roots.
        OSError: it cannot be read.
    """
    if not roots.allow(path):
        msg = f"{path} is outside of the directories that file: URIs may name"
        raise SourceError(msg)
    # Opening a named pipe would wait for a writer without O_NONBLOCK.
    descriptor = os.open(os.path.realpath(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            msg = f"{path} is not a regular file"
            raise SourceError(msg)
        raw = file.read(MOST_BYTES + 1) or b""  # None from a file of /proc that has nothing to say at the moment
    if len(raw) > MOST_BYTES:
        msg = f"{path} is larger than {MOST_BYTES} bytes"
        raise SourceError(msg)
    return raw


async def _body(response: aiohttp.ClientResponse) -> bytes | str:
    if response.status not in _OK:
        msg = f"The server answered with HTTP status code {response.status}"
        raise SourceError(msg)
    body = bytearray()
    async for part in response.content.iter_chunked(1 << 16):
        body += part
        if len(body) > MOST_BYTES:
            msg = f"The server sends more than {MOST_BYTES} bytes"
            raise SourceError(msg)
    if body.startswith(b"magnet:"):
        return bytes(body).decode(errors="replace").strip()
    return bytes(body)


def _scheme(uri: str) -> str:
    scheme, colon, _ = uri.partition(":")
    return scheme.lower() if colon else ""
