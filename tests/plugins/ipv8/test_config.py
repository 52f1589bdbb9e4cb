import pytest

from triblerd.config import Section, convert_setting, description_of, fields_of, to_plain
from triblerd.errors import InvalidInputError
from triblerd_ipv8.config import PUBLIC_SERVERS, Bootstrap, DiscoveryCommunity, Ipv8Config, OverlayDht

SECTIONS: dict[str, type[Section]] = {
    "ipv8": Ipv8Config,
    "discovery_community": DiscoveryCommunity,
    "dht": OverlayDht,
    "bootstrap": Bootstrap,
}
DOCUMENTED = {
    "ipv8": {
        "port": 7759,
        "address": "0.0.0.0",
        "endpoint": "auto",
        "bootstrap": list(PUBLIC_SERVERS),
        "bootstrap_override": None,
        "statistics": False,
        "rendezvous_stats": False,
        "walk_interval": 0.5,
        "walk_scaling_enabled": True,
        "walk_scaling_upper_limit": 3.0,
    },
    "discovery_community": {"enabled": True},
    "dht": {"enabled": True},
    "bootstrap": {
        "enabled": True,
        "max_download_rate": 1000000,
        "infohash": "b496932f32daad964e1b63188faabf74d22b45ea",
    },
}


def test_each_documented_section_has_each_key_with_its_default():
    assert {name: to_plain(section.empty()) for name, section in SECTIONS.items()} == DOCUMENTED


def test_each_key_says_what_it_is():
    assert [
        f"{name}.{key}"
        for name, section in SECTIONS.items()
        for key, field in fields_of(section).items()
        if not description_of(field)
    ] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ipv8.port", 65536),
        ("ipv8.port", -1),
        ("ipv8.port", None),
        ("ipv8.walk_interval", "inf"),
        ("ipv8.walk_interval", "nan"),
        ("ipv8.walk_interval", 0),
        ("ipv8.bootstrap", ["nowhere"]),
        ("ipv8.bootstrap", "127.0.0.1:80"),
        ("ipv8.bootstrap_override", "nowhere"),
        ("ipv8.address", ""),
        ("dht.enabled", None),
        ("bootstrap.infohash", "xyz"),
        ("bootstrap.max_download_rate", -1),
    ],
)
def test_a_value_outside_of_its_limits_is_refused_with_the_name_of_the_setting(setting, value):
    section, key = setting.split(".")

    with pytest.raises(InvalidInputError, match=rf"^{setting}: "):
        convert_setting(section, fields_of(SECTIONS[section])[key], value)


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("ipv8.port", "80", 80),
        ("ipv8.walk_interval", "1.5", 1.5),
        ("ipv8.bootstrap_override", "127.0.0.1:80", "127.0.0.1:80"),
        ("ipv8.bootstrap_override", None, None),
        ("ipv8.bootstrap", [], ()),
        ("dht.enabled", "OFF", False),
    ],
)
def test_text_may_stand_for_numbers_and_flags(setting, text, value):
    section, key = setting.split(".")

    assert convert_setting(section, fields_of(SECTIONS[section])[key], text) == value


async def test_a_slip_of_the_pen_leads_nobody_into_the_public_network(start_daemon):
    wrong = {"address": "", "bootstrap": ["127.0.0.1"], "bootstrap_override": "nowhere"}
    async with start_daemon("settings", config={"ipv8": {"enabled": False, **wrong}}) as daemon:
        ipv8 = (await daemon.get("/settings"))["settings"]["ipv8"]

    assert (ipv8["address"], ipv8["bootstrap"], ipv8["bootstrap_override"]) == ("127.0.0.1", [], "127.0.0.1:9")
