"""Part files of unknown torrents are removed at start, where that is wanted, and nothing else is."""

import pytest

from tests.plugins.downloads.conftest import connect, upload
from triblerd.testing import wait_for
from triblerd_downloads.orphaned_parts import clear_orphaned_parts
from triblerd_libtorrent.api import Infohash
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import TorrentVersion, make_torrent


class Torrents:
    """What the torrent store has."""

    def __init__(self, **raw):
        self.raw = raw

    def metainfo(self, infohash):
        return self.raw.get(infohash)

    async def parse_metainfo(self, raw):
        return parse_metainfo(raw)


def part_file(folder, infohash):
    path = folder / f".{infohash}.parts"
    path.write_bytes(b"parts")
    return path


async def clear(folder, *known, **raw):
    torrents = Torrents(**raw)
    await clear_orphaned_parts(
        folders=[str(folder), str(folder / "missing")], known=map(Infohash, known), torrents=torrents, parser=torrents
    )


async def test_what_is_not_a_part_file_of_an_unknown_torrent_stays(tmp_path):
    orphan, mine = part_file(tmp_path, "a" * 40), part_file(tmp_path, "b" * 40)
    (tmp_path / "below").mkdir()
    others = [
        mine,
        part_file(tmp_path / "below", "c" * 40),
        part_file(tmp_path, "A" * 40),
        part_file(tmp_path, "d" * 39),
        part_file(tmp_path, "e" * 41),
        tmp_path / f".{'f' * 40}.parts.bak",
        tmp_path / f"{'f' * 40}.parts",
    ]
    for path in others[-2:]:
        path.write_bytes(b"content")
    link, folder = tmp_path / f".{'1' * 40}.parts", tmp_path / f".{'2' * 40}.parts"
    link.symlink_to(mine)
    folder.mkdir()

    await clear(tmp_path, "b" * 40)

    assert not orphan.exists()
    assert all(path.exists() for path in (*others, link, folder))


@pytest.mark.parametrize("version", [TorrentVersion.V1, TorrentVersion.HYBRID, TorrentVersion.V2])
async def test_those_of_a_known_torrent_stay_by_whichever_infohash(tmp_path, version):
    torrent = make_torrent(tmp_path / "content", {"a": b"a" * 20_000}, version=version)
    metainfo = parse_metainfo(torrent.metainfo)
    hashes = [infohash for infohash in (metainfo.infohash_v1, metainfo.infohash_v2[:40]) if infohash]
    files = [part_file(tmp_path, infohash) for infohash in hashes]

    await clear(tmp_path, torrent.infohash, **{torrent.infohash: torrent.metainfo})

    assert all(path.exists() for path in files)


async def test_while_a_torrent_file_cannot_be_read_nothing_is_removed(tmp_path):
    file = part_file(tmp_path, "a" * 40)

    await clear(tmp_path, "b" * 40, **{"b" * 40: b"rubbish"})

    assert file.exists()


async def test_a_download_keeps_its_part_file_over_a_restart_and_an_orphan_goes(start_daemon, seeder, tmp_path):
    torrent = seeder.seed_new({"a": b"a" * 20_000, "b": b"b" * 20_000})
    target = tmp_path / "target"
    settings = {"downloads": {"clear_orphaned_parts": True}, "download_defaults": {"saveas": str(target)}}
    async with start_daemon("downloads", config=settings) as daemon:
        await upload(daemon, torrent, selected_files="0")
        await connect(daemon, seeder, torrent)
        own = target / f".{torrent.infohash}.parts"
        await wait_for(own.exists, 20)
    orphan = part_file(target, "a" * 40)

    async with start_daemon("downloads", config=settings) as daemon:
        assert (own.exists(), orphan.exists()) == (True, False)

    part_file(target, "a" * 40)
    async with start_daemon("downloads", config={"downloads": {"clear_orphaned_parts": False}}):
        assert (own.exists(), orphan.exists()) == (True, True)
