"""``vod_mode``: prepares a file for a player before that asks for it."""

import msgspec

from triblerd.errors import InvalidInputError, OperationError
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.schemas import Changed, VodBody
from triblerd_downloads.streaming.preparation import Preparation
from triblerd_downloads.streaming.ranges import start_of
from triblerd_downloads.streaming.streams import Streams
from triblerd_downloads.vod import VodStatus


class NotReadyInTimeError(OperationError):
    """A download does not run, or its files are not known, after a while of waiting."""

    code = "TimeoutError"


class VodMode:
    """Turns streaming of a file on and off."""

    def __init__(self, *, streams: Streams, preparation: Preparation) -> None:
        self._streams = streams
        self._preparation = preparation

    async def change(self, download: ActiveDownload, body: VodBody, range_header: str | None) -> Changed:
        """Do what a request wants.

        Args:
            download: What is to be played.
            body: Has ``vod_mode``.
            range_header: From where on it will be played; ``None`` is the beginning.

        Raises:
            InvalidInputError: the body says nothing sensible.
            NotReadyInTimeError: the download does not run.
        """
        if not isinstance(body.vod_mode, bool):
            msg = "vod_mode must be bool flag"
            raise InvalidInputError(msg)
        if body.vod_mode:
            modified = await self._enable(download, _index(body.fileindex), range_header)
        else:
            modified = await self._streams.end(download.infohash)
        return _answer(download, modified=modified)

    async def _enable(self, download: ActiveDownload, index: int, range_header: str | None) -> bool:
        try:
            await self._preparation.wait_for_files(download)
            span = await self._preparation.find(download, index)
            if span is None:
                msg = "fileindex out of range"
                raise InvalidInputError(msg)
            await self._preparation.wait_until_running(download)
        except TimeoutError as error:
            msg = f"The download is not ready to be streamed: it is {download.state.name}"
            raise NotReadyInTimeError(msg) from error
        return await self._streams.prepare(download, span, start_of(range_header, span.size))


def _index(value: object) -> int:
    if value is None:
        msg = "fileindex is necessary to enable vod_mode"
        raise InvalidInputError(msg)
    try:
        return msgspec.convert(value, int, strict=False)
    except msgspec.ValidationError as error:
        msg = "fileindex must be an integer"
        raise InvalidInputError(msg) from error


def _answer(download: ActiveDownload, *, modified: bool) -> Changed:
    vod = download.vod or VodStatus()
    return Changed(
        modified=modified,
        infohash=str(download.infohash),
        vod_mode=vod.is_enabled,
        vod_prebuffering_progress=vod.prebuffering,
        vod_prebuffering_progress_consec=vod.prebuffering_consecutive,
        vod_header_progress=vod.header,
        vod_footer_progress=vod.footer,
    )
