import stat

import pytest

from triblerd.errors import FailedError
from triblerd.settings_file import BrokenSettingsError, SettingsFile

COMMENTED = """\
# my daemon
[api]
key = "secret"   # do not share
# http_port = 20100

[downloads]  # where things go
"""


@pytest.fixture
def file(tmp_path):
    file = SettingsFile(tmp_path / "triblerd.conf")
    file.create(COMMENTED)
    return file


def test_a_missing_file_has_no_sections(tmp_path):
    assert SettingsFile(tmp_path / "triblerd.conf").read() == {}


def test_a_new_file_is_for_its_owner_alone(file):
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_change_keeps_every_comment(file):
    file.change({"api": {"http_port": 8085}, "new": {"flag": True}})

    text = file.path.read_text()
    for comment in ("# my daemon", "# do not share", "# http_port = 20100", "# where things go"):
        assert comment in text
    assert file.read() == {"api": {"key": "secret", "http_port": 8085}, "downloads": {}, "new": {"flag": True}}


def test_none_removes_a_key(file):
    file.change({"api": {"key": None}})

    assert file.read()["api"] == {}


def test_none_removes_a_section(file):
    file.change({"api": None, "gone": None})

    assert file.read() == {"downloads": {}}
    assert "# my daemon" in file.path.read_text()


def test_versions_stand_in_a_section_that_says_who_wrote_it(file):
    file.change({"versions": {"shelf": 2}})
    file.change({"versions": {"hello": 3}})

    assert "[versions] # Written by triblerd: " in file.path.read_text()
    assert file.read()["versions"] == {"shelf": 2, "hello": 3}


def test_a_broken_file_is_refused_with_its_line_and_left_alone(file):
    file.path.write_text("[api]\nkey = \n")

    with pytest.raises(BrokenSettingsError, match=r"line 2.*was left as it is"):
        file.read()
    with pytest.raises(BrokenSettingsError):
        file.change({"api": {"http_port": 1}})
    assert file.path.read_text() == "[api]\nkey = \n"


def test_a_value_outside_of_a_section_is_refused(file):
    file.path.write_text('key = "x"\n')

    with pytest.raises(BrokenSettingsError, match="'key' stands outside of a section"):
        file.read()


def test_bytes_that_are_no_text_are_refused(file):
    file.path.write_bytes(b"[api]\nkey = \xff\n")

    with pytest.raises(BrokenSettingsError):
        file.read()


def test_a_file_that_cannot_be_replaced_is_an_error_and_stays(file):
    (file.path.parent / "triblerd.conf.new").mkdir()  # in the way of the temporary file

    with pytest.raises(FailedError, match="cannot be written"):
        file.change({"api": {"http_port": 1}})
    assert file.path.read_text() == COMMENTED


def test_the_copy_of_a_bad_file_is_for_its_owner_alone(file):
    copy = file.keep_copy()

    assert copy.name == "triblerd.conf.bad"
    assert copy.read_text() == COMMENTED
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
