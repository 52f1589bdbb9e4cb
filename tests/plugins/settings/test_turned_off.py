"""The sections of a plugin that is turned off are shown whole, checked and stored, as clients expect it."""

from importlib.metadata import entry_points

import pytest

from triblerd.commands.offline import Installation
from triblerd.config import fields_of
from triblerd.plugin import CONTRIB_GROUP, SECTION_GROUP


@pytest.fixture
def installation(tmp_path):
    """An installation in which every plugin is turned on."""
    names = [point.name for point in entry_points(group=CONTRIB_GROUP)]
    (tmp_path / "triblerd.conf").write_text("".join(f"[{name}]\nenabled = true\n" for name in names))
    return Installation(tmp_path)


def test_the_sections_of_every_plugin_can_be_known_without_it(installation):
    declared = {
        name: kind
        for plugin, declaration in installation.declarations.items()
        for name, kind in declaration.sections.items()
        if fields_of(kind)
    }

    known = {point.name: point.load() for point in entry_points(group=SECTION_GROUP)}

    assert known == declared


async def test_sections_stand_there_whole(start_daemon):
    async with start_daemon("settings") as daemon:
        settings = (await daemon.get("/settings"))["settings"]

    assert (settings["ipv8"]["enabled"], settings["ipv8"]["port"]) == (False, 7759)
    assert settings["tunnel_community"]["min_circuits"] == 3
    assert settings["dht"] == {"enabled": True}
    assert settings["libtorrent"]["max_download_rate"] == 0
    assert settings["download_defaults"]["seeding_mode"] == "forever"
    assert settings["torrent_checking"]["enabled"] is True


async def test_a_client_posts_whole_sections_back(start_daemon):
    async with start_daemon("settings") as daemon:
        settings = (await daemon.get("/settings"))["settings"]
        settings["ipv8"]["port"] = 7000
        names = ("ipv8", "tunnel_community", "libtorrent", "download_defaults")

        await daemon.post("/settings", json={name: settings[name] for name in names})
        changed = (await daemon.get("/settings"))["settings"]

    assert changed["ipv8"] == {**settings["ipv8"], "port": 7000}


async def test_wrong_values_are_refused(start_daemon):
    async with start_daemon("settings") as daemon:
        answer = await daemon.post("/settings", json={"ipv8": {"port": 70000}}, status=400)

    assert answer["error"].startswith("ipv8.port: ")


async def test_what_was_set_holds_when_the_plugin_is_turned_on_and_off(start_daemon):
    async with start_daemon("settings") as daemon:
        await daemon.post("/settings", json={"trustchain": {"ec_keypair_filename": "mine.pem"}})
        await daemon.post("/settings", json={"identity": {"enabled": True}})
        file = daemon.state_dir / "mine.pem"
        assert file.exists()

        await daemon.post("/settings", json={"identity": {"enabled": False}})
        assert (await daemon.get("/settings"))["settings"]["trustchain"]["ec_keypair_filename"] == "mine.pem"
