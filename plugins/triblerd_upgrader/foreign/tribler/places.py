"""Where the two generations keep what, and whether they run just now."""

import re
from pathlib import Path

import msgspec

from triblerd_upgrader.foreign.running import answers, is_locked
from triblerd_upgrader.foreign.tribler.checkpoints import FOLDER
from triblerd_upgrader.foreign.tribler.settings import CONF, JSON, port_of

HISTORY = "version_history.json"
DATABASES = "sqlite"

_LOCK = "tribler-core.lock"
_OLD = re.compile(r"7\.[0-9]{1,3}")
_NEW = re.compile(r"8\.[0-9]{1,3}|git")
_CHECKPOINT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\.conf")


def is_old_version(directory: Path, *, is_copy: bool = False) -> bool:
    """Return whether a directory is that of a version 7; a copy has no empty directories."""
    return (directory / CONF).is_file() and (is_copy or (directory / FOLDER).is_dir())


def old_versions(root: Path, *, is_copy: bool = False) -> list[Path]:
    """Return the directories of versions 7 in a root, the newest first."""
    named = [path for path in root.glob("7.*") if _OLD.fullmatch(path.name)]
    return sorted((path for path in named if is_old_version(path, is_copy=is_copy)), key=_minor, reverse=True)


def old_version(root: Path, *, is_copy: bool = False) -> Path | None:
    """Return the directory of version 7 that was in use last: a root may be one itself."""
    found = old_versions(root, is_copy=is_copy)
    if not found and is_old_version(root, is_copy=is_copy):
        return root
    last = ".".join(last_version(root).split(".")[:2])
    return next((path for path in found if path.name == last), found[0] if found else None)


def new_version(root: Path) -> Path | None:
    """Return the directory of version 8 in a root, the newest one."""
    candidates = (*root.glob("8.*"), root / "git")
    found = [path for path in candidates if _NEW.fullmatch(path.name) and (path / JSON).is_file()]
    return max(found, key=_minor, default=None)


def checkpoints_of_8(root: Path, version: Path) -> Path:
    """Return where version 8 keeps its checkpoints: the first releases had them a level deeper."""
    return root / FOLDER if (root / FOLDER).is_dir() else version / FOLDER


def count_checkpoints(folder: Path) -> int:
    """Return how many downloads there are, by the names of the files."""
    return sum(_CHECKPOINT.fullmatch(path.name) is not None for path in folder.glob("*.conf"))


def last_version(root: Path) -> str:
    """Return the version that ran last, as ``7.13.1``; empty when it is not known."""
    try:
        history = msgspec.json.decode((root / HISTORY).read_bytes(), type=dict[str, object])
    except (OSError, ValueError):
        return ""
    return str(history.get("last_version") or "")


def lock_held(root: Path) -> str:
    """Return why version 7 seems to run: it keeps its file locked, and leaves it behind."""
    return f"{_LOCK} is locked" if is_locked(root / _LOCK) else ""


def port_in_use(version: Path) -> int:
    """Return the port where version 8 listened last, which is all that it leaves, if somebody listens there; else 0."""
    port = port_of(version / JSON)
    return port if port and answers(port) else 0


def _minor(version: Path) -> int:
    return int(version.name.partition(".")[2] or -1)
