"""The reader of qBittorrent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.qbittorrent import settings
from triblerd_upgrader.foreign.qbittorrent.categories import Categories
from triblerd_upgrader.foreign.qbittorrent.database import FILE, read_database
from triblerd_upgrader.foreign.qbittorrent.files import FOLDER, names_in, read_files
from triblerd_upgrader.foreign.qbittorrent.places import Place, place_at
from triblerd_upgrader.foreign.qbittorrent.qt_ini import Sections
from triblerd_upgrader.foreign.qbittorrent.record import Context
from triblerd_upgrader.foreign.running import is_locked
from triblerd_upgrader.foreign.stored import salvaged, stored_json
from triblerd_upgrader.foreign.values import Find, ForeignDownload, Item, NotTaken, Program


class QBittorrent:
    """Reads ``BT_backup`` or ``torrents.db``, categories and settings."""

    program: ClassVar[Program] = Program.QBITTORRENT

    def find(self, directory: Path) -> Find | None:
        """Recognise the directory of the data, one that holds data and configuration, or a home with both."""
        place = place_at(directory)
        if place is None:
            return None
        lock = place.file("lockfile")
        return Find(
            program=self.program,
            root=place.root,
            downloads=place.count(),
            running=f"{lock} is locked" if lock is not None and is_locked(lock) else "",
            parts=(place.data, place.configuration) if place.is_apart else (),
        )

    def read(self, copy: Path, mapped: Callable[[str], str], source: Path) -> Iterator[Item]:
        """Yield downloads, categories and settings."""
        place = place_at(copy)
        if place is None:
            yield NotTaken(FOLDER, "nothing of it can be read")
            return
        paths = _Paths(mapped, source)
        damage: list[NotTaken] = []
        sections = _sections(place, damage)
        categories = _categories(place, settings.default_save_path(sections), paths, damage)
        unused = set(sections.texts(settings.SESSION, "Session\\Tags"))
        for item in _downloads(place, Context(paths, categories, settings.has_queue(sections))):
            yield item
            if isinstance(item, ForeignDownload):
                unused.difference_update(item.labels)
        yield from categories.values()
        watched = _watched(place, paths, damage)
        yield from settings.read(place.settings.name if place.settings else "settings", sections, watched, paths)
        yield from damage
        yield from (NotTaken(f"tag {tag}", "no download has it") for tag in sorted(unused))
        yield from _feeds(place)


class _Paths:
    """Turns paths into ours. Those of a portable program are relative to where its directory lies."""

    def __init__(self, mapped: Callable[[str], str], source: Path) -> None:
        self._mapped = mapped
        self._base = source.parent if source.name.startswith("qBittorrent") else source

    def __call__(self, path: str) -> str:
        is_absolute = path.startswith(("/", "\\")) or path[1:2] == ":"
        return self._mapped(path if is_absolute else str(self._base / path))


def _sections(place: Place, damage: list[NotTaken]) -> Sections:
    file = place.settings
    if file is None:
        damage.append(NotTaken("settings", "qBittorrent.conf does not lie with the downloads"))
        return Sections({})
    read = salvaged(file.name, lambda: settings.parse(file))
    if isinstance(read, Sections):
        return read
    damage.append(read)
    return Sections({})


def _categories(place: Place, default: str, paths: _Paths, damage: list[NotTaken]) -> Categories:
    file = place.file("categories.json")
    read = salvaged(file.name, lambda: stored_json(file)) if file is not None else Fields({})
    if isinstance(read, NotTaken):
        damage.append(read)
        read = Fields({})
    return Categories(read, default, paths)


def _downloads(place: Place, context: Context) -> Iterator[Item]:
    if not place.is_in_database:
        yield from read_files(place.data / FOLDER, context)
        return
    yield from read_database(place.data / FILE, context)
    if names_in(place.data / FOLDER):
        yield NotTaken(FOLDER, f"what is in it was left over when qBittorrent went on with {FILE}")


def _watched(place: Place, paths: _Paths, damage: list[NotTaken]) -> dict[str, object]:
    """Return the settings of folders that are watched, which stand in a file of their own."""
    file = place.file("watched_folders.json")
    found = salvaged(file.name, lambda: list(stored_json(file))) if file is not None else []
    if isinstance(found, NotTaken):
        damage.append(found)
        return {}
    if not found:
        return {}
    damage += [NotTaken(f"watched folder {path}", "only one can be watched here") for path in found[1:]]
    return {"watch_folder.enabled": True, "watch_folder.directory": paths(found[0])}


def _feeds(place: Place) -> Iterator[NotTaken]:
    file = place.file("rss/feeds.json")
    feeds = salvaged("rss/feeds.json", lambda: list(stored_json(file))) if file is not None else []
    if isinstance(feeds, NotTaken):
        yield feeds
    elif feeds:
        yield NotTaken("rss", "feeds and their rules are not taken over")
