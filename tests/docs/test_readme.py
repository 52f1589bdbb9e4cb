"""The README's first download, as it is printed, but from a peer on this machine."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.examples import Example, blocks
from tests.docs.paths import DOCS, README
from triblerd.testing import DaemonProcess, StartProcess
from triblerd_libtorrent.testing import Seeder

MAGNET = re.compile(r"magnet:[^'\"]+")
CONTENT = b"big buck bunny" * 10_000


def shell_after(words: str, page: Path = README) -> Example:
    """Return the block of shell that follows these words of a page."""
    line = page.read_text().partition(words)[0].count("\n")
    return next(block for block in blocks(page) if block.language == "sh" and block.line > line)


def run(example: Example, daemon: DaemonProcess, magnet: str, folder: Path) -> str:
    """Run a block of shell with the daemon under test in the place of the reader's, and return what it printed."""
    program = folder / ".venv" / "bin" / "triblerd"
    if not program.exists():
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m triblerd "$@"\n')
        program.chmod(0o755)
    text = MAGNET.sub(lambda _: magnet, example.text).replace("http://localhost:20100", daemon.url)
    result = subprocess.run(
        ["/bin/bash", "-euo", "pipefail"],
        input=text,
        cwd=folder,
        env={**os.environ, "TSTATEDIR": str(daemon.state_dir), "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, f"{text}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """What a reader's home directory would decide."""
    return {"download_defaults": {"saveas": str(tmp_path / "downloads")}}


async def test_the_first_download_by_the_command_line(
    daemon_process: StartProcess, settings: dict[str, Any], tmp_path: Path
) -> None:
    async with daemon_process("downloads", "events", "settings", "state", config=settings) as daemon:
        with Seeder(tmp_path / "seeder") as seeder:
            film = seeder.seed_new(CONTENT, name="film")
            run(shell_after("**By the command line.**"), daemon, seeder.magnet(film), tmp_path)

    assert (tmp_path / "downloads" / "film").read_bytes() == CONTENT


async def test_the_first_download_by_curl(
    daemon_process: StartProcess, settings: dict[str, Any], tmp_path: Path
) -> None:
    async with daemon_process("downloads", "events", "settings", "state", config=settings) as daemon:
        with Seeder(tmp_path / "seeder") as seeder:
            film = seeder.seed_new(CONTENT, name="film")
            printed = run(shell_after("**By curl.**"), daemon, seeder.magnet(film), tmp_path)

    decoder = json.JSONDecoder()
    added, end = decoder.raw_decode(printed)
    listed, _ = decoder.raw_decode(printed[end:].lstrip())
    assert added == {"started": True, "infohash": film.infohash}
    assert [download["infohash"] for download in listed["downloads"]] == [film.infohash]


@pytest.mark.parametrize("page", [README, DOCS / "how-to" / "switch-plugins.md"], ids=lambda page: page.name)
async def test_plugins_go_off_and_on_as_printed(daemon_process: StartProcess, page: Path, tmp_path: Path) -> None:
    async with daemon_process("events", "state") as daemon:
        run(shell_after("## Plugins on and off" if page == README else "## Switch\n", page), daemon, "", tmp_path)

        assert (await daemon.get("/plugins/events"))["state"] == "running"
