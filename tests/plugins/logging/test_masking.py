"""Secrets of the settings, and keys in URLs, are shown nowhere."""

from tests.plugins.downloads.conftest import service
from triblerd.services import Configuration
from triblerd_logging.masking import Masker

MAIN = "0123456789abcdef0123456789abcdef"


async def masker_of(start_daemon, **sections):
    async with start_daemon("logging", "libtorrent", "downloads", "settings", config=sections) as daemon:
        return Masker(service(daemon, Configuration)), daemon


async def test_every_secret_setting_is_masked_also_those_of_named_keys(start_daemon):
    masker, daemon = await masker_of(
        start_daemon,
        api={"keys": {"watcher": {"key": "watchers-own-key", "scope": "read"}}},
        libtorrent={"proxy_auth": "alice:s3cr3t-pass/word"},
        completion={"webhook_secret": "hook-secret"},
    )
    shown = masker.text(
        f"{daemon.key} watchers-own-key alice:s3cr3t-pass/word s3cr3t-pass/word s3cr3t-pass%2Fword hook-secret alice"
    )

    assert shown == "*** *** *** *** *** *** alice"


async def test_a_secret_is_masked_as_json_writes_it(start_daemon):
    masker, _ = await masker_of(start_daemon, completion={"webhook_secret": 'a"quoted\\secret'})

    assert masker.text('{"message": "a\\"quoted\\\\secret"}') == '{"message": "***"}'


async def test_a_short_secret_is_masked_where_it_is_a_word(start_daemon):
    masker, _ = await masker_of(start_daemon, completion={"webhook_secret": "abc"})

    assert masker.text("abc abcd 'abc' /abc/") == "*** abcd '***' /***/"


async def test_nothing_is_masked_for_settings_that_are_empty(start_daemon):
    masker, _ = await masker_of(start_daemon, libtorrent={"proxy_auth": ":"}, completion={"webhook_secret": ""})

    assert masker.text("a: b :c") == "a: b :c"


async def test_keys_and_passwords_in_urls_are_masked_whosever_they_are(start_daemon):
    masker, _ = await masker_of(start_daemon)

    assert masker.text("http://t.example/announce?passkey=abc&key=def&uploaded=5") == (
        "http://t.example/announce?passkey=***&key=***&uploaded=5"
    )
    assert masker.text('GET "http://bob:pw@host/a?APIKEY=x"') == 'GET "http://bob:***@host/a?APIKEY=***"'
    assert masker.text("udp://tracker.example:80/announce") == "udp://tracker.example:80/announce"


async def test_a_key_that_was_replaced_stays_masked(start_daemon):
    async with start_daemon("logging", "settings") as daemon:
        old = daemon.key
        masker = Masker(service(daemon, Configuration))
        await daemon.post("/settings", json={"api": {"key": MAIN}})

        masker.learn()

    assert masker.text(f"{old} {MAIN}") == "*** ***"


async def test_values_are_masked_wherever_they_are_and_keep_their_kinds(start_daemon):
    masker, daemon = await masker_of(start_daemon)

    shown = masker.values({"list": [daemon.key, 1, None, True, 0.5], daemon.key: {"inner": f"<{daemon.key}>"}, 7: 1})

    assert shown == {"list": ["***", 1, None, True, 0.5], "***": {"inner": "<***>"}, "7": 1}
