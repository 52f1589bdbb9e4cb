"""How anonymous a look-up is."""

import asyncio

import pytest

from tests.plugins.torrentinfo.conftest import info_of
from triblerd.errors import NotFoundError
from triblerd.testing import wait_for
from triblerd_downloads.api import DefaultHops, Downloads
from triblerd_libtorrent.api import SessionRegistry, TorrentEngine
from triblerd_libtorrent.testing import make_torrent

STRANGER = f"magnet:?xt=urn:btih:{'ab' * 20}&x.pe=127.0.0.1:9"
QUICK = {"lookup_timeout": 0.5}


class Surroundings:
    """A daemon with these settings, sessions and tunnels."""

    def __init__(self, *, default=2, sessions=(0,), tunnels=None, downloads=True):
        self.default_hops = default
        self.hops = sessions
        self.enabled = tunnels
        self.downloads = downloads

    def find(self, kind):
        assert kind is Downloads
        return self if self.downloads else None

    def sessions(self):
        return self.hops

    def plugin(self, name):
        assert name == "tunnels"
        if self.enabled is None:
            raise NotFoundError
        return self


@pytest.mark.parametrize(
    ("surroundings", "hops"),
    [
        (Surroundings(sessions=(0, 2)), 2),
        (Surroundings(sessions=(0, 1)), 2),  # refused, not made in the clear
        (Surroundings(tunnels=True), 2),  # likewise
        (Surroundings(tunnels=True, downloads=False), 1),
        (Surroundings(tunnels=False), 0),
        (Surroundings(), 0),
        (Surroundings(default=0, sessions=(0, 2), tunnels=True), 0),
    ],
)
def test_the_default_is_that_of_downloads_where_the_tunnels_are_wanted(surroundings, hops):
    default = DefaultHops(services=surroundings, plugins=surroundings, engine=surroundings)

    assert default.now() == hops


@pytest.mark.parametrize(("enabled", "hops"), [(True, 3), (False, 0)])
async def test_the_default_of_downloads_is_what_the_settings_say(start_info, enabled, hops):
    defaults = {"anonymity_enabled": enabled, "number_hops": 3}

    async with start_info(download_defaults=defaults) as daemon:
        assert daemon.daemon.container.services().find(Downloads).default_hops == hops


async def test_without_tunnels_a_look_up_is_plain_and_says_so(start_info, seeder):
    torrent = seeder.seed_new(b"x" * 100)

    async with start_info() as daemon:
        assert (await info_of(daemon, seeder.magnet(torrent)))["hops"] == 0


async def test_hops_that_cannot_be_had_are_refused(start_info, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 100)
    (tmp_path / "a.torrent").write_bytes(torrent.metainfo)

    async with start_info() as daemon:
        for uri in (STRANGER, "http://127.0.0.1:9/a.torrent"):
            answer = await daemon.call("GET", "/torrentinfo", params={"uri": uri, "hops": 2}, status=500)
            assert "need the tunnels plugin" in answer["error"]["message"]
        of_file = await info_of(daemon, f"file://{tmp_path}/a.torrent", hops=2)

    assert of_file["hops"] == 0  # nobody is asked


async def test_a_look_up_with_hops_goes_to_the_session_of_that_many(start_info):
    async with start_info(torrentinfo=QUICK, download_defaults={"number_hops": 1}) as daemon:
        find = daemon.daemon.container.services().find
        await find(SessionRegistry).open_session(1, socks_host="127.0.0.1", socks_port=9)
        engine = find(TorrentEngine)
        counts = []

        async def look():
            counts.append([len(engine._session(hops).raw.get_torrents()) for hops in (0, 1)])
            return counts[-1] == [0, 1]

        answers = [
            daemon.request("GET", "/torrentinfo", params={"uri": STRANGER}),
            daemon.request("GET", "/torrentinfo", params={"uri": STRANGER, "hops": "1"}),
        ]
        for answer in answers:
            task = asyncio.ensure_future(answer)
            await wait_for(look)
            assert (await task).json() == {"error": "metainfo error"}
        refused = await daemon.call("GET", "/torrentinfo", params={"uri": "http://127.0.0.1:9/a"}, status=500)

    assert {plain for plain, _ in counts} == {0}
    assert "through the tunnels" in refused["error"]["message"]
