import pytest

from triblerd.config import convert_setting, description_of, fields_of, to_plain
from triblerd.errors import InvalidInputError
from triblerd_settings.stored import STORED_SECTIONS

DOCUMENTED = {
    "tunnel_community": {
        "enabled": True,
        "exitnode_enabled": False,
        "random_slots": 5,
        "competing_slots": 15,
        "testnet": False,
        "min_circuits": 3,
        "max_circuits": 10,
    },
    "bandwidth_accounting": {"testnet": False, "outgoing_query_interval": 30, "max_tx_returned_in_query": 10},
    "bootstrap": {
        "enabled": True,
        "max_download_rate": 1000000,
        "infohash": "b496932f32daad964e1b63188faabf74d22b45ea",
    },
    "ipv8": {
        "enabled": True,
        "port": 7759,
        "address": "0.0.0.0",
        "bootstrap_override": None,
        "statistics": False,
        "rendezvous_stats": False,
        "walk_interval": 0.5,
        "walk_scaling_enabled": True,
        "walk_scaling_upper_limit": 3.0,
    },
    "discovery_community": {"enabled": True},
    "dht": {"enabled": True},
    "watch_folder": {"enabled": False, "directory": ""},
    "chant": {
        "enabled": True,
        "manager_enabled": True,
        "channel_edit": False,
        "channels_dir": "channels",
        "testnet": False,
        "queried_peers_limit": 1000,
        "max_mapped_query_peers": 3,
    },
    "popularity_community": {"enabled": True, "cache_dir": "health_cache"},
    "remote_query_community": {
        "minimal_blob_size": 200,
        "maximum_payload_size": 1300,
        "max_entries": 6,
        "max_query_peers": 20,
        "max_response_size": 100,
        "max_channel_query_back": 4,
        "push_updates_back_enabled": True,
    },
    "content_discovery_community": {"enabled": True, "testnet": False, "maximum_payload_size": 1300},
}


def test_each_documented_section_has_each_key_with_its_default():
    assert {name: to_plain(section.empty()) for name, section in STORED_SECTIONS.items()} == DOCUMENTED


def test_each_key_says_what_it_is():
    silent = [
        f"{name}.{key}"
        for name, section in STORED_SECTIONS.items()
        for key, field in fields_of(section).items()
        if not description_of(field)
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ipv8.port", 65536),
        ("ipv8.port", -1),
        ("ipv8.port", None),
        ("ipv8.walk_interval", "inf"),
        ("ipv8.walk_interval", "nan"),
        ("ipv8.walk_interval", 0),
        ("ipv8.bootstrap_override", "nowhere"),
        ("ipv8.address", ""),
        ("tunnel_community.random_slots", 2**70),
        ("tunnel_community.random_slots", True),
        ("tunnel_community.enabled", 2),
        ("tunnel_community.enabled", None),
        ("bootstrap.infohash", "xyz"),
        ("bootstrap.max_download_rate", -1),
        ("watch_folder.directory", 5),
        ("watch_folder.directory", ["/srv"]),
    ],
)
def test_a_value_outside_of_its_limits_is_refused_with_the_name_of_the_setting(setting, value):
    section, key = setting.split(".")

    with pytest.raises(InvalidInputError, match=rf"^{setting}: "):
        convert_setting(section, fields_of(STORED_SECTIONS[section])[key], value)


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("ipv8.port", "80", 80),
        ("ipv8.walk_interval", "1.5", 1.5),
        ("ipv8.walk_interval", 2, 2.0),
        ("ipv8.bootstrap_override", "127.0.0.1:80", "127.0.0.1:80"),
        ("ipv8.bootstrap_override", None, None),
        ("dht.enabled", "yes", True),
        ("dht.enabled", "OFF", False),
        ("dht.enabled", 0, False),
    ],
)
def test_text_may_stand_for_numbers_and_flags(setting, text, value):
    section, key = setting.split(".")

    converted = convert_setting(section, fields_of(STORED_SECTIONS[section])[key], text)

    assert converted == value
    assert type(converted) is type(value)
