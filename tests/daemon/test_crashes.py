"""kill -9 at random moments: what was confirmed is there at the next start, and nothing is hashed again."""

import asyncio
import random
from functools import partial

import libtorrent as lt
import lmdb
import pytest

from tests.daemon.busy_client import BusyClient
from tests.daemon.conftest import blocks_read
from tests.plugins.downloads.conftest import item_of, upload, wait_for_status
from triblerd.testing import wait_for


async def kill_again_and_again(start_program, swarm, saved, *, kills, seed):
    chance = random.Random(seed)
    torrents = [swarm.seed(chance.randbytes(chance.choice((9_000, 200_000))), name=f"t{n}") for n in range(kills * 10)]
    swarm.seeder.limit(1_500_000)  # so that some are in the middle whenever the end comes
    async with start_program() as daemon:
        client = BusyClient(daemon, swarm, torrents, chance)
        for _ in range(kills):
            work = asyncio.create_task(client.run())
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            daemon.kill()
            await work
            await daemon.start()
            await client.check()
        swarm.seeder.limit(0)
        await client.finish()
        torrents = [client.torrents[infohash] for infohash in client.wanted]
        await wait_for(lambda: all(map(partial(is_stored, daemon), torrents)), what="the last checkpoint")
        daemon.kill()
        await daemon.start()
        await client.finish()
        assert await blocks_read(daemon) == 0

    for torrent in torrents:
        assert (saved / torrent.name).read_bytes() == (torrent.folder / torrent.name).read_bytes()
    assert len(torrents) > kills
    assert "Traceback" not in daemon.output


async def test_what_was_confirmed_survives_kill_9(start_program, swarm, saved):
    await kill_again_and_again(start_program, swarm, saved, kills=4, seed=1)


@pytest.mark.soak
async def test_what_was_confirmed_survives_fifty_kills(start_program, swarm, saved):
    await kill_again_and_again(start_program, swarm, saved, kills=50, seed=2)


async def test_half_a_download_goes_on_without_hashing_again(start_program, swarm, saved):
    content = random.Random(3).randbytes(2_000_000)
    torrent = swarm.seed(content, name="film")
    swarm.seeder.limit(600_000)
    async with start_program() as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: stored_pieces(daemon, torrent.infohash).count(True) > 30, what="a checkpoint")
        swarm.seeder.limit(1)
        daemon.kill()
        known = stored_pieces(daemon, torrent.infohash).count(True)
        await daemon.start()
        item = await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        assert await blocks_read(daemon) == 0
        assert item["progress"] >= known * 16 * 1024 / 2_000_000 - 0.01

        swarm.seeder.limit(0)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        received = (await item_of(daemon, torrent.infohash))["total_down"]

    assert (saved / "film").read_bytes() == content
    assert received < 2_000_000 - known * 16 * 1024 + 100_000


async def test_a_move_goes_on_after_kill_9(start_program, swarm, saved, tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    torrents = [swarm.seed({"a": bytes([n]) * 300_000, "b": b"b"}, name=f"album {n}") for n in range(4)]
    async with start_program() as daemon:
        for torrent in torrents:
            await upload(daemon, torrent)
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        for torrent in torrents:
            await daemon.patch(
                f"/downloads/{torrent.infohash}", json={"state": "move_storage", "dest_dir": str(archive)}
            )
        daemon.kill()
        await daemon.start()

        await wait_for(lambda: {path.name for path in archive.iterdir()} == {torrent.name for torrent in torrents})
        for torrent in torrents:
            item = await wait_for_status(daemon, torrent.infohash, "SEEDING")
            assert (item["destination"], item["error"]) == (str(archive), "")

    assert list(saved.iterdir()) == []
    assert all((archive / torrent.name / "a").stat().st_size == 300_000 for torrent in torrents)


def stored_pieces(daemon, infohash):
    """Return which pieces the daemon would take for finished after a kill at this moment."""
    with lmdb.open(str(daemon.state_dir / "store"), readonly=True, max_dbs=128, lib_version=0) as store:
        table = store.open_db(b"libtorrent/resume", create=False)
        with store.begin(table) as transaction:
            data = transaction.get(bytes.fromhex(infohash))
    return list(lt.read_resume_data(data[1:]).have_pieces) if data else []


def is_stored(daemon, torrent):
    """Return whether the daemon would take a download for complete after a kill at this moment."""
    return stored_pieces(daemon, torrent.infohash).count(True) * 16 * 1024 >= torrent.size
