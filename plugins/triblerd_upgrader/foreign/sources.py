"""The torrent file or the link of a download that another program had."""

from urllib.parse import quote

from triblerd_libtorrent.api import Magnet, MagnetError, Metainfo, MetainfoError, TorrentEngine
from triblerd_upgrader.foreign.values import ForeignDownload

_NOTHING_KNOWN = "it has neither a torrent file nor an infohash"


async def source_of(foreign: ForeignDownload, engine: TorrentEngine) -> Metainfo | Magnet:
    """Return what is known of a torrent, which is the one that the program says it is.

    Raises:
        MetainfoError: the torrent file cannot be used, or is another one's.
        MagnetError: there is no usable link either.
    """
    if foreign.metainfo:
        metainfo = await engine.parse_metainfo(foreign.metainfo)
        if not _is_same(foreign, metainfo):
            msg = "its torrent file is that of another torrent"
            raise MetainfoError(msg)
        return metainfo
    magnet = engine.parse_magnet(foreign.magnet or _link(foreign))
    if not _is_same(foreign, magnet):
        msg = "its magnet link is that of another torrent"
        raise MagnetError(msg)
    return magnet


def _is_same(foreign: ForeignDownload, source: Metainfo | Magnet) -> bool:
    pairs = [
        (foreign.infohash_v1.hex(), source.infohash_v1),
        (foreign.infohash_v2.hex(), source.infohash_v2),
    ]
    known = [wanted == found for wanted, found in pairs if wanted and found]
    return any(known) if known else not (foreign.infohash_v1 or foreign.infohash_v2)


def _link(foreign: ForeignDownload) -> str:
    hashes = []
    if foreign.infohash_v1:
        hashes.append(f"xt=urn:btih:{foreign.infohash_v1.hex()}")
    if foreign.infohash_v2:
        hashes.append(f"xt=urn:btmh:1220{foreign.infohash_v2.hex()}")
    if not hashes:
        raise MagnetError(_NOTHING_KNOWN)
    trackers = [f"tr={quote(url, safe='')}" for tier in foreign.trackers for url in tier]
    name = [f"dn={quote(foreign.name, safe='')}"] if foreign.name else []
    return "magnet:?" + "&".join([*hashes, *name, *trackers])
