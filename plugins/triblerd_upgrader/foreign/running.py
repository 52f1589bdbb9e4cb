"""Whether another program runs on its state just now, asked without changing anything."""

import errno
import fcntl
import os
import socket
from pathlib import Path

_ANSWER_SECONDS = 0.5
_LONGEST_ANSWER = 4096


def is_locked(path: Path) -> bool:
    """Return whether a process has a lock on a file, of either kind that Unix has."""
    try:
        with path.open("rb") as file:
            for lock in (fcntl.lockf, fcntl.flock):
                lock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                lock(file, fcntl.LOCK_UN)
    except OSError as error:
        return error.errno in {errno.EAGAIN, errno.EACCES}
    return False


def is_alive(pid: int) -> bool:
    """Return whether there is a process of that number."""
    if pid <= 0:  # a number of several processes
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def answers(port: int, question: bytes = b"", sign: bytes = b"") -> bool:
    """Return whether somebody listens on a port of this machine, and answers a question with some sign in it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS) as connection:
            if not question:
                return True
            connection.sendall(question)
            return sign in connection.recv(_LONGEST_ANSWER)
    except (OSError, OverflowError):
        return False
