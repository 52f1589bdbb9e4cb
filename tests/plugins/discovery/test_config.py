from triblerd.config import description_of, fields_of, to_plain
from triblerd_discovery.plugin import triblerd_config, triblerd_sections

DOCUMENTED = {
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
    assert {name: to_plain(section.empty()) for name, section in triblerd_sections().items()} == DOCUMENTED


def test_each_key_says_what_it_is():
    sections = [triblerd_config(), *triblerd_sections().values()]

    assert all(description_of(field) for section in sections for field in fields_of(section).values())


def test_nothing_of_the_user_is_told_by_default():
    config = to_plain(triblerd_config().empty())

    assert config["share_own"] is config["tell_version"] is False
