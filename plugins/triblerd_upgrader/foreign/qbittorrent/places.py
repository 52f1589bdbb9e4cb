"""Where qBittorrent keeps its data and its configuration: in one directory, or in two."""

from dataclasses import dataclass
from pathlib import Path

from triblerd_upgrader.foreign.qbittorrent.database import FILE, count_rows
from triblerd_upgrader.foreign.qbittorrent.files import FOLDER, is_of_qbittorrent, names_in
from triblerd_upgrader.foreign.qbittorrent.qt_ini import Sections
from triblerd_upgrader.foreign.qbittorrent.settings import SESSION, parse
from triblerd_upgrader.foreign.stored import salvaged

_TOGETHER = (("", ""), ("data", "config"), ("data/qBittorrent", "config/qBittorrent"))
"""Data and configuration below a directory that has nothing else in it."""
_APART = (
    (".local/share/qBittorrent", ".config/qBittorrent"),
    ("Library/Application Support/qBittorrent", ".config/qBittorrent"),
    ("AppData/Local/qBittorrent", "AppData/Roaming/qBittorrent"),
)
"""Those below somebody's home."""
_COUNTERS = "-data"


@dataclass(frozen=True)
class Place:
    """Where a state is.

    Attributes:
        root: What both directories are below.
        data: The directory of the downloads.
        configuration: That of the settings.
        is_apart: There is more below the root than these two.
    """

    root: Path
    data: Path
    configuration: Path
    is_apart: bool = False

    @property
    def settings(self) -> Path | None:
        """The file of the settings, ``None`` when it is elsewhere."""
        found = sorted(self.configuration.glob("qBittorrent*"))
        return next((path for path in found if path.suffix in {".conf", ".ini"} and _is_settings(path)), None)

    @property
    def is_in_database(self) -> bool:
        """Whether the downloads are in the database: the settings say so, or there is nothing else."""
        if not (self.data / FILE).is_file():
            return False
        settings = self.settings
        sections = salvaged("", lambda: parse(settings)) if settings is not None else None
        if isinstance(sections, Sections) and names_in(self.data / FOLDER):
            return sections.text(SESSION, "Session\\ResumeDataStorageType") == "SQLite"
        return True

    def file(self, name: str) -> Path | None:
        """Return a file of either directory, ``None`` when there is none of that name."""
        return next((path for path in (self.configuration / name, self.data / name) if path.is_file()), None)

    def is_of_qbittorrent(self) -> bool:
        """Return whether there is a state: damaged downloads are, when there are settings."""
        if self.settings is not None:
            return (self.data / FOLDER).is_dir() or (self.data / FILE).is_file()
        return is_of_qbittorrent(self.data / FOLDER) or count_rows(self.data / FILE) is not None

    def count(self) -> int:
        """Return how many downloads there are."""
        return count_rows(self.data / FILE) or 0 if self.is_in_database else len(names_in(self.data / FOLDER))


def place_at(directory: Path) -> Place | None:
    """Return the state that is in a directory, or that the directory belongs to; ``None`` when there is none."""
    root = directory.parent if directory.name == FOLDER else directory
    for data, configuration in _APART:
        for home in (root, _above(root, data)):
            if home is not None:
                place = Place(home, home / data, home / configuration, is_apart=True)
                if place.settings is not None and place.is_of_qbittorrent():
                    return place
    places = (Place(root, root / data, root / configuration) for data, configuration in _TOGETHER)
    return next((place for place in places if place.is_of_qbittorrent()), None)


def _above(root: Path, below: str) -> Path | None:
    parts = Path(below).parts
    return root.parents[len(parts) - 1] if root.parts[-len(parts) :] == parts else None


def _is_settings(path: Path) -> bool:
    return path.is_file() and not path.stem.endswith(_COUNTERS)
