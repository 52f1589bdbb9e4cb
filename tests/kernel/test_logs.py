import json
import logging

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


def test_json_lines_carry_the_exception(tmp_path):
    with logging_to(tmp_path, GeneralConfig(log_format="json")):
        try:
            raise OSError("jammed")
        except OSError:
            log.exception("the fan stopped")

    line = json.loads((tmp_path / "triblerd.log").read_text())
    assert line["level"] == "error"
    assert line["message"] == "the fan stopped"
    assert "OSError: jammed" in line["exception"]


def test_files_are_rotated(tmp_path):
    with logging_to(tmp_path, GeneralConfig(log_size=4096, log_count=2)):
        for _ in range(300):
            log.info("x" * 100)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["triblerd.log", "triblerd.log.1", "triblerd.log.2"]


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "log").write_text("a file")

    with (
        pytest.raises(FailedError, match="log directory .* cannot be written"),
        logging_to(tmp_path / "log", GeneralConfig()),
    ):
        pass
