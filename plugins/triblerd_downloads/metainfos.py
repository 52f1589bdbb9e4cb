"""Parsed torrent files of downloads: large ones that were last asked for stay in memory."""

from collections import OrderedDict

from triblerd_downloads.download_set import DownloadSet
from triblerd_libtorrent.api import Infohash, Metainfo, TorrentEngine, TorrentStore

MANY_FILES = 500
"""A torrent of fewer files is parsed again within a few milliseconds."""
MOST_BYTES = 64 * 1024 * 1024
"""Of all torrents that are kept together, as far as it can be estimated; one that is larger is kept alone."""
_BYTES_OF_FILE = 300


class Metainfos:
    """Parses what the torrent store has, once for all who ask in close succession."""

    def __init__(self, *, engine: TorrentEngine, torrents: TorrentStore, downloads: DownloadSet) -> None:
        self._engine = engine
        self._torrents = torrents
        self._downloads = downloads
        self._kept: OrderedDict[Infohash, Metainfo] = OrderedDict()
        self._size = 0
        downloads.when_dropped(self._drop)

    async def get(self, infohash: Infohash) -> Metainfo | None:
        """Return what the torrent file of a download says, ``None`` while it is unknown.

        Raises:
            MetainfoError: the stored file cannot be read.
        """
        raw = self._torrents.metainfo(infohash)
        if raw is None:
            return None
        kept = self._kept.get(infohash)
        if kept is not None and kept.raw == raw:  # a magnet's is given the hashes of its pieces later
            self._kept.move_to_end(infohash)
            return kept
        metainfo = await self._engine.parse_metainfo(raw)
        self.keep(infohash, metainfo)
        return metainfo

    def keep(self, infohash: Infohash, metainfo: Metainfo) -> None:
        """Take in what was parsed elsewhere, and may be asked for soon."""
        self._drop(infohash)
        if len(metainfo.files) < MANY_FILES or self._downloads.find(infohash) is None:  # it was removed meanwhile
            return
        self._kept[infohash] = metainfo
        self._size += _size(metainfo)
        while self._size > MOST_BYTES and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, infohash: Infohash) -> None:
        metainfo = self._kept.pop(infohash, None)
        if metainfo is not None:
            self._size -= _size(metainfo)


def _size(metainfo: Metainfo) -> int:
    return len(metainfo.raw) + len(metainfo.files) * _BYTES_OF_FILE
