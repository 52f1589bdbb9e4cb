"""An anonymous download by circuits of other nodes on loopback, from the address of its torrent to its last byte."""

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.plugins.downloads.conftest import wait_for_status
from tests.plugins.tunnels.conftest import start_nodes
from tests.plugins.tunnels.nodes import EXIT, EXIT_ADDRESS
from tests.plugins.tunnels.test_circuits import settings
from tests.trackers import http_tracker
from triblerd.testing import wait_for

__all__ = ["start_nodes"]


async def test_torrent_peers_and_data_come_by_circuits(start_daemon, start_nodes, seeder, tmp_path):
    nodes = await start_nodes(EXIT)
    asked = []
    async with http_tracker() as tracker:
        tracker.peers = [(seeder.host, seeder.port)]
        torrent = seeder.seed_new(b"hidden " * 40_000, trackers=(tracker.url,))

        async def answer(request):
            asked.append(request.headers["User-Agent"])
            return web.Response(body=torrent.metainfo)

        app = web.Application()
        app.router.add_get("/film.torrent", answer)
        config = {**settings(nodes), "download_defaults": {"saveas": str(tmp_path / "saved")}}
        async with TestServer(app) as server, start_daemon("downloads", "tunnels", config=config) as daemon:
            body = {"uri": str(server.make_url("/film.torrent")), "anon_hops": 1, "safe_seeding": True}
            seeder.limit(100_000)  # or it is left before anybody looks
            added = await daemon.put("/downloads", json=body)
            met = await wait_for(lambda: seeder.peers(torrent), what="a peer")
            seeder.limit(0)
            item = await wait_for_status(daemon, added["infohash"], "SEEDING")

    assert (item["anon_download"], item["hops"]) == (True, 1)
    assert (tmp_path / "saved/tiny").read_bytes() == b"hidden " * 40_000
    assert met == {EXIT_ADDRESS}
    # The exit asks servers from any address of the machine, with the words that it was given.
    assert {*asked, *(name for _, name in tracker.visitors)} == {"curl/7.81.0"}
