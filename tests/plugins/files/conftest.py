import ctypes
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def closed():
    """A directory that only its owner may look into, in one that everybody may pass."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o711)
        folder = Path(top, "closed")
        folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def nobody(folder):
    """Have this thread, and those that it starts, look at the disk as a user to whom a directory is closed."""
    if os.geteuid():
        folder.chmod(0)
        yield
        folder.chmod(0o700)
        return
    libc = ctypes.CDLL(None)
    libc.setfsuid(NOBODY)
    try:
        yield
    finally:
        libc.setfsuid(0)
