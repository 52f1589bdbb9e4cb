import os
import subprocess
import sys
from pathlib import Path

import pytest

from triblerd.state_dir import AlreadyRunningError, StateDirectory, StateDirError

CHILD = [sys.executable, str(Path(__file__).with_name("store_child.py"))]


def test_the_command_line_wins_over_the_environment(tmp_path):
    found = StateDirectory.find(tmp_path / "option", {"TSTATEDIR": str(tmp_path / "variable")})

    assert found.path == tmp_path / "option"


def test_the_environment_wins_over_the_default(tmp_path):
    assert StateDirectory.find(None, {"TSTATEDIR": str(tmp_path)}).path == tmp_path


@pytest.mark.parametrize("environment", [{}, {"TSTATEDIR": ""}])
def test_the_default_is_in_the_home_directory(environment):
    assert StateDirectory.find(None, environment).path == Path.home() / ".Tribler"


def test_a_tilde_and_a_relative_path_are_made_whole():
    assert StateDirectory.find(None, {"TSTATEDIR": "~/state"}).path == Path.home() / "state"
    assert StateDirectory.find(Path("state")).path == Path.cwd() / "state"


def test_a_missing_directory_is_made_for_its_owner_alone(tmp_path):
    with StateDirectory(tmp_path / "deep" / "state").locked() as path:
        assert path.stat().st_mode & 0o777 == 0o700


def test_an_existing_directory_keeps_its_mode_and_its_files(tmp_path):
    tmp_path.chmod(0o750)
    (tmp_path / "file").write_text("mine")

    with StateDirectory(tmp_path).locked():
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "triblerd.lock"]

    assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_the_lock_file_holds_the_process_id(tmp_path):
    with StateDirectory(tmp_path).locked():
        assert (tmp_path / "triblerd.lock").read_text() == f"{os.getpid()}\n"


def test_a_second_daemon_is_refused_and_told_of_the_first(tmp_path):
    with subprocess.Popen([*CHILD, "lock", str(tmp_path)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"locked\n"

        with pytest.raises(AlreadyRunningError) as caught, StateDirectory(tmp_path).locked():
            pass
        first.kill()

    assert (caught.value.pid, caught.value.path) == (first.pid, tmp_path)
    assert str(caught.value) == f"Another daemon (process {first.pid}) uses the state directory {tmp_path}"


def test_the_lock_ends_with_its_process(tmp_path):
    with subprocess.Popen([*CHILD, "lock", str(tmp_path)], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()

    with StateDirectory(tmp_path).locked():
        pass


def test_a_lock_without_a_number_is_respected_too(tmp_path):
    directory = StateDirectory(tmp_path)
    with directory.locked():
        (tmp_path / "triblerd.lock").write_text("")

        with pytest.raises(AlreadyRunningError, match=r"^Another daemon uses") as caught, directory.locked():
            pass

    assert caught.value.pid is None


def test_the_lock_is_free_after_the_block(tmp_path):
    for _ in range(2):
        with StateDirectory(tmp_path).locked():
            pass


def test_a_file_in_place_of_the_directory_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StateDirError, match="there is a file of that name"), StateDirectory(tmp_path / "file").locked():
        pass
    with pytest.raises(StateDirError, match="a part of its path"), StateDirectory(tmp_path / "file" / "x").locked():
        pass


@pytest.fixture
def open_to_all(tmp_path):
    """Let every user come as far as ``tmp_path``, and put the modes of its parents back."""
    modes = {path: path.stat().st_mode for path in [tmp_path, *tmp_path.parents] if path.owner() == tmp_path.owner()}
    for path, mode in modes.items():
        path.chmod(mode | 0o055)
    yield
    for path, mode in modes.items():
        path.chmod(mode & 0o7777)


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("has_lock_file", [False, True])
def test_a_directory_that_may_only_be_read_is_refused(tmp_path, has_lock_file):
    folder = tmp_path / "state"
    folder.mkdir()
    if has_lock_file:
        (folder / "triblerd.lock").touch()
        (folder / "triblerd.lock").chmod(0o666)
    folder.chmod(0o555)

    run = subprocess.run([*CHILD, "lock_as_nobody", str(folder)], check=False, capture_output=True, text=True)

    assert run.stdout == f"The state directory {folder} cannot be used: this user may not write there\n", run.stderr


def test_a_read_only_disk_is_refused(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        # /proc is the file system that lets nobody make a file; the lock cannot be had there either.
        folder = Path("/proc/self")
        reason = "cannot be used"
    else:
        reason = "it is on a read-only file system"
    try:
        with pytest.raises(StateDirError, match=reason), StateDirectory(folder).locked():
            pass
    finally:
        if folder != Path("/proc/self"):
            subprocess.run(["/bin/umount", str(folder)], check=True)
