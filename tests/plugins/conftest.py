import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.catalog import build_catalog


@pytest.fixture(scope="session")
def catalog_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with 100,000 torrents; copy it before you change anything (``copy_catalog``)."""
    folder = tmp_path_factory.mktemp("catalog") / "store"
    build_catalog(folder)
    return folder


@pytest.fixture
def command(tmp_path):
    """Return the words of a ``triblerd`` on the state directory of the test."""
    return [sys.executable, "-m", "triblerd", "--state-dir", str(tmp_path / "state")]


@pytest.fixture
def triblerd(command, tmp_path):
    """Run ``triblerd`` while the event loop goes on, and return what it printed, or its errors."""

    async def run(*arguments, code=0):
        done = await asyncio.to_thread(
            subprocess.run,
            [*command, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    return run
