"""Where qBittorrent keeps what, and in which of two storages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.qbittorrent import settings
from triblerd_upgrader.foreign.qbittorrent.categories import Categories
from triblerd_upgrader.foreign.qbittorrent.database import FILE, count_rows, read_database
from triblerd_upgrader.foreign.qbittorrent.files import FOLDER, is_of_qbittorrent, names_in, read_files
from triblerd_upgrader.foreign.qbittorrent.qt_ini import Sections
from triblerd_upgrader.foreign.qbittorrent.record import Context
from triblerd_upgrader.foreign.running import is_locked
from triblerd_upgrader.foreign.stored import salvaged, stored_json
from triblerd_upgrader.foreign.values import Find, ForeignDownload, Item, NotTaken, Program

_DATA = ("", "data")
_CONFIGURATION = ("", "config")
_LEVELS = ("", "config", "data")
"""Data and configuration lie in one directory, or in two of these names in it."""
_LOCK = "lockfile"
_COUNTERS = "-data"


class QBittorrent:
    """Reads ``BT_backup`` or ``torrents.db``, categories and settings."""

    program: ClassVar[Program] = Program.QBITTORRENT

    def find(self, directory: Path) -> Find | None:
        """Recognise the directory of the data, or the one that holds ``data`` and ``config``."""
        root = directory.parent if directory.name == FOLDER else directory
        for data in (root / level for level in _DATA):
            if _is_of_qbittorrent(root, data):
                is_in_database = _is_in_database(root, data)
                count = count_rows(data / FILE) or 0 if is_in_database else len(names_in(data / FOLDER))
                return Find(program=self.program, root=root, downloads=count, running=_running(root))
        return None

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield downloads, categories and settings."""
        place = _Paths(mapped, source)
        sections = Sections({})
        configuration = _configuration(copy)
        if configuration is None:
            yield NotTaken("settings", "qBittorrent.conf does not lie with the downloads")
        else:
            read = salvaged(configuration.name, lambda: settings.parse(configuration))
            if isinstance(read, NotTaken):
                yield read
            else:
                sections = read
        default = settings.default_save_path(sections)
        categories = Categories(Fields({}), default, place)
        stored = _first(copy, _LEVELS, "categories.json")
        if stored is not None:
            found = salvaged(stored.name, lambda: Categories(stored_json(stored), default, place))
            if isinstance(found, NotTaken):
                yield found
            else:
                categories = found
        unused = set(sections.texts(settings.SESSION, "Session\\Tags"))
        for item in _downloads(copy, Context(place, categories)):
            yield item
            if isinstance(item, ForeignDownload):
                unused.difference_update(item.labels)
        yield from categories.values()
        yield from (NotTaken(f"tag {tag}", "no download has it") for tag in sorted(unused))
        watched, notes = _watched(copy, place)
        yield from settings.read(configuration.name if configuration else "settings", sections, watched, place)
        yield from notes
        yield from _feeds(copy)


class _Paths:
    """Turns paths into ours. Those of a portable program are relative to where its directory lies."""

    def __init__(self, mapped: Callable[[str], str], source: Path) -> None:
        self._mapped = mapped
        self._base = source.parent if source.name.startswith("qBittorrent") else source

    def __call__(self, path: str) -> str:
        is_absolute = path.startswith(("/", "\\")) or path[1:2] == ":"
        return self._mapped(path if is_absolute else str(self._base / path))


def _downloads(copy: Path, context: Context) -> Iterator[Item]:
    for level in _DATA:
        data = copy / level
        if _is_in_database(copy, data):
            yield from read_database(data / FILE, context)
            if names_in(data / FOLDER):
                yield NotTaken(FOLDER, f"what is in it was left over when qBittorrent went on with {FILE}")
        else:
            yield from read_files(data / FOLDER, context)


def _is_in_database(root: Path, data: Path) -> bool:
    """Return whether the downloads are in the database: the settings say so, or there is nothing else."""
    if not (data / FILE).is_file():
        return False
    configuration = _configuration(root)
    sections = salvaged("", lambda: settings.parse(configuration)) if configuration else None
    if isinstance(sections, Sections):
        return sections.text(settings.SESSION, "Session\\ResumeDataStorageType") == "SQLite" or not (
            names_in(data / FOLDER)
        )
    return True


def _is_of_qbittorrent(root: Path, data: Path) -> bool:
    if _configuration(root) is not None:
        return (data / FOLDER).is_dir() or (data / FILE).is_file()
    return is_of_qbittorrent(data / FOLDER) or count_rows(data / FILE) is not None


def _configuration(root: Path) -> Path | None:
    for level in _CONFIGURATION:
        for path in sorted((root / level).glob("qBittorrent*")):
            if path.suffix in {".conf", ".ini"} and not path.stem.endswith(_COUNTERS) and path.is_file():
                return path
    return None


def _first(root: Path, levels: tuple[str, ...], name: str) -> Path | None:
    return next((path for level in levels if (path := root / level / name).is_file()), None)


def _running(root: Path) -> str:
    lock = _first(root, _LEVELS, _LOCK)
    return f"{lock} is locked" if lock is not None and is_locked(lock) else ""


def _watched(copy: Path, place: Callable[[str], str]) -> tuple[dict[str, object], list[NotTaken]]:
    """Return the settings of folders that are watched, which stand in a file of their own."""
    file = _first(copy, _LEVELS, "watched_folders.json")
    found = salvaged(file.name, lambda: list(stored_json(file))) if file is not None else []
    if isinstance(found, NotTaken):
        return {}, [found]
    if not found:
        return {}, []
    values = {"watch_folder.enabled": True, "watch_folder.directory": place(found[0])}
    return values, [NotTaken(f"watched folder {path}", "only one can be watched here") for path in found[1:]]


def _feeds(copy: Path) -> Iterator[NotTaken]:
    file = _first(copy, _LEVELS, "rss/feeds.json")
    feeds = salvaged(file.name, lambda: list(stored_json(file))) if file is not None else []
    if isinstance(feeds, NotTaken):
        yield feeds
    elif feeds:
        yield NotTaken("rss", "feeds and their rules are not taken over")
