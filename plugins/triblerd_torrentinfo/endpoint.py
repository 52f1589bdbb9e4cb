"""``/torrentinfo``."""

import asyncio

from triblerd.errors import FailedError, InvalidInputError, OperationError, UnavailableError
from triblerd.http.endpoint import Encoded, Endpoint, RawBody, Scope, encode_json, route
from triblerd_libtorrent.api import MOST_HOPS, Metainfo
from triblerd_torrentinfo.api import InvalidResponseError, TorrentInfo
from triblerd_torrentinfo.schemas import InfoQuery, TorrentAnswer
from triblerd_torrentinfo.text_form import text_of

_LARGE_BYTES = 16 * 1024  # more takes too long for the event loop
_AT_A_TIME = 2  # large answers are some five times as large as the torrent while they are made

_EXAMPLE = {
    "infohash": "0123456789abcdef0123456789abcdef01234567",
    "metainfo": "7b22696e666f223a7b226e616d65223a2264656269616e2e69736f222c226c656e677468223a347d7d",
    "download_exists": None,
    "hops": 0,
}


class TorrentInfoEndpoint(Endpoint):
    """What is in a torrent, before it is downloaded."""

    prefix = "/torrentinfo"

    def __init__(self, *, torrents: TorrentInfo) -> None:
        self._torrents = torrents
        self._large = asyncio.Semaphore(_AT_A_TIME)

    @route(
        "GET",
        "",
        scope=Scope.WRITE,  # it reads files, and talks to servers and peers of the client's choice
        answers=TorrentAnswer,
        streams=True,  # it may take a minute, and ends with its client, or the plugin
        raises=(InvalidInputError, FailedError, OperationError, UnavailableError),
        examples={"answer": _EXAMPLE},
    )
    async def look_up(self, query: InfoQuery) -> Encoded:
        """Look a torrent up.

        Peers have a minute to send the metadata of a magnet link; a result is kept for five minutes, and a download of
        the same link begins with it. Without `hops` the look-up is as anonymous as downloads are by default, where the
        tunnels plugin is installed and turned on; `hops` of the answer says what it was.
        """
        hops = _hops(query.hops)
        if not query.uri:
            msg = "uri parameter missing"
            raise InvalidInputError(msg)
        found = await self._torrents.look_up(query.uri, hops=hops)
        return await self._answer(found.metainfo, found.hops)

    @route(
        "PUT",
        "",
        answers=TorrentAnswer,
        consumes="application/octet-stream",
        raises=(FailedError,),
        examples={"answer": _EXAMPLE},
    )
    async def read_file(self, body: RawBody) -> Encoded:
        """Show what is in a torrent file, which is sent as it is, with any media type. Nothing is kept of it."""
        return await self._answer(await self._torrents.read(bytes(body)), 0)

    async def _answer(self, metainfo: Metainfo, hops: int) -> Encoded:
        exists = self._torrents.is_download(metainfo) or None
        try:
            if len(metainfo.raw) <= _LARGE_BYTES:
                return _encoded(metainfo, exists, hops)
            async with self._large:
                return await asyncio.to_thread(_encoded, metainfo, exists, hops)
        except ValueError as error:
            raise InvalidResponseError from error


def _hops(text: str) -> int | None:
    if not text:
        return None
    try:
        hops = int(text)
    except ValueError:
        hops = -1
    if not 0 <= hops <= MOST_HOPS:
        msg = f"wrong value of 'hops' parameter: {text}"
        raise InvalidInputError(msg)
    return hops


def _encoded(metainfo: Metainfo, exists: bool | None, hops: int) -> Encoded:
    rest = encode_json({"infohash": metainfo.infohash, "download_exists": exists, "hops": hops})
    return Encoded(b"".join((b'{"metainfo":"', text_of(metainfo.raw), b'",', rest[1:])))
