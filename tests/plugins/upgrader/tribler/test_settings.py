"""Settings of both generations by the names of ours."""

import json

import pytest

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.states import NEW, OLD, SOURCE, copied, edit, read

API_KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("name", [OLD, NEW])
def test_settings_are_what_they_were(name, tmp_path):
    wanted = dict(PROGRAMS[name]["settings"])

    settings = read(name, copied(name, tmp_path)).settings

    assert settings.secrets == {"api.key": wanted.pop("api.key")}
    assert {option: settings.values.get(option) for option in wanted} == wanted
    if name == OLD:  # it writes what differs from its defaults alone
        assert settings.values == wanted


@pytest.mark.parametrize("name", [OLD, NEW])
def test_secrets_do_not_show(name, tmp_path):
    settings = read(name, copied(name, tmp_path)).settings

    assert API_KEY not in repr(settings)
    assert API_KEY not in str(settings.values)


def test_values_of_version_7_are_what_they_stand_for(tmp_path):
    root = copied(OLD, tmp_path)
    conf = root / "7.13" / "triblerd.conf"
    edit(conf, "key = 0123456789abcdef0123456789abcdef", "key = 11112222333344445555666677778888")
    edit(conf, "port = 20108", "port = None  # any\n    proxy_auth = \"me:se,cret\"\n    proxy_server = ':'")
    edit(conf, "saveas = /srv/torrents", 'saveas = "films, music"')
    edit(conf, "seeding_time = 2880", "seeding_time = 0.5\n    lists = a, \"b, c\",\n    word = '007'\n    text = 007")

    settings = read(OLD, root).settings

    assert settings.secrets == {"api.key": "11112222333344445555666677778888", "libtorrent.proxy_auth": "me:se,cret"}
    assert settings.values["libtorrent.port"] is None
    assert settings.values["libtorrent.proxy_server"] == ":"
    assert settings.values["download_defaults.saveas"] == f"{SOURCE}/7.13/films, music"
    assert settings.values["download_defaults.seeding_time"] == 0.5
    assert settings.values["download_defaults.lists"] == ["a", "b, c"]
    assert settings.values["download_defaults.word"] == settings.values["download_defaults.text"] == "007"


def test_what_is_about_the_old_machine_is_left_out(tmp_path):
    values = read(NEW, copied(NEW, tmp_path)).settings.values

    assert not [name for name in values if "running" in name or "state_dir" in name or "working_directory" in name]
    assert not [name for name in values if name.startswith(("ipv8/", "ui"))]


def test_switches_that_the_upgrade_turned_on_stay_off(tmp_path):
    root = copied(NEW, tmp_path / "new")
    old = copied(OLD, tmp_path / "old")
    (old / "7.13").rename(root / "7.14")
    file = root / "8.0" / "configuration.json"
    configuration = json.loads(file.read_text())
    configuration["libtorrent"] |= {"dht": True, "upnp": True, "lsd": False}
    configuration["libtorrent"]["download_defaults"]["anonymity_enabled"] = True
    file.write_text(json.dumps(configuration))

    found = read(NEW, root)

    told = {what for what, reason in found.not_taken.items() if "turned on all there was" in reason}
    assert told == {
        f"setting {name}" for name in ("libtorrent.dht", "libtorrent.upnp", "download_defaults.anonymity_enabled")
    }
    values = found.settings.values
    assert [values[what.removeprefix("setting ")] for what in told] == [False] * 3
    assert (values["libtorrent.utp"], values["libtorrent.lsd"]) == (True, False)
    assert values["libtorrent.max_download_rate"] == 1048576


def test_without_an_older_version_switches_are_believed(tmp_path):
    root = copied(NEW, tmp_path)
    edit(root / "8.0" / "configuration.json", '"dht": false', '"dht": true')

    found = read(NEW, root)

    assert found.settings.values["libtorrent.dht"] is True
    assert not [what for what in found.not_taken if what.startswith("setting")]
