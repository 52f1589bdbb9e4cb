"""``/debug/log`` and ``/debug/logs``: the end of the log, filtered, without secrets."""

import logging

from tests.plugins.downloads.conftest import service
from triblerd.services import Lifecycle
from triblerd.testing import wait_for


async def log_of(daemon, query=""):
    return await daemon.get(f"/debug/log{query}")


async def test_what_is_logged_is_in_the_tail(daemon):
    logging.getLogger("triblerd.test").warning("the bell rings")

    async def told():
        return (await log_of(daemon, "?level=warning&logger=triblerd.test&max_lines=1"))["content"]

    assert (await wait_for(told)).endswith("WARNING triblerd.test: the bell rings")


async def test_the_number_of_lines_is_taken_as_documented(daemon):
    for given, applied in (
        ("", 100),
        ("?max_lines=", 100),
        ("?max_lines=many", 100),
        ("?max_lines=1.5", 100),
        ("?max_lines=7", 7),
        ("?max_lines=%2B7", 7),
        ("?max_lines=0", 1),
        ("?max_lines=-5", 1),
        ("?max_lines=10000", 10000),
        ("?max_lines=10001", 10000),
        ("?max_lines=" + "9" * 30, 10000),
    ):
        assert (await log_of(daemon, given))["max_lines"] == applied, given


async def test_the_log_of_a_gui_is_never_there(daemon):
    assert await log_of(daemon, "?process=gui&max_lines=5") == {"content": "", "max_lines": 0}


async def test_a_missing_log_is_told_by_its_limit(daemon):
    service(daemon, Lifecycle).log_file.unlink()

    assert await log_of(daemon) == {"content": "", "max_lines": 0}


async def test_there_are_no_logs_of_other_processes(daemon):
    for process in ("", "cli", "../../etc/passwd", "core%00", "CORE"):
        answer = await daemon.get(f"/debug/log?process={process}", status=400)
        assert answer == {"error": "process must be core or gui"}, process


async def test_a_level_that_there_is_not_is_refused(daemon):
    assert (await daemon.get("/debug/log?level=loud", status=400))["error"].startswith("level: ")


async def test_the_key_is_masked_in_the_log(daemon):
    logging.getLogger("triblerd.test").warning("the key is %s, see /downloads?apikey=%s", daemon.key, daemon.key)

    async def told():
        return (await log_of(daemon, "?contains=the+key+is"))["content"]

    assert (await wait_for(told)).endswith("the key is ***, see /downloads?apikey=***")


async def test_the_files_of_the_log_are_listed_newest_first(daemon):
    log_file = service(daemon, Lifecycle).log_file
    (log_file.parent / "triblerd.log.1").write_text("older\n")

    answer = await daemon.get("/debug/logs")

    assert answer["directory"] == str(log_file.parent)
    assert [file["name"] for file in answer["files"]] == ["triblerd.log", "triblerd.log.1"]
    assert answer["files"][1]["size"] == 6
    assert answer["files"][0]["modified"] > 1e9
