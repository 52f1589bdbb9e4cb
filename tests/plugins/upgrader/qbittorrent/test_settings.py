"""``qBittorrent.conf``, line by line."""

import pytest

from triblerd_upgrader.foreign.qbittorrent.qt_ini import parse_sections
from triblerd_upgrader.foreign.qbittorrent.settings import read
from triblerd_upgrader.foreign.values import ForeignSettings, NotTaken


def settings_of(text):
    items = list(read("qBittorrent.conf", parse_sections(text), {}, str))
    [settings] = [item for item in items if isinstance(item, ForeignSettings)] or [ForeignSettings()]
    return settings, {item.what.partition(": ")[2] for item in items if isinstance(item, NotTaken)}


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["Session\\DefaultSavePath=/a"], {"download_defaults.saveas": "/a"}),
        (["Session\\DefaultSavePath=/a", "Session\\TempPath=/t"], {"download_defaults.saveas": "/a"}),
        (
            ["Session\\DefaultSavePath=/a", "Session\\TempPath=/t", "Session\\TempPathEnabled=true"],
            {"download_defaults.saveas": "/t", "libtorrent/download_defaults/completed_dir": "/a"},
        ),
        (['Session\\DefaultSavePath="/a, b; c"'], {"download_defaults.saveas": "/a, b; c"}),
        (["Session\\DefaultSavePath=/na\\xefve/\\x65e5"], {"download_defaults.saveas": "/naïve/日"}),
        (["Session\\Port=0"], {}),
        (["Session\\Port=6881"], {"libtorrent.port": 6881}),
        (["Session\\GlobalDLSpeedLimit=0"], {"libtorrent.max_download_rate": 0}),
        (["Session\\GlobalUPSpeedLimit=10"], {"libtorrent.max_upload_rate": 10240}),
        (["Session\\MaxConnectionsPerTorrent=-1"], {"libtorrent.max_connections_download": -1}),
        (["Session\\GlobalMaxRatio=-1"], {"download_defaults.seeding_mode": "forever"}),
        (
            ["Session\\GlobalMaxRatio=-1", "Session\\GlobalMaxSeedingMinutes=10"],
            {"download_defaults.seeding_mode": "time", "download_defaults.seeding_time": 600},
        ),
        (["Session\\BTProtocol=TCP"], {"libtorrent.utp": False}),
        (["Session\\BTProtocol=Both"], {"libtorrent.utp": True}),
        (["Session\\QueueingSystemEnabled=false"], {"libtorrent/download_defaults/auto_managed": False}),
        (["Session\\MaxActiveTorrents=-1"], {"libtorrent/active_limit": -1}),
        (["Session\\AnnounceToAllTiers=false"], {"libtorrent/announce_to_all_tiers": False}),
        (["Session\\Interface=tun0"], {"libtorrent/listen_interface": "tun0"}),
        (
            ["Session\\Interface=tun0", "Session\\InterfaceAddress=10.0.0.1"],
            {"libtorrent/listen_interface": "10.0.0.1"},
        ),
        (["Session\\Port=@Invalid()"], {}),
        (["Session\\Port=many"], {}),
        (["Session\\DHTEnabled=perhaps"], {}),
    ],
)
def test_what_there_is_here_is_taken(lines, values):
    assert settings_of("\n".join(["[BitTorrent]", *lines]))[0].values == values


@pytest.mark.parametrize(
    ("lines", "kind", "secret"),
    [
        (["Proxy\\Type=SOCKS5"], 2, None),
        (["Proxy\\Type=2"], 2, None),
        (["Proxy\\Type=SOCKS5", "Proxy\\AuthEnabled=true"], 3, "me:pass, word"),
        (["Proxy\\Type=HTTP", "Proxy\\AuthEnabled=true"], 5, "me:pass, word"),
        (["Proxy\\Type=SOCKS4", "Proxy\\AuthEnabled=true"], 1, "me:pass, word"),
        (["Proxy\\Type=None"], None, None),
    ],
)
def test_a_proxy_is_taken_and_its_login_is_a_secret(lines, kind, secret):
    login = ["Proxy\\IP=127.0.0.1", "Proxy\\Port=1080", "Proxy\\Username=me", 'Proxy\\Password="pass, word"']

    settings, _ = settings_of("\n".join(["[Network]", *login, *lines]))

    assert settings.values.get("libtorrent.proxy_type") == kind
    assert settings.values.get("libtorrent.proxy_server") == (None if kind is None else "127.0.0.1:1080")
    assert settings.secrets.get("libtorrent.proxy_auth") == secret
    assert "pass" not in repr(settings)


def test_port_forwarding_is_two_settings():
    settings, _ = settings_of("[Network]\nPortForwardingEnabled=false")

    assert settings.values == {"libtorrent.upnp": False, "libtorrent.natpmp": False}


def test_what_there_is_not_is_told():
    _, told = settings_of(
        "[BitTorrent]\nSession\\BandwidthSchedulerEnabled=true\n[Preferences]\nWebUI\\Password_PBKDF2=@ByteArray(x)"
    )

    assert told == {"Session\\BandwidthSchedulerEnabled", "WebUI\\Password_PBKDF2"}


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ('"a, b", c', ["a, b", "c"]),
        ('"say \\"x\\" \\\\ \\n"', ['say "x" \\ \n']),
        ("@ByteArray(a b)", ["a b"]),
        ("@String(a)", ["a"]),
        ("@Invalid()", []),
        ("@Variant(\\0\\0\\0\\x1c)", []),
        ("@@home", ["@home"]),
        ("\\xe9t\\xe9", ["été"]),
        ("\\x110000", ["\N{REPLACEMENT CHARACTER}"]),
        ("", []),
        ('"unended', ["unended"]),
    ],
)
def test_values_are_read_as_qt_writes_them(raw, texts):
    assert parse_sections(f"[a]\nkey={raw}").texts("a", "key") == texts


def test_sections_and_keys_may_be_written_in_per_cent():
    sections = parse_sections("\ufeff; remark\n[%General]\nno line\na%20b\\c=d = e \n[x y]\n#k=v\nk=1\nk=2")

    assert sections.text("%General", "a b\\c") == "d = e"
    assert (sections.text("x y", "k"), sections.number("x y", "k")) == ("2", 2)


@pytest.mark.parametrize("text", ["", "rubbish", "a=b", "\0" * 100])
def test_a_file_without_sections_is_none(text):
    with pytest.raises(ValueError, match="no section"):
        parse_sections(text)
