"""Torrents that are so large that the engine gets them unparsed."""

import pytest

from tests.plugins.libtorrent.large import enlarged
from triblerd.testing import wait_for
from triblerd_libtorrent import api
from triblerd_libtorrent.api import EngineState
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

FILES = {"d/small": b"small", "d/other": b"other", "d/wanted": b"w" * 50_000, "z": b"z" * 200_000}
TRACKERS = ("http://127.0.0.1:1/a", "http://127.0.0.1:1/b")
WEB_SEEDS = ("http://127.0.0.1:1/w/",)


@pytest.fixture(params=TorrentVersion)
def torrent(request, tmp_path):
    """Those of version 2 have piece layers, which the engine takes from parsed torrents alone."""
    made = make_torrent(
        tmp_path / "seeder", FILES, name="large", version=request.param, trackers=TRACKERS, web_seeds=WEB_SEEDS
    )
    return enlarged(made)


@pytest.fixture
def plain_torrent(tmp_path):
    """Version 2 without piece layers, since every file fits into a piece."""
    content = {path: content[:10_000] for path, content in FILES.items()}
    return enlarged(make_torrent(tmp_path / "seeder", content, name="large", version=TorrentVersion.V2))


async def test_it_is_downloaded_whole(start_engine, seeder, torrent):
    seeder.seed(torrent)
    async with start_engine() as bench:
        await bench.download(torrent, seeder)

        got = {path: (bench.folder / "large" / path).read_bytes() for path in FILES}
        assert got == FILES
        assert [tracker.url for tracker in bench.swarm.trackers(torrent.infohash)] == list(TRACKERS)


async def test_one_of_version_2_without_layers_is_downloaded_whole(start_engine, seeder, plain_torrent):
    seeder.seed(plain_torrent)
    async with start_engine() as bench:
        await bench.download(plain_torrent, seeder)

        assert (bench.folder / "large/d/small").read_bytes() == b"small"


async def test_only_the_selected_files_are_downloaded(start_engine, seeder, torrent):
    seeder.seed(torrent)
    priorities = tuple(4 * (file.path == "large/d/wanted") for file in parse_metainfo(torrent.metainfo).files)
    async with start_engine() as bench:
        await bench.download(torrent, seeder, priorities=priorities)

        assert (bench.folder / "large/d/wanted").read_bytes() == FILES["d/wanted"]
        assert not (bench.folder / "large/z").exists()


async def test_its_limits_and_its_pause_are_those_of_the_wish(start_engine, torrent):
    async with start_engine() as bench:
        status = await bench.engine.add(bench.wish(torrent, is_paused=True, upload_limit=7000, download_limit=8000))

        assert status.is_paused
        assert not status.is_auto_managed
        handle = bench.engine._torrents.get(torrent.infohash).handle
        assert (handle.upload_limit(), handle.download_limit()) == (7000, 8000)
        assert handle.url_seeds() == list(WEB_SEEDS)


async def test_a_verified_one_seeds_at_once(start_engine, torrent, tmp_path):
    async with start_engine() as bench:
        await bench.engine.add(bench.wish(torrent, is_verified=True, save_path=str(tmp_path / "seeder")))

        await bench.row(torrent.infohash, lambda row: row.state is EngineState.SEEDING)

        assert EngineState.CHECKING not in _states(bench)


@pytest.mark.parametrize("together", [False, True])
async def test_it_goes_on_after_a_restart_without_being_hashed(start_engine, seeder, torrent, together):
    seeder.seed(torrent)
    async with start_engine() as bench:
        await bench.keep(torrent)
        await bench.download(torrent, seeder)
        await bench.engine.checkpoint()

    async with start_engine() as bench:
        wish = bench.wish(torrent, source=None)
        if together:
            assert not await bench.engine.add_many([wish])
        else:
            await bench.engine.add(wish)

        row = await bench.row(torrent.infohash, lambda row: row.is_seeding)

        assert row.total_payload_download == 0
        assert EngineState.CHECKING not in _states(bench)


async def test_it_is_removed_with_all_its_files(start_engine, seeder, torrent):
    seeder.seed(torrent)
    async with start_engine() as bench:
        await bench.download(torrent, seeder)

        await bench.engine.remove(torrent.infohash, remove_data=True)

        assert not list(bench.folder.iterdir())


async def test_metadata_of_a_large_one_come_from_peers(start_engine, seeder, torrent):
    seeder.seed(torrent)
    async with start_engine() as bench:
        await bench.engine.add(bench.magnet_wish(seeder.magnet(torrent)))

        told = await bench.event(api.MetadataReceived)
        await bench.row(torrent.infohash, lambda row: row.is_finished)

        assert isinstance(told, api.MetadataReceived)
        files = {file.path: file.size for file in told.metainfo.files if not file.is_pad}
        assert files == {f"large/{path}": len(content) for path, content in FILES.items()}
        await wait_for(lambda: bench.stored.metainfo(torrent.infohash), what="the torrent file")


async def test_one_that_is_damaged_in_the_store_is_refused(start_engine, torrent):
    async with start_engine() as bench:
        await bench.store.write(
            lambda transaction: bench.stored.keep_metainfo(transaction, torrent.infohash, torrent.metainfo[:-1])
        )

        refused = await bench.engine.add_many([bench.wish(torrent, source=None)])

        assert "Invalid torrent file" in str(refused[torrent.infohash])


def _states(bench):
    return {row.state for event in bench.told(api.StatusesUpdated) for row in event.statuses}
