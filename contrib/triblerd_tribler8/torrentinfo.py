"""``/api/torrentinfo``."""

import asyncio
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from triblerd.errors import FailedError, InvalidInputError, OperationError, UnavailableError
from triblerd.http.endpoint import Encoded, RawBody, Scope, encode_json, route
from triblerd_libtorrent.api import MOST_HOPS, BrokenAnswerError, Metainfo
from triblerd_torrentinfo.api import (
    InvalidResponseError,
    LookedUp,
    NoInfohashError,
    NotATorrentError,
    TorrentInfo,
)
from triblerd_tribler8.parts import Dialect

_MANY_FILES = 1000  # more take too long for the event loop
_BAD_LINK = "Error while getting an infohash from magnet: RuntimeError: {}"
_EXAMPLE = {
    "files": [{"index": 0, "name": "01.flac", "size": 31457280}],
    "name": "album",
    "description": "",
    "download_exists": None,
    "valid_certificate": True,
}


class UriBody(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be looked up, and how."""

    uri: Annotated[str | None, Meta(description="`magnet:`, `http:`, `https:` or `file:` URI")] = None
    hops: Annotated[
        object,
        Meta(description="Anonymity, 1..3; 0, null and absent are the default", extra_json_schema={"default": 0}),
    ] = None
    skipmagnet: Annotated[bool | None, Meta(description="Answer at once for magnet links, with nothing")] = None


class FileItem(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a torrent."""

    index: Annotated[int, Meta(description="Position in the torrent")]
    name: Annotated[str, Meta(description="Path below the torrent's directory")]
    size: Annotated[int, Meta(description="Bytes")]


class TorrentItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a torrent."""

    infohash: Annotated[str | UnsetType, Meta(description="40 hex digits; of a file that was sent alone")] = UNSET
    files: Annotated[list[FileItem] | UnsetType, Meta(description="Without those that only pad")] = UNSET
    name: str | UnsetType = UNSET
    description: Annotated[str | UnsetType, Meta(description="The comment")] = UNSET
    metainfo: Annotated[str | UnsetType, Meta(description="Empty, and there alone where nothing was looked up")] = UNSET
    download_exists: Annotated[bool | None, Meta(description="True when it is a download, else null, or false")] = None
    valid_certificate: Annotated[
        bool | UnsetType, Meta(description="Whether the server that sent it proved who it is, if it had to")
    ] = UNSET


class TorrentInfoPart(Dialect):
    """What is in a torrent, before it is downloaded."""

    prefix = "/api/torrentinfo"

    @route(
        "POST",
        "/uri",
        scope=Scope.WRITE,
        answers=TorrentItem,
        streams=True,  # it may take a minute, and ends with its client, or the plugin
        raises=(InvalidInputError, FailedError, OperationError, UnavailableError),
        examples={"body": {"uri": "https://tracker.example/album.torrent"}, "answer": _EXAMPLE},
    )
    async def look_up(self, body: UriBody) -> Encoded:
        """Look a torrent up; peers have a minute to send the metadata of a magnet link.

        Without `hops` the look-up is as anonymous as downloads are by default. A server with a wrong certificate is not
        asked, unless `libtorrent.accept_bad_certificates` says so.
        """
        torrents = self.need(TorrentInfo)
        hops = _hops(body.hops)
        uri = body.uri or ""
        if not uri:
            msg = "uri parameter missing"
            raise InvalidInputError(msg)
        if body.skipmagnet and _is_of(uri, "magnet"):
            return _encoded(TorrentItem(metainfo="", download_exists=False, valid_certificate=True))
        found = await _looked_up(torrents, uri, hops)
        return await self._answer(found.metainfo, valid_certificate=found.has_valid_certificate)

    @route(
        "PUT",
        "/file",
        answers=TorrentItem,
        consumes="application/x-bittorrent",
        raises=(FailedError,),
        examples={"answer": {"infohash": "0123456789abcdef0123456789abcdef01234567", **_EXAMPLE}},
    )
    async def read_file(self, body: RawBody) -> Encoded:
        """Show what is in a torrent file, which is sent as it is, with any media type. Nothing is kept of it."""
        metainfo = await self.need(TorrentInfo).read(bytes(body))
        return await self._answer(metainfo, infohash=str(metainfo.infohash))

    async def _answer(
        self,
        metainfo: Metainfo,
        *,
        infohash: str | UnsetType = UNSET,
        valid_certificate: bool | UnsetType = UNSET,
    ) -> Encoded:
        exists = self.need(TorrentInfo).is_download(metainfo) or None

        def encoded() -> Encoded:
            return _encoded(
                TorrentItem(
                    infohash=infohash,
                    files=_files(metainfo),
                    name=metainfo.name,
                    description=metainfo.comment,
                    download_exists=exists,
                    valid_certificate=valid_certificate,
                )
            )

        return encoded() if len(metainfo.files) <= _MANY_FILES else await asyncio.to_thread(encoded)


async def _looked_up(torrents: TorrentInfo, uri: str, hops: int | None) -> LookedUp:
    """Return what a URI leads to.

    Raises:
        TriblerdError: with the texts of the dialect.
    """
    try:
        return await torrents.look_up(uri, hops=hops)
    except NoInfohashError as error:
        msg = _BAD_LINK.format(error.reason or "missing info-hash from URI")
        if _is_of(uri, "magnet"):
            raise InvalidInputError(msg) from error
        raise FailedError(msg) from error  # the client did nothing wrong: a server sent the link
    except (NotATorrentError, InvalidResponseError) as error:
        msg = f"Could not read torrent from {uri}"
        raise FailedError(msg) from error
    except BrokenAnswerError as error:
        msg = "Error while reading response from http uri"
        raise FailedError(msg) from error


def _hops(value: object) -> int | None:
    """Return the number of hops, ``None`` for the default."""
    if value is None:
        return None
    try:
        hops = msgspec.convert(value, Annotated[int, Meta(ge=0, le=MOST_HOPS)], strict=False)
    except msgspec.ValidationError as error:
        msg = f"wrong value of 'hops' parameter: {value if isinstance(value, str) else encode_json(value).decode()}"
        raise InvalidInputError(msg) from error
    return hops or None


def _files(metainfo: Metainfo) -> list[FileItem]:
    top = f"{metainfo.name}/" if metainfo.is_multi_file else ""
    return [
        FileItem(index=file.index, name=file.path.removeprefix(top), size=file.size)
        for file in metainfo.files
        if not file.is_pad
    ]


def _is_of(uri: str, scheme: str) -> bool:
    return uri[: len(scheme) + 1].lower() == f"{scheme}:"


def _encoded(answer: TorrentItem) -> Encoded:
    return Encoded(encode_json(answer))
