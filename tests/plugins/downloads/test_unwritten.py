import msgspec

from triblerd_downloads.api import DownloadRecord
from triblerd_downloads.unwritten import unwritten
from triblerd_libtorrent.api import Infohash
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import make_torrent

INFOHASH = Infohash("a" * 40)
RECORD = DownloadRecord(order=0, time_added=0, name="film", destination="/nowhere")


class Torrents:
    """What the torrent store has."""

    def __init__(self, raw=None):
        self.raw = raw

    def metainfo(self, _):
        return self.raw

    async def parse_metainfo(self, raw):
        return parse_metainfo(raw)


async def found_out(record, torrents):
    return await unwritten({INFOHASH: record}, torrents, torrents)


async def test_metadata_that_came_at_the_last_moment_are_learned(tmp_path):
    torrent = make_torrent(tmp_path, {"a": b"a" * 20_000, "b": b"b"}, name="album")
    record = msgspec.structs.replace(RECORD, magnet=torrent.magnet, selection=(1, 9), only_metadata=True)

    fields = (await found_out(record, Torrents(torrent.metainfo)))[INFOHASH]

    assert (fields["name"], fields["size"], fields["file_count"]) == ("album", 20_001, 2)
    assert (fields["magnet"], fields["selection"]) == (torrent.magnet, b"\2")
    assert (fields["user_stopped"], fields["only_metadata"]) == (True, False)


async def test_a_torrent_file_that_cannot_be_read_leaves_the_magnet_link_as_it_is():
    assert await found_out(msgspec.structs.replace(RECORD, magnet="magnet:?"), Torrents(b"rubbish")) == {}


async def test_a_magnet_link_without_metadata_stays_one():
    assert await found_out(msgspec.structs.replace(RECORD, magnet="magnet:?"), Torrents()) == {}
