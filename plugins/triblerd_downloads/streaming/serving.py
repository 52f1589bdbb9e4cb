"""Answers requests for files of downloads, which may not be there yet."""

import mimetypes
from pathlib import Path
from urllib.parse import quote

from aiohttp import hdrs, web

from triblerd.errors import UnavailableError
from triblerd_downloads.api import UnknownDownloadError
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.downloads import DownloadManager
from triblerd_downloads.streaming.preparation import Preparation
from triblerd_downloads.streaming.ranges import UnsatisfiableRangeError, parse_range
from triblerd_downloads.streaming.sending import refuse_link, send
from triblerd_downloads.streaming.spans import FileSpan
from triblerd_downloads.streaming.streams import Streams
from triblerd_libtorrent.api import Infohash

_UNKNOWN_TYPE = "application/octet-stream"
_TYPES = mimetypes.MimeTypes()
for _suffix, _type in {  # what Python itself does not know
    ".avi": "video/x-msvideo",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".m4v": "video/x-m4v",
    ".mka": "audio/x-matroska",
    ".mkv": "video/x-matroska",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".srt": "application/x-subrip",
    ".ts": "video/mp2t",
    ".vtt": "text/vtt",
    ".webm": "video/webm",
}.items():
    _TYPES.add_type(_type, _suffix)


class NotReadyError(UnavailableError):
    """A download does not run, or its files are not known, after a while of waiting."""


class FileStreams:
    """Plays files. Implements :class:`triblerd_downloads.api.DownloadStreams`."""

    def __init__(self, *, manager: DownloadManager, streams: Streams, preparation: Preparation) -> None:
        self._manager = manager
        self._streams = streams
        self._preparation = preparation

    async def serve(self, request: web.Request, infohash: Infohash, index: int) -> web.StreamResponse:
        """Answer with one file, or a part of it."""
        download = self._manager.get(infohash)
        if request.method == hdrs.METH_HEAD:
            span = await self._find(download, index)
            return web.StreamResponse(headers=_headers(download, span) | {hdrs.CONTENT_LENGTH: str(span.size)})
        try:
            await self._preparation.wait_for_files(download)
            span = await self._find(download, index)
            if (refusal := _refused(request, download, span)) is not None:
                return refusal
            part = _wanted(request, download, span)
            if span.size:
                await self._preparation.wait_until_running(download)
        except TimeoutError as error:
            raise _not_ready(download) from error
        except UnsatisfiableRangeError as error:
            return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{error.size}"})
        return await self._send(request, download, span, part)

    async def _find(self, download: ActiveDownload, index: int) -> FileSpan:
        if not download.has_metadata:
            raise _not_ready(download)
        span = await self._preparation.find(download, index)
        if span is None:
            raise UnknownDownloadError
        return span

    async def _send(
        self, request: web.Request, download: ActiveDownload, span: FileSpan, part: range | None
    ) -> web.StreamResponse:
        wanted = range(span.size) if part is None else part
        response = web.StreamResponse(status=200 if part is None else 206, headers=_headers(download, span))
        response.content_length = len(wanted)
        if part is not None:
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.stop - 1}/{span.size}"
        if not wanted:
            return response
        destination = Path(download.record.destination)
        await refuse_link(destination, destination / span.path)
        async with self._streams.reading(download, span, wanted.start) as cursor:
            await send(request, response, cursor, stop=wanted.stop, path=destination / span.path)
        return response


def _headers(download: ActiveDownload, span: FileSpan) -> dict[str, str]:
    name = span.path.rpartition("/")[2]
    return {
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.CONTENT_DISPOSITION: f"inline; filename*=UTF-8''{quote(name, safe='', errors='replace')}",
        # A page in a torrent must not act as a page of ours, with the key in its cookie.
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
        hdrs.CONTENT_TYPE: _TYPES.guess_type(name, strict=False)[0] or _UNKNOWN_TYPE,
        hdrs.ETAG: f'"{_tag(download, span)}"',
    }


def _tag(download: ActiveDownload, span: FileSpan) -> str:
    return f"{download.infohash}-{span.index}"  # the content of a torrent never changes


def _refused(request: web.Request, download: ActiveDownload, span: FileSpan) -> web.Response | None:
    """Return the answer to a client that has the file already, or wants another one (RFC 9110, section 13)."""
    ours = {_tag(download, span), "*"}
    wanted, known = request.if_match, request.if_none_match
    if wanted is not None and not any(tag.value in ours for tag in wanted):
        return web.Response(status=412)
    if known is not None and any(tag.value in ours for tag in known):
        return web.Response(status=304, headers={hdrs.ETAG: f'"{_tag(download, span)}"'})
    return None


def _wanted(request: web.Request, download: ActiveDownload, span: FileSpan) -> range | None:
    condition = request.headers.get(hdrs.IF_RANGE)
    if condition is not None and condition.strip() != f'"{_tag(download, span)}"':
        return None  # the client has a part of something else, or names a date, which we do not give
    return parse_range(request.headers.get(hdrs.RANGE), span.size)


def _not_ready(download: ActiveDownload) -> NotReadyError:
    what = f"it is {download.state.name}" if download.has_metadata else "its files are not known yet"
    reason = f": {download.error}" if download.error else ""
    return NotReadyError(f"The download cannot be played, {what}{reason}", retry_after=5)
