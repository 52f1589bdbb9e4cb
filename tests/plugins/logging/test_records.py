"""``/logging``: the last records, filtered, in two forms, without secrets."""

import json
import logging

from tests.plugins.downloads.conftest import service
from triblerd.services import Lifecycle
from triblerd.testing import wait_for
from triblerd_logging.api import LastRecords, LogFilter, LogReader

bell = logging.getLogger("triblerd.test.bell")
PLAIN = {"Accept": "text/plain"}


async def messages(daemon, query=""):
    """Return the messages of this test alone."""
    answer = await daemon.get(f"/logging?{query}&logger=triblerd.test")
    return [record["message"] for record in answer["records"]]


async def test_records_come_with_all_that_they_have_oldest_first(daemon):
    bell.warning("it rings")
    try:
        json.loads("{")
    except ValueError:
        bell.exception("it broke\nin two")

    rings, broke = (await daemon.get("/logging?logger=triblerd.test"))["records"]

    assert (rings["level"], rings["logger"], rings["message"], rings["exception"]) == (
        "warning",
        "triblerd.test.bell",
        "it rings",
        "",
    )
    assert broke["message"] == "it broke\nin two"
    assert broke["exception"].startswith("Traceback (most recent call last):")
    assert rings["time"] <= broke["time"]


async def test_what_was_logged_before_the_plugin_started_is_there(daemon):
    first = (await daemon.get("/logging"))["records"][0]

    assert first["logger"] == "triblerd.daemon"
    assert " starts in " in first["message"]


async def test_lines_are_those_of_the_log_file(daemon):
    bell.warning("it rings")
    bell.error("it rings\nagain")

    answer = await daemon.request("GET", "/logging?logger=triblerd.test", headers=PLAIN)

    text = answer.body.decode()
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    await wait_for(lambda: text in service(daemon, Lifecycle).log_file.read_text())
    assert text.splitlines()[2] == "again"


async def test_records_are_chosen_by_level_logger_and_text(daemon):
    bell.info("the small bell")
    bell.warning("the LARGE bell")
    logging.getLogger("triblerd.tests").warning("another large bell")

    assert await messages(daemon) == ["the small bell", "the LARGE bell"]
    assert await messages(daemon, "level=warning") == ["the LARGE bell"]
    assert await messages(daemon, "contains=large") == ["the LARGE bell"]
    assert await messages(daemon, "level=error") == []


async def test_the_last_ones_come_up_to_the_limit(daemon):
    for number in range(5):
        bell.info("%d", number)

    assert await messages(daemon, "limit=2") == ["3", "4"]


async def test_what_was_seen_already_does_not_come_again(daemon):
    bell.info("seen")
    seen = (await daemon.get("/logging?logger=triblerd.test"))["records"][-1]["time"]
    bell.info("new")

    assert await messages(daemon, f"since={seen!r}") == ["new"]


async def test_the_log_is_there_also_as_json_and_without_a_disk(start_daemon):
    async with start_daemon("logging", config={"general": {"log_format": "json"}}) as daemon:
        service(daemon, Lifecycle).log_file.unlink()
        bell.info("it rings")

        assert await messages(daemon) == ["it rings"]


async def test_rubbish_is_refused(daemon):
    for query in ("limit=0", "limit=1001", "limit=many", "level=loud", "since=yesterday"):
        answer = await daemon.get(f"/logging?{query}", status=400)
        assert answer["error"].startswith(query.partition("=")[0]), query


async def test_secrets_are_masked_in_messages_and_in_exceptions(daemon):
    try:
        int(daemon.key, 2)
    except ValueError:
        bell.exception("the key is %s, see /downloads?apikey=%s", daemon.key, daemon.key)

    (record,) = (await daemon.get("/logging?logger=triblerd.test"))["records"]

    assert record["message"] == "the key is ***, see /downloads?apikey=***"
    assert record["exception"].endswith("with base 2: '***'")
    assert daemon.key not in (await daemon.request("GET", "/logging", headers=PLAIN)).body.decode()


async def test_a_filter_does_not_find_a_secret(daemon):
    bell.info("the key is %s", daemon.key)

    assert await messages(daemon, f"contains={daemon.key}") == []


async def test_the_log_is_for_administrators(start_daemon):
    keys = {"watcher": {"key": "watchers-own-key", "scope": "write"}}
    async with start_daemon("logging", config={"api": {"keys": keys}}) as daemon:
        for method, path in (("GET", "/logging"), ("GET", "/logging/levels"), ("PUT", "/logging/levels")):
            headers = {"X-Api-Key": "watchers-own-key"}
            answer = await daemon.request(method, path, headers=headers, json={"levels": {}})
            assert answer.status == 403, path


async def test_other_plugins_read_records_and_files_without_secrets(daemon):
    bell.error("the key is %s", daemon.key)
    wanted = LogFilter(level="error", logger="triblerd.test", contains="KEY")

    (record,) = await service(daemon, LastRecords).last(9, wanted)
    line = await wait_for(lambda: service(daemon, LogReader).tail(9, wanted))

    assert record.message == "the key is ***"
    assert line.endswith("ERROR   triblerd.test.bell: the key is ***")
