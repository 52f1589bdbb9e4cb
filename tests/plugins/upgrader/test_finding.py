"""Looking for states where nobody can look."""

from triblerd_upgrader.foreign.finding import States
from triblerd_upgrader.foreign.readers import READERS

LONGEST_PATH = 4095


def test_a_directory_that_cannot_be_looked_at_holds_no_state(tmp_path, caplog):
    folder = tmp_path
    while (room := LONGEST_PATH - 2 - len(str(folder))) > 3:
        folder /= "d" * min(room - 1, 255)
        folder.mkdir()

    found = States(READERS).below(folder)

    assert found == []
    assert caplog.records == []
