"""Which of a torrent's hashes is its name here."""

import libtorrent as lt

from triblerd_libtorrent.values import Infohash


def identity_of(hashes: lt.info_hash_t) -> Infohash:
    """Return the v1 hash where there is one, else the first 20 bytes of the v2 hash (BEP 52)."""
    # get_best() would name a hybrid torrent by its v2 hash, which no client of the API knows.
    return Infohash(str(hashes.v1 if hashes.has_v1() else hashes.get_best()))
