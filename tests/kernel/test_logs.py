import json
import logging
from pathlib import Path

import pytest

from triblerd.config import GeneralConfig
from triblerd.errors import FailedError
from triblerd.logs import LONGEST_TEXT, MOST_RECENT, RecentRecords, logging_to

log = logging.getLogger("a.test")


def test_records_reach_the_file(tmp_path):
    with logging_to(tmp_path / "log", GeneralConfig()):
        log.info("the fan turns")
        log.debug("very fast")

    text = (tmp_path / "log" / "triblerd.log").read_text()
    assert "INFO    a.test: the fan turns" in text
    assert "very fast" not in text


def jam():
    Path("/dev/null/jammed").read_text()


def test_json_lines_carry_the_exception(tmp_path):
    with logging_to(tmp_path, GeneralConfig(log_format="json")):
        try:
            jam()
        except OSError:
            log.exception("the fan stopped")

    line = json.loads((tmp_path / "triblerd.log").read_text())
    assert line["level"] == "error"
    assert line["message"] == "the fan stopped"
    assert "NotADirectoryError: " in line["exception"]
    assert "in jam" in line["exception"]


def test_files_are_rotated(tmp_path):
    with logging_to(tmp_path, GeneralConfig(log_size=4096, log_count=2)):
        for _ in range(300):
            log.info("x" * 100)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["triblerd.log", "triblerd.log.1", "triblerd.log.2"]


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "log").write_text("a file")

    with (
        pytest.raises(FailedError, match=r"log directory .* cannot be written"),
        logging_to(tmp_path / "log", GeneralConfig()),
    ):
        pass


def test_the_last_records_are_in_memory_as_they_were_made(tmp_path):
    recent = RecentRecords()

    with logging_to(tmp_path, GeneralConfig(), recent=recent):
        log.info("lamp %d\n%s", 7, "glows")
        try:
            jam()
        except OSError:
            log.exception("the fan stopped")

    lamp, fan = recent.records()
    assert (lamp.level, lamp.logger, lamp.message, lamp.exception) == ("info", "a.test", "lamp 7\nglows", "")
    assert fan.exception.splitlines()[-1].startswith("NotADirectoryError: ")
    assert 0 < lamp.time <= fan.time


def test_the_memory_of_records_is_bounded(tmp_path):
    recent = RecentRecords()

    with logging_to(tmp_path, GeneralConfig(), recent=recent):
        for number in range(MOST_RECENT + 1):
            log.info("%d", number)
        log.info("x" * (LONGEST_TEXT + 1))

    texts = [record.message for record in recent.records()]
    assert len(texts) == MOST_RECENT
    assert texts[0] == "2"
    assert texts[-1] == "x" * LONGEST_TEXT + "..."
