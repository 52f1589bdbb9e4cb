"""What strangers name leads to nobody in the local network, redirects included."""

import pytest
from aiohttp import web

from triblerd_libtorrent.api import FetchError, TorrentSources, strangers_links
from triblerd_libtorrent.strangers import PublicResolver, is_guarded
from triblerd_libtorrent.testing import make_torrent


@pytest.fixture
async def served(tmp_path):
    """A server of this machine: a torrent, and a redirect to it under the machine's address."""
    torrent = make_torrent(tmp_path / "seed", b"film" * 5000, name="film.mkv")
    asked = []

    async def answer(request):
        asked.append(request.path)
        if request.path == "/there":
            return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{request.url.port}/film.torrent"})
        return web.Response(body=torrent.metainfo)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1], asked
    await runner.cleanup()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_strangers_link_is_not_followed_to_this_machine_unless_it_is_its_own(start_daemon, served, host):
    port, asked = served
    async with start_daemon("libtorrent") as daemon:
        sources = daemon.daemon.container.services().find(TorrentSources)
        with strangers_links(["feed.example"]), pytest.raises(FetchError, match="local network"):
            await sources.resolve(f"http://{host}:{port}/film.torrent")
        refused = list(asked)
        with strangers_links([host]):
            found = await sources.resolve(f"http://{host}:{port}/film.torrent")

    assert refused == []
    assert found.name == "film.mkv"


async def test_a_redirect_is_a_strangers_link_as_well(start_daemon, served):
    port, asked = served
    async with start_daemon("libtorrent") as daemon:
        sources = daemon.daemon.container.services().find(TorrentSources)
        with strangers_links(["localhost"]), pytest.raises(FetchError, match="local network"):
            await sources.resolve(f"http://localhost:{port}/there")

    assert asked == ["/there"]


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "169.254.0.1", "[::1]", "[fe80::1]", "[::ffff:127.0.0.1]"])
def test_addresses_of_networks_around_are_refused(host):
    with strangers_links([]), pytest.raises(FetchError, match="local network"):
        is_guarded(f"http://{host}/")


def test_the_users_own_links_lead_anywhere():
    assert not is_guarded("http://127.0.0.1/")


async def test_a_name_of_this_machine_has_no_public_address():
    with pytest.raises(FetchError, match="local network"):
        await PublicResolver().resolve("localhost")
