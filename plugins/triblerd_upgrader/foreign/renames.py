"""Names on disk that differ from those of the torrent."""

from collections.abc import Mapping

from triblerd_upgrader.foreign.layout import Layout


def renames(layout: Layout, names: Mapping[int, str]) -> dict[int, str]:
    """Return the paths of files that have other ones than the torrent's, below the save path.

    Args:
        layout: Of the torrent.
        names: Paths as the program has them, by the number of the file; pad files are left out.

    Raises:
        ValueError: one of them leads elsewhere.
    """
    found: dict[int, str] = {}
    for index, name in names.items():
        if not 0 <= index < len(layout.files):
            continue
        file = layout.files[index]
        if file.is_pad or name in {"", file.path}:
            continue
        if name.startswith("/") or "\0" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
            msg = f"the file {file.path!r} is said to be outside of its directory, at {name!r}"
            raise ValueError(msg)
        found[index] = name
    return found


def in_directory(layout: Layout, name: str) -> dict[int, str]:
    """Return the paths that files have when the directory, or the only file, that holds them is called otherwise."""
    if name in {"", layout.name}:
        return {}
    return {index: name + file.path.removeprefix(layout.name) for index, file in enumerate(layout.files)}


def wanted_or_not(layout: Layout, priorities: tuple[int, ...]) -> tuple[int, ...]:
    """Return one priority for each file: none of pad files, the normal one where the program says nothing."""
    told = priorities + (4,) * (len(layout.files) - len(priorities))
    return tuple(0 if file.is_pad else told[index] for index, file in enumerate(layout.files))
