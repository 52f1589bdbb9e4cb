import json
import logging
from pathlib import Path

import pytest

from triblerd.config import GeneralConfig
from triblerd.errors import FailedError
from triblerd.logs import logging_to

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
