"""The entry of a torrent file that somebody else made."""

import re
import time
from itertools import chain

from triblerd_libtorrent.api import Metainfo
from triblerd_metadata.classification import category_of
from triblerd_metadata.tracker_urls import normalise_trackers
from triblerd_metadata.values import NewEntry, id_of_infohash

_CREATION_DATE = re.compile(rb"13:creation datei([0-9]{1,10})e")


def entry_of_metainfo(metainfo: Metainfo) -> NewEntry:
    """Return the unsigned entry of a torrent."""
    infohash = metainfo.infohash.key[:20]
    made = _CREATION_DATE.search(metainfo.raw)
    return NewEntry(
        id=id_of_infohash(infohash),
        title=metainfo.name,
        category=category_of(metainfo.files),
        infohash=infohash,
        size=metainfo.size,
        torrent_date=int(made[1]) if made else 0,
        timestamp=int(time.time() * 1000),
        trackers=normalise_trackers(chain.from_iterable(metainfo.trackers)),
    )
