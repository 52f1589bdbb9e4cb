"""State directories that eight programs really left, the data of their downloads, and what must become of them."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "fixtures"
EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text())
PROGRAMS: dict[str, Any] = EXPECTED["programs"]
"""By the names of their folders: ``version``, ``settings``, ``downloads`` and so on."""

ROOT = "/srv/torrents"
"""Where all of them kept their data: what a path replacement has to replace."""


def copy_state(name: str, folder: Path) -> Path:
    """Copy a program's state below the folder, and return its directory there."""
    shutil.copytree(SAMPLES / name / "state", folder / "state")
    return folder / PROGRAMS[name]["state_dir"]


def copy_data(name: str, folder: Path, *, with_times: bool = True) -> Path:
    """Make the folder the download root of a program, with all that it had on disk, and return it.

    Args:
        with_times: Files have the modification times that the program saw.
    """
    shutil.copytree(SAMPLES / "content" / "complete", folder, dirs_exist_ok=True)
    partial = SAMPLES / name / "partial"
    if partial.exists():
        shutil.copytree(partial, folder, dirs_exist_ok=True)
    for absent in PROGRAMS[name]["absent_from_complete"]:
        (folder / absent).unlink()
    if with_times:
        for path, seconds in PROGRAMS[name]["mtimes"].items():
            os.utime(folder / path, (seconds, seconds))
    return folder
