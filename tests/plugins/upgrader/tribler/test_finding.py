"""States of Tribler are recognised by their sure signs, and whether they are in use."""

import fcntl
import json
import shutil
import socket
import threading

import pytest

from tests.plugins.upgrader.tribler.states import CHECKPOINTS, NEW, OLD, READERS, SOURCE, copied, read
from triblerd_upgrader.foreign.tribler.reader7 import Tribler7
from triblerd_upgrader.foreign.tribler.reader8 import Tribler8
from triblerd_upgrader.foreign.values import NotTaken, Program

OLD_READER, NEW_READER = Tribler7(), Tribler8()


def test_a_root_and_a_version_of_7_are_recognised(tmp_path):
    root = copied(OLD, tmp_path)

    for directory in (root, root / "7.13"):
        find = OLD_READER.find(directory)

        assert find is not None
        assert (find.program, find.root) == (Program.TRIBLER_7, directory)
        assert (find.version, find.downloads, find.running) == ("7.13.1", 9, "")
        assert NEW_READER.find(directory) is None


def test_a_root_of_8_is_recognised(tmp_path):
    root = copied(NEW, tmp_path)

    find = NEW_READER.find(root)

    assert find is not None
    assert (find.program, find.root, find.downloads, find.running) == (Program.TRIBLER_8, root, 10, "")
    assert OLD_READER.find(root) is None


@pytest.mark.parametrize("name", [OLD, NEW])
def test_nothing_else_is_recognised(name, tmp_path):
    root = copied(name, tmp_path)
    (tmp_path / "triblerd.conf").touch()

    others = [tmp_path, root / "dlcheckpoints", root / "8.0", root / "7.13" / "dlcheckpoints", tmp_path / "missing"]

    assert [READERS[name]().find(directory) for directory in others] == [None] * len(others)


def test_the_version_that_was_used_last_is_read(tmp_path):
    root = copied(OLD, tmp_path)
    newer = root / "7.14"
    shutil.copytree(root / "7.13", newer)
    for file in list((newer / "dlcheckpoints").iterdir())[:4]:
        file.unlink()

    assert len(read(OLD, root).downloads) == 9
    (root / "version_history.json").write_text(json.dumps({"last_version": "7.14.0"}))
    assert len(read(OLD, root).downloads) == 5
    (root / "version_history.json").write_text("rubbish")
    assert len(read(OLD, root).downloads) == 5


def test_a_root_that_was_upgraded_belongs_to_the_newer_version(tmp_path):
    root = copied(NEW, tmp_path / "new")
    (copied(OLD, tmp_path / "old") / "7.13").rename(root / "7.14")

    find = NEW_READER.find(root)

    assert find is not None
    assert find.covers == (root / "7.14",)
    assert OLD_READER.find(root) is None
    assert OLD_READER.find(root / "7.14") is not None


@pytest.mark.parametrize("name", [OLD, NEW])
def test_without_downloads_all_else_is_read(name, tmp_path):
    root = copied(name, tmp_path)
    shutil.rmtree(root / CHECKPOINTS[name])

    found = read(name, root)

    assert found.of_kind("torrents")
    assert found.settings.values


def test_settings_of_ours_make_no_version_7_of_a_root(tmp_path):
    roots = copied(OLD, tmp_path / "old"), copied(NEW, tmp_path / "new")
    for root in roots:
        (root / "triblerd.conf").write_text("[api]\n")

    finds = [[reader.find(root) is not None for reader in (OLD_READER, NEW_READER)] for root in roots]

    assert finds == [[True, False], [False, True]]


def test_what_version_8_dropped_is_read_from_the_version_before(tmp_path):
    root = copied(NEW, tmp_path / "new")
    (copied(OLD, tmp_path / "old") / "7.13").rename(root / "7.14")

    found = read(NEW, root)

    assert len(found.of_kind("transactions")) == len(found.of_kind("balances")) == 4
    assert len(found.of_kind("statements")) == 4
    assert len(found.of_kind("torrents")) == 11
    assert len(found.downloads) == 10


@pytest.mark.parametrize("name", [OLD, NEW])
def test_reading_goes_on_in_any_thread(name, tmp_path):
    items = READERS[name]().read(copied(name, tmp_path), str, SOURCE)
    found = []

    def go_on():
        found.append(next(items, None))

    while not found or found[-1] is not None:
        thread = threading.Thread(target=go_on)
        thread.start()
        thread.join()

    reasons = [item.reason for item in found if isinstance(item, NotTaken)]
    assert not [reason for reason in reasons if "thread" in reason]
    assert len(found) == len(read(name, copied(name, tmp_path / "again")).items) + 1


def test_version_7_runs_while_it_holds_its_lock(tmp_path):
    root = copied(OLD, tmp_path)

    with (root / "tribler-core.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = [OLD_READER.find(directory) for directory in (root, root / "7.13")]
    stopped = OLD_READER.find(root)

    assert [find.running for find in running if find] == ["tribler-core.lock is locked"] * 2
    assert stopped is not None
    assert stopped.running == ""


def test_version_8_runs_while_it_answers(tmp_path):
    root = copied(NEW, tmp_path)
    file = root / "8.0" / "configuration.json"
    configuration = json.loads(file.read_text())
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        configuration["api"]["http_port_running"] = port
        file.write_text(json.dumps(configuration))
        running = NEW_READER.find(root)
    stopped = NEW_READER.find(root)

    assert running is not None
    assert running.running == f"something listens on port {port}, where it was last"
    assert stopped is not None
    assert stopped.running == ""
