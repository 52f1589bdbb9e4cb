"""Symbolic links that stand in a destination already: no torrent may be written through them to somewhere else."""

import os
from collections.abc import Iterable
from pathlib import Path

from triblerd_libtorrent.values import EngineError


def refuse_links_out(destination: str, paths: Iterable[str]) -> None:
    """Look at what stands in the way of a torrent's files. Blocks.

    A link that leads to another place of the destination is none that harms; the engine makes such links (BEP 47).

    Args:
        destination: An absolute directory. It may be reached by links.
        paths: POSIX paths relative to it.

    Raises:
        EngineError: one of the files, or of the folders above them, is a link that leads out of the destination.
    """
    root = Path(os.path.realpath(destination))
    seen: dict[str, bool] = {}
    for path in paths:
        _is_there(root, path, seen)


def _is_there(root: Path, path: str, seen: dict[str, bool]) -> bool:
    """Return whether something stands at ``path``; each place is looked at once, and nothing below what is missing."""
    if path in seen:
        return seen[path]
    above = path.rpartition("/")[0]
    found = (not above or _is_there(root, above, seen)) and os.path.lexists(root / path)
    if found and (root / path).is_symlink() and not Path(os.path.realpath(root / path)).is_relative_to(root):
        msg = f"The link {root / path} leads out of the destination"
        raise EngineError(msg)
    seen[path] = found
    return found
