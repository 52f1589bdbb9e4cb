"""The state directory: where it is, and that it is ours alone while we run."""

import errno
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from triblerd.errors import ConflictError, FailedError

LOCK_FILE = "triblerd.lock"
"""Locked for as long as a daemon uses the directory; holds its process id."""
DEFAULT_NAME = ".Tribler"
VARIABLE = "TSTATEDIR"

_PROBE = ".writable"


class StateDirError(FailedError):
    """The state directory cannot be used.

    Attributes:
        path: The directory.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The state directory {path} cannot be used: {reason}")
        self.path = path


class AlreadyRunningError(ConflictError):
    """Another daemon uses the state directory.

    Attributes:
        path: The directory.
        pid: The other daemon's process id; ``None`` when it could not be read.
    """

    def __init__(self, path: Path, pid: int | None) -> None:
        who = "Another daemon" if pid is None else f"Another daemon (process {pid})"
        super().__init__(f"{who} uses the state directory {path}")
        self.path = path
        self.pid = pid


class StateDirectory:
    """One state directory, which need not exist yet.

    Args:
        path: Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))  # noqa: PTH100 - names stay as the user wrote them; no link is followed

    @classmethod
    def find(cls, option: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the directory that the command line names, else ``TSTATEDIR``, else ``~/.Tribler``.

        The default is where clients of earlier programs with this API look for it.

        Raises:
            FailedError: nothing is named, and the user has no home directory.
        """
        named = option or environment.get(VARIABLE)
        try:
            return cls(Path(named).expanduser() if named else Path.home() / DEFAULT_NAME)
        except RuntimeError as error:
            msg = f"There is no home directory; name a state directory by {VARIABLE} or on the command line"
            raise FailedError(msg) from error

    @contextmanager
    def locked(self) -> Iterator[Path]:
        """Make the directory if it is missing (mode 0700), and keep other daemons out of it.

        The lock ends with the process, however it ends.

        Raises:
            AlreadyRunningError: another daemon has it.
            StateDirError: it cannot be made, or nothing can be written into it.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateDirError(self.path, _reason(error)) from error
        try:
            self._lock(descriptor)
            self._require_writable()
            yield self.path
        finally:
            os.close(descriptor)  # the file stays: to remove it would let two daemons lock two files of one name

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(self.path, _pid_in(descriptor)) from error
        except OSError as error:
            raise StateDirError(self.path, f"it cannot be locked ({_reason(error)})") from error
        with suppress(OSError):  # the number only helps people; on a full disk the lock holds without it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def _require_writable(self) -> None:
        probe = self.path / _PROBE
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            probe.unlink()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return  # what needs room says so itself; what needs none, such as removing downloads, still works
            raise StateDirError(self.path, _reason(error)) from error


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _reason(error: OSError) -> str:
    known = {
        errno.EROFS: "it is on a read-only file system",
        errno.EACCES: "this user may not write there",
        errno.EPERM: "this user may not write there",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.ENOTDIR: "a part of its path is a file",
        errno.EEXIST: "there is a file of that name",
    }
    return known.get(error.errno or 0, error.strerror or str(error))
