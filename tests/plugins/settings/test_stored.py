import pytest

from triblerd.config import convert_setting, description_of, fields_of, to_plain
from triblerd.errors import InvalidInputError
from triblerd_settings.stored import STORED_SECTIONS

DOCUMENTED = {
    "chant": {
        "enabled": True,
        "manager_enabled": True,
        "channel_edit": False,
        "channels_dir": "channels",
        "testnet": False,
        "queried_peers_limit": 1000,
        "max_mapped_query_peers": 3,
    },
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
        ("chant.queried_peers_limit", 2**70),
        ("chant.queried_peers_limit", True),
        ("chant.enabled", 2),
        ("chant.enabled", None),
        ("chant.queried_peers_limit", -1),
        ("chant.channels_dir", 5),
        ("chant.channels_dir", ["/srv"]),
    ],
)
def test_a_value_outside_of_its_limits_is_refused_with_the_name_of_the_setting(setting, value):
    section, key = setting.split(".")

    with pytest.raises(InvalidInputError, match=rf"^{setting}: "):
        convert_setting(section, fields_of(STORED_SECTIONS[section])[key], value)


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("chant.queried_peers_limit", "80", 80),
        ("chant.manager_enabled", "yes", True),
        ("chant.manager_enabled", "OFF", False),
        ("chant.manager_enabled", 0, False),
    ],
)
def test_text_may_stand_for_numbers_and_flags(setting, text, value):
    section, key = setting.split(".")

    converted = convert_setting(section, fields_of(STORED_SECTIONS[section])[key], text)

    assert converted == value
    assert type(converted) is type(value)
