"""Anonymous downloads: which session has them, what they wait for, and that they are never anywhere else."""

from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.carrier import CARRIER
from tests.carrier.plugin import Carrier
from tests.plugins.downloads.conftest import TORRENT_TYPE, connect, item_of, service, upload, wait_for_status
from triblerd.services import PluginDirectory
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads, TorrentStatusChanged
from triblerd_libtorrent.api import TorrentEngine, TunnelState

ANONYMOUS = {"anon_hops": 1, "safe_seeding": 1}
CONTENT = b"content " * 20_000


@pytest.fixture
def start(start_daemon, tmp_path):
    """Run a daemon with downloads and somebody who carries anonymous sessions; a second start finds what was left."""

    @asynccontextmanager
    async def run(*plugins, **config):
        defaults = {"saveas": str(tmp_path / "saved"), **config.pop("download_defaults", {})}
        async with start_daemon(
            "downloads", *plugins, config={"download_defaults": defaults, **config}, extra_plugins=[CARRIER]
        ) as daemon:
            yield daemon

    return run


def where(daemon, torrent):
    """Return the number of hops of the session that has a torrent, ``None`` when none has it."""
    engine = service(daemon, TorrentEngine)
    return next((hops for hops in engine.sessions() if torrent.infohash in engine.torrents_of(hops)), None)


def is_with(daemon, torrent, hops):
    return where(daemon, torrent) == hops


def extended(daemon, torrent):
    return service(daemon, Downloads).get(torrent.infohash).extended_state.name


async def switch(daemon, *, on):
    directory = service(daemon, PluginDirectory)
    await (directory.enable if on else directory.disable)("carrier")


async def test_an_anonymous_download_is_made_by_way_of_the_tunnels(start, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT)

    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)
        await connect(daemon, seeder, torrent)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

        assert (item["hops"], item["anon_download"], where(daemon, torrent)) == (1, True, 1)
        assert (tmp_path / "saved/tiny").read_bytes() == CONTENT
        assert [row["url"] for row in item["trackers"]] == ["[DHT]", "[PeX]"]
        sent_to = {target for target, _ in service(daemon, Carrier).servers[1].datagrams}
        assert (seeder.host, seeder.port) in sent_to


@pytest.mark.parametrize("hops", [1, 2])
async def test_hops_that_nobody_offers_are_refused(start, seeder, hops):
    torrent = seeder.seed_new(CONTENT)
    plugins = () if hops == 1 else ("carrier",)

    async with start(*plugins) as daemon:
        if plugins:
            service(daemon, Carrier).offered = [1]
        params = {"anon_hops": hops, "safe_seeding": 1}
        answer = await daemon.call(
            "PUT", "/downloads", data=torrent.metainfo, params=params, headers=TORRENT_TYPE, status=400
        )
        await upload(daemon, torrent)
        change = await daemon.call("PATCH", f"/downloads/{torrent.infohash}", json={"anon_hops": hops}, status=500)

        assert change["error"]["code"] == "NoTunnelsError"
        assert "need the tunnels plugin" in answer["error"]
        assert (await item_of(daemon, torrent.infohash))["hops"] == 0


@pytest.mark.parametrize(
    ("state", "name", "told"),
    [(TunnelState.NO_EXITS, "EXIT_NODES", "EXIT_NODES"), (TunnelState.NO_CIRCUITS, "CIRCUITS", "LOADING")],
)
async def test_what_tunnels_lack_is_the_state_of_downloads_that_need_them(start, seeder, state, name, told):
    torrent = seeder.seed_new(CONTENT)

    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        with daemon.events(TorrentStatusChanged) as events:
            service(daemon, Carrier).states[1] = state
            item = await wait_for_status(daemon, torrent.infohash, name)
            assert extended(daemon, torrent) == name
            assert (item["speed_down"], item["num_seeds"]) == (0, 0)
            assert (await events.next()).status == told
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
            await wait_for_status(daemon, torrent.infohash, "STOPPED")
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
            await wait_for_status(daemon, torrent.infohash, name)

            service(daemon, Carrier).states[1] = TunnelState.READY
            await wait_for_status(daemon, torrent.infohash, "SEEDING")


async def test_a_download_waits_for_its_session_over_restarts_and_goes_nowhere_else(start, seeder):
    torrent = seeder.seed_new(CONTENT)
    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)
        await wait_for(lambda: where(daemon, torrent) == 1)

    async with start() as daemon:
        item = await wait_for_status(daemon, torrent.infohash, "STOPPED")
        assert (extended(daemon, torrent), where(daemon, torrent), item["error"]) == ("CIRCUITS", None, "")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        assert where(daemon, torrent) is None

    async with start("carrier") as daemon:
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        assert where(daemon, torrent) == 1


async def test_downloads_leave_with_the_tunnels_and_come_back_with_them(start, seeder):
    torrent, stopped = seeder.seed_new(CONTENT), seeder.seed_new(b"other", name="other")

    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)
        await upload(daemon, stopped, **ANONYMOUS)
        await daemon.patch(f"/downloads/{stopped.infohash}", json={"state": "stop"})
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        with daemon.events(TorrentStatusChanged) as events:
            await switch(daemon, on=False)
            assert (where(daemon, torrent), extended(daemon, torrent)) == (None, "CIRCUITS")
            assert (await events.next()).status == "LOADING"
            await wait_for_status(daemon, torrent.infohash, "STOPPED")

            await switch(daemon, on=True)
            await wait_for_status(daemon, torrent.infohash, "SEEDING")

        assert where(daemon, torrent) == where(daemon, stopped) == 1
        assert (await item_of(daemon, stopped.infohash))["status"] == "STOPPED"


@pytest.mark.parametrize("way", ["running", "stopped", "magnet"])
async def test_a_download_goes_to_the_tunnels_and_back_as_it_is(start, seeder, way):
    torrent = seeder.seed_new(CONTENT)

    async with start("carrier") as daemon:
        if way == "magnet":
            await daemon.put("/downloads", json={"uri": torrent.magnet})
        else:
            await upload(daemon, torrent)
        if way == "running":
            await connect(daemon, seeder, torrent)
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        if way == "stopped":
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "stop"})
        status = {"running": "SEEDING", "stopped": "STOPPED", "magnet": "METADATA"}[way]

        for hops in (1, 2, 0):
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"anon_hops": hops})
            assert where(daemon, torrent) in {hops, None}
            await wait_for(partial(is_with, daemon, torrent, hops))
            item = await wait_for_status(daemon, torrent.infohash, status)
            assert (item["hops"], item["safe_seeding"]) == (hops, False)


async def test_how_far_a_download_is_stays_known_while_it_waits_for_tunnels(start, seeder):
    torrent = seeder.seed_new(CONTENT)

    async with start("carrier") as daemon:
        service(daemon, Carrier).held.add(1)
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"anon_hops": 1})
        item = await item_of(daemon, torrent.infohash)
        record = service(daemon, Downloads).get(torrent.infohash).record

        assert (where(daemon, torrent), item["progress"]) == (None, 1.0)
        assert record.time_finished
        assert record.last_download


async def test_a_check_is_made_in_another_session_and_misses_nothing(start, seeder, tmp_path):
    torrent = seeder.seed_new(bytes(40_000_000))

    async with start("carrier") as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: where(daemon, torrent) == 0)
        (tmp_path / "saved/tiny").write_bytes(bytes(40_000_000))
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})
        await wait_for_status(daemon, torrent.infohash, "HASHCHECKING")
        for hops in (1, 2, 0):
            await daemon.patch(f"/downloads/{torrent.infohash}", json={"anon_hops": hops})
            await wait_for(partial(is_with, daemon, torrent, hops))

        item = await wait_for_status(daemon, torrent.infohash, "SEEDING", "DOWNLOADING")
        assert (item["status"], item["progress"]) == ("SEEDING", 1.0)


async def test_a_plain_download_with_safe_seeding_is_seeded_with_hops(start, seeder):
    torrent = seeder.seed_new(CONTENT)

    async with start("carrier", download_defaults={"number_hops": 2}) as daemon:
        await upload(daemon, torrent, safe_seeding=1)
        await connect(daemon, seeder, torrent)
        await wait_for(lambda: where(daemon, torrent) == 2)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

        assert (item["hops"], item["safe_seeding"], item["progress"]) == (2, False, 1.0)


async def test_what_seeds_in_the_clear_moves_to_the_tunnels_when_they_come(start, seeder):
    torrent = seeder.seed_new(CONTENT)

    async with start() as daemon:
        await upload(daemon, torrent, safe_seeding=1)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        assert (await item_of(daemon, torrent.infohash))["safe_seeding"]

        await switch(daemon, on=True)
        await wait_for(lambda: where(daemon, torrent) == 1)
        item = await wait_for_status(daemon, torrent.infohash, "SEEDING")

        assert (item["hops"], item["safe_seeding"]) == (1, False)


@pytest.mark.parametrize("with_data", [True, False])
async def test_a_download_that_waits_for_tunnels_can_be_removed_with_its_files(start, seeder, tmp_path, with_data):
    torrent = seeder.seed_new({"a.bin": CONTENT, "sub/b.bin": CONTENT})
    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        (tmp_path / "saved/tiny/mine").write_text("stays")

    async with start() as daemon:
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": with_data})
        left = sorted(path.name for path in (tmp_path / "saved/tiny").rglob("*"))
        assert left == (["mine"] if with_data else ["a.bin", "b.bin", "mine", "sub"])
        await switch(daemon, on=True)

        assert await item_of(daemon, torrent.infohash) is None
        assert service(daemon, Carrier).servers == {}


async def test_a_waiting_download_goes_back_to_the_clear_only_when_it_is_told_to(start, seeder):
    torrent = seeder.seed_new(CONTENT)
    async with start("carrier") as daemon:
        await upload(daemon, torrent, **ANONYMOUS)

    async with start() as daemon:
        await wait_for_status(daemon, torrent.infohash, "STOPPED")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"anon_hops": 0})
        await connect(daemon, seeder, torrent)

        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        assert where(daemon, torrent) == 0
