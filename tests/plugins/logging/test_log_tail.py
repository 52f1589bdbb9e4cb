"""The end of the log's files, through the rotated ones, filtered."""

import json

import pytest

from triblerd_logging.api import LogFilter
from triblerd_logging.log_tail import log_files, tail

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
