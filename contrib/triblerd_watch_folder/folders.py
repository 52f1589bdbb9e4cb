"""From the settings to the directories that are watched."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from triblerd_watch_folder.config import WatchedFolder, WatchFolderConfig


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A directory, and how the torrents in it are added.

    Attributes:
        name: Of its table in the settings; empty for the documented directory.
        path: Absolute, in its plain spelling.
        inner: Watched directories below it, which it leaves alone.
        rival: The name of another folder that has the same directory already; ``None`` when there is none.
    """

    name: str
    path: str
    options: WatchedFolder
    inner: frozenset[str] = field(default=frozenset())
    rival: str | None = None

    def owns(self, path: str) -> bool:
        """Return whether a file lies in this directory, and in none of the inner ones."""
        return _lies_in(path, self.path) and not any(_lies_in(path, inner) for inner in self.inner)


def folders_of(config: WatchFolderConfig, state_dir: Path) -> list[Folder]:
    """Return the directories that the settings name, the documented one first.

    The innermost of nested directories decides, so that there is one place that says how a file is added.
    """
    options = {"": WatchedFolder(directory=config.directory)} if config.directory else {}
    options |= config.folders
    paths = {name: _absolute(folder.directory, state_dir) for name, folder in options.items()}
    first: dict[str, str] = {}
    for name, path in paths.items():
        first.setdefault(path, name)
    return [
        Folder(
            name=name,
            path=path,
            options=options[name],
            inner=frozenset(other for other in first if _lies_in(other, path)),
            rival=None if first[path] == name else first[path],
        )
        for name, path in paths.items()
    ]


def _absolute(directory: str, state_dir: Path) -> str:
    path = os.path.normpath(state_dir / Path(directory).expanduser())
    return "/" + path.lstrip("/")  # two slashes would stay two


def _lies_in(path: str, directory: str) -> bool:
    return path.startswith(directory.rstrip("/") + "/")
