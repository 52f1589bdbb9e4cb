"""``categories.json``: labels with destinations."""

import posixpath
from collections.abc import Callable, Iterator

from triblerd_upgrader.foreign.fields import Fields
from triblerd_upgrader.foreign.values import ForeignCategory


class Categories:
    """The categories, and where they have downloads put whose place the program chooses itself.

    Args:
        stored: What the file holds.
        default: Where downloads of no category go; empty when that is not known.
        place: Turns a path into one of ours.
    """

    def __init__(self, stored: Fields, default: str, place: Callable[[str], str]) -> None:
        self._stored = stored
        self._default = default
        self._place = place

    def values(self) -> Iterator[ForeignCategory]:
        """Yield the categories."""
        for name in self._stored:
            path = self._stored.fields(name).text("save_path")
            yield ForeignCategory(name=name, save_path=self._placed(path) if path else "")

    def destination(self, name: str) -> str:
        """Return where complete downloads of a category, or of none, go; empty when that is not known."""
        return self._placed(self._stored.fields(name).text("save_path") or name)

    def _placed(self, path: str) -> str:
        if path.startswith(("/", "\\")) or path[1:2] == ":":
            return self._place(path)
        return self._place(posixpath.join(self._default, path) if path else self._default) if self._default else ""
