"""``/debug/log`` and ``/debug/logs``: the end of the log, filtered, without secrets."""

import json
import logging

import pytest

from tests.plugins.downloads.conftest import service
from triblerd.services import Lifecycle
from triblerd.testing import wait_for
from triblerd_debug.api import LogReader
from triblerd_debug.log_tail import LogFilter, log_files, tail

EVERYTHING = LogFilter()
RECORDS = """\
2026-01-01T00:00:01Z INFO    triblerd.daemon: triblerd starts
2026-01-01T00:00:02Z WARNING triblerd_libtorrent.session: no port
2026-01-01T00:00:03Z ERROR   triblerd_downloads: it failed
Traceback (most recent call last):
  File "a.py", line 1, in b
OSError: no Room
2026-01-01T00:00:04Z DEBUG   triblerd_libtorrent: idle
2026-01-01T00:00:05Z INFO    triblerd_libtorrents: another
"""
JSON_RECORDS = "".join(
    json.dumps({"time": 1.0, "level": level, "logger": logger, "message": message}) + "\n"
    for level, logger, message in (
        ("info", "triblerd.daemon", "triblerd starts"),
        ("error", "triblerd_downloads", "no Room"),
    )
)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "triblerd.log"
    path.write_text(RECORDS)
    return path


def seconds(content):
    """Return which records there are, by their seconds."""
    return [int(line[18]) for line in content.splitlines() if line.startswith("2026")]


def test_the_last_lines_come_oldest_first_without_a_newline_at_the_end(log):
    assert tail(log, 2, EVERYTHING) == "\n".join(RECORDS.splitlines()[-2:])


def test_a_log_shorter_than_wanted_comes_whole(log):
    assert tail(log, 1000, EVERYTHING) == RECORDS.rstrip("\n")


def test_a_log_that_is_not_there_is_none(tmp_path):
    assert tail(tmp_path / "triblerd.log", 10, EVERYTHING) is None


def test_an_empty_log_has_no_lines(tmp_path):
    (tmp_path / "triblerd.log").touch()

    assert tail(tmp_path / "triblerd.log", 10, EVERYTHING) == ""


def test_records_of_a_level_and_above_are_found_with_their_tracebacks(log):
    content = tail(log, 100, LogFilter(level="warning")) or ""

    assert seconds(content) == [2, 3]
    assert content.endswith("OSError: no Room")


def test_records_of_a_logger_and_those_below_it_are_found(log):
    assert seconds(tail(log, 100, LogFilter(logger="triblerd_libtorrent"))) == [2, 4]


def test_a_text_is_found_in_a_traceback_in_whatever_case(log):
    assert seconds(tail(log, 100, LogFilter(contains="NO ROOM"))) == [3]


def test_filters_count_the_lines_that_they_leave(log):
    assert tail(log, 1, LogFilter(level="warning")) == "OSError: no Room"


def test_records_of_json_are_filtered_as_those_of_text(tmp_path):
    path = tmp_path / "triblerd.log"
    path.write_text(JSON_RECORDS)

    assert tail(path, 100, LogFilter(level="warning")) == JSON_RECORDS.splitlines()[1]
    assert tail(path, 100, LogFilter(logger="triblerd")) == JSON_RECORDS.splitlines()[0]
    assert tail(path, 100, LogFilter(contains="no room")) == JSON_RECORDS.splitlines()[1]


def test_the_tail_goes_on_in_rotated_files_in_their_order(tmp_path):
    for name, text in (("triblerd.log", "c\nd\n"), ("triblerd.log.1", "b\n"), ("triblerd.log.10", "a\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "triblerd.log.bak").write_text("x\n")

    assert tail(tmp_path / "triblerd.log", 3, EVERYTHING) == "b\nc\nd"
    assert tail(tmp_path / "triblerd.log", 99, EVERYTHING) == "a\nb\nc\nd"
    assert [file.name for file in log_files(tmp_path / "triblerd.log")] == [
        "triblerd.log",
        "triblerd.log.1",
        "triblerd.log.10",
    ]


def test_lines_longer_than_a_block_come_whole(tmp_path):
    path = tmp_path / "triblerd.log"
    lines = ["a" * 200_000, "ü" * 100_000, "end"]
    path.write_text("\n".join(lines))

    assert tail(path, 3, EVERYTHING) == "\n".join(lines)


def test_a_line_of_megabytes_comes_in_parts(tmp_path):
    path = tmp_path / "triblerd.log"
    path.write_text("a" * (3 << 20) + "\nend\n")

    lines = (tail(path, 100, EVERYTHING) or "").split("\n")

    assert lines[-1] == "end"
    assert set("".join(lines[:-1])) == {"a"}
    assert sum(map(len, lines[:-1])) == 3 << 20


def test_a_log_of_rubbish_is_read_without_complaint(tmp_path):
    path = tmp_path / "triblerd.log"
    path.write_bytes(b'{"time": \xff\n\x00\xfe{"time"\n{"time":1}\n2026-01-01T00:00:00Z \xff \xff: x\n')

    assert tail(path, 100, LogFilter(level="info")) == ""
    assert (tail(path, 1, EVERYTHING) or "").startswith("2026")


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


async def test_other_plugins_read_the_log_without_secrets_too(daemon):
    logging.getLogger("triblerd.test").error("the key is %s", daemon.key)
    reader = service(daemon, LogReader)

    found = await wait_for(lambda: reader.tail(9, level="error", logger="triblerd.test", contains="KEY"))

    assert found.endswith("ERROR   triblerd.test: the key is ***")


async def test_the_files_of_the_log_are_listed_newest_first(daemon):
    log_file = service(daemon, Lifecycle).log_file
    (log_file.parent / "triblerd.log.1").write_text("older\n")

    answer = await daemon.get("/debug/logs")

    assert answer["directory"] == str(log_file.parent)
    assert [file["name"] for file in answer["files"]] == ["triblerd.log", "triblerd.log.1"]
    assert answer["files"][1]["size"] == 6
    assert answer["files"][0]["modified"] > 1e9
