"""Finding the states of other programs below a directory."""

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from triblerd_upgrader.foreign.values import Find, Reader

log = logging.getLogger(__name__)

DEPTH = 2
"""Containers have states in children and grand-children of what is mounted."""
MOST_DIRECTORIES = 5_000


class States:
    """The states below one directory, each with its reader."""

    def __init__(self, readers: Iterable[Reader]) -> None:
        self._readers = tuple(readers)

    def at(self, directory: Path) -> list[tuple[Find, Reader]]:
        """Return what is recognised in a directory itself. For a thread."""
        found = ((_recognised(reader, directory), reader) for reader in self._readers)
        return [(find, reader) for find, reader in found if find is not None]

    def below(self, directory: Path) -> list[tuple[Find, Reader]]:
        """Return what is recognised in a directory, its children and grand-children. For a thread.

        Nothing is looked for by a reader below what it has recognised, and what a state covers is none of its own.
        """
        found: dict[tuple[str, Path], tuple[Find, Reader]] = {}
        done: dict[Reader, list[Path]] = {reader: [] for reader in self._readers}
        for folder in _folders(directory):
            for reader in self._readers:
                if any(folder.is_relative_to(known) for known in done[reader]):
                    continue
                find = _recognised(reader, folder)
                if find is not None:
                    done[reader].append(folder)
                    found.setdefault((find.program, find.root.resolve()), (find, reader))
        covered = {folder.resolve() for find, _ in found.values() for folder in find.covers}
        return [(find, reader) for find, reader in found.values() if find.root.resolve() not in covered]


def _folders(directory: Path) -> Iterator[Path]:
    level = [directory]
    count = 0
    for depth in range(DEPTH + 1):
        following: list[Path] = []
        for folder in level:
            count += 1
            if count > MOST_DIRECTORIES:
                return
            yield folder
            if depth < DEPTH:
                following += _children(folder)
        level = following


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _recognised(reader: Reader, folder: Path) -> Find | None:
    try:
        return reader.find(folder)
    except OSError as error:  # what nobody may look at, nobody can take over
        log.debug("%s cannot be looked at: %s", folder, error)
        return None
    except Exception:  # a border: what is wrong with one directory must not hide the others
        log.exception("%s cannot be looked at as a state of %s", folder, reader.program)
        return None
