"""The samples have survived the way here, names of files included."""

import hashlib

import pytest

from tests.plugins.upgrader.samples import EXPECTED, PROGRAMS, SAMPLES, copy_data, copy_state


@pytest.mark.parametrize(("path", "expected"), EXPECTED["content"].items())
def test_the_content_is_what_it_was(path, expected):
    content = (SAMPLES / "content" / path).read_bytes()

    assert (len(content), hashlib.sha256(content).hexdigest()) == (expected["size"], expected["sha256"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_copy_of_a_state_is_where_it_is_said_to_be(name, tmp_path):
    state = copy_state(name, tmp_path)

    assert any(state.iterdir())
    assert (tmp_path / PROGRAMS[name]["data_dir"]).is_dir()


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_download_root_has_the_files_that_the_program_saw(name, tmp_path):
    root = copy_data(name, tmp_path / "data")

    for path, seconds in PROGRAMS[name]["mtimes"].items():
        assert (root / path).stat().st_mtime == seconds
    for absent in PROGRAMS[name]["absent_from_complete"]:
        assert not (root / absent).exists()
