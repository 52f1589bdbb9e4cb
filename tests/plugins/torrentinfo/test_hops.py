"""How anonymous a look-up is."""

import asyncio
from dataclasses import dataclass, field

import pytest

from tests.carrier import CARRIER
from tests.carrier.plugin import Carrier
from tests.plugins.torrentinfo.conftest import info_of
from triblerd.errors import NotFoundError
from triblerd.testing import wait_for
from triblerd_downloads.api import DefaultHops, Downloads
from triblerd_libtorrent.api import SessionRegistry, TorrentEngine, TunnelState
from triblerd_libtorrent.testing import make_torrent

STRANGER = f"magnet:?xt=urn:btih:{'ab' * 20}&x.pe=127.0.0.1:9"
QUICK = {"lookup_timeout": 0.5}


class Surroundings:
    """A daemon with these settings, sessions and tunnels."""

    def __init__(self, *, default=2, sessions=(0,), tunnels=None, downloads=True, overlay=(True, "failed", "unmet")):
        self.default_hops = default
        self.hops = sessions
        self.enabled = tunnels
        self.downloads = downloads
        self.overlay = overlay

    def find(self, kind):
        return self if kind is Downloads and self.downloads else None

    def sessions(self):
        return self.hops

    def plugin(self, name):
        if self.enabled is None:
            raise NotFoundError
        return self.plugins[name]

    @property
    def plugins(self):
        """The tunnels, turned on or not, with what they require, and how these are."""
        ipv8_is_on, ipv8_state, tunnels_state = self.overlay
        return {
            "tunnels": Plugin("tunnels", enabled=self.enabled, state=tunnels_state, requires=["ipv8"]),
            "ipv8": Plugin("ipv8", enabled=ipv8_is_on, state=ipv8_state, requires=["identity"]),
            "identity": Plugin("identity"),
        }


@dataclass
class Plugin:
    """What the kernel shows of a plugin."""

    name: str
    enabled: bool = True
    state: str = "running"
    requires: list[str] = field(default_factory=list)


@pytest.mark.parametrize(
    ("surroundings", "hops"),
    [
        (Surroundings(sessions=(0, 2)), 2),
        (Surroundings(sessions=(0, 1)), 2),  # refused, not made in the clear
        (Surroundings(tunnels=True), 2),  # likewise
        (Surroundings(tunnels=True, downloads=False), 1),
        (Surroundings(tunnels=False), 0),
        (Surroundings(tunnels=True, overlay=(True, "running", "starting")), 2),
        (Surroundings(tunnels=True, overlay=(True, "running", "failed")), 2),
        (Surroundings(tunnels=True, overlay=(False, "disabled", "unmet")), 0),  # what they require is turned off
        (Surroundings(tunnels=True, overlay=(True, "unmet", "unmet")), 0),  # the overlay is not installed
        (Surroundings(tunnels=True, overlay=(True, "running", "unmet")), 0),  # likewise
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
        refused = await daemon.call("GET", "/torrentinfo", params={"uri": "https://127.0.0.1:9/a"}, status=500)

    assert {plain for plain, _ in counts} == {0}
    assert "through the tunnels" in refused["error"]["message"]


async def test_a_look_up_by_way_of_the_tunnels_finds_what_it_looks_for(start_daemon, seeder):
    torrent = seeder.seed_new(b"x" * 100)

    async with start_daemon("torrentinfo", "carrier", extra_plugins=[CARRIER]) as daemon:
        found = await info_of(daemon, seeder.magnet(torrent), hops=2)
        sent_to = {target for target, _ in daemon.daemon.container.services().find(Carrier).servers[2].datagrams}

    assert (found["hops"], found["metainfo"]["info"]["name"]) == (2, "tiny")
    assert (seeder.host, seeder.port) in sent_to


@pytest.mark.parametrize(
    ("state", "text"),
    [(TunnelState.NO_EXITS, "No exit node is known"), (TunnelState.NO_CIRCUITS, "No circuit of 1 hop is ready")],
)
async def test_a_look_up_that_tunnels_are_missing_for_says_so(start_daemon, state, text):
    config = {"torrentinfo": QUICK, "libtorrent": {"fetch_timeout": 0.5}}
    async with start_daemon("torrentinfo", "carrier", config=config, extra_plugins=[CARRIER]) as daemon:
        daemon.daemon.container.services().find(Carrier).states[1] = state
        for uri in (STRANGER, "http://127.0.0.1:9/a.torrent"):
            refused = await daemon.call("GET", "/torrentinfo", params={"uri": uri, "hops": 1}, status=500)
            assert refused["error"]["code"] == "NoTunnelsError"
            assert text in refused["error"]["message"]
