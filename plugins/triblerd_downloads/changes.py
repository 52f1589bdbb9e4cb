"""A journal of what changed when, so that a client need only be sent what is new to it."""

import itertools
import secrets

from triblerd_libtorrent.api import Infohash

REMEMBERED_REMOVALS = 10_000
"""Who missed more than that gets everything."""


class Changes:
    """Numbers every change of every download.

    The revision of the set is the number of its last change. As text it also says in which life of the daemon it was
    counted, since every life begins with 0.
    """

    def __init__(self) -> None:
        self._life = secrets.token_hex(4)
        self._changed: dict[Infohash, int] = {}  # by time of the last change, oldest first
        self._removed: dict[Infohash, int] = {}
        self._complete_since = 0
        self.revision = 0

    def touch(self, infohash: Infohash) -> None:
        """Note that a download was added or changed."""
        self.revision += 1
        self._changed.pop(infohash, None)
        self._changed[infohash] = self.revision

    def remove(self, infohash: Infohash) -> None:
        """Note that a download is gone."""
        self.revision += 1
        self._changed.pop(infohash, None)
        self._removed.pop(infohash, None)
        self._removed[infohash] = self.revision
        if len(self._removed) > REMEMBERED_REMOVALS:
            oldest = next(iter(self._removed))
            self._complete_since = self._removed.pop(oldest)

    def last_of(self, infohash: Infohash) -> int:
        """Return the number of the last change of a download, 0 for an unknown one."""
        return self._changed.get(infohash, 0)

    def since(self, revision: int) -> tuple[list[Infohash], list[Infohash]] | None:
        """Return what changed and what was removed after ``revision``; ``None`` when that is not known any more.

        A download that was removed and added again stands in both: apply the removals first.
        """
        if not self._complete_since <= revision <= self.revision:
            return None
        return _after(self._changed, revision), _after(self._removed, revision)

    def text(self, revision: int) -> str:
        """Return a revision as clients see it."""
        return f"{self._life}-{revision}"

    def parse(self, text: str) -> int | None:
        """Return the revision that a client names, ``None`` when it is none of this life."""
        life, _, number = text.partition("-")
        return int(number) if life == self._life and number.isascii() and number.isdecimal() else None


def _after(numbered: dict[Infohash, int], revision: int) -> list[Infohash]:
    newest_first = itertools.takewhile(lambda item: item[1] > revision, reversed(numbered.items()))
    return [infohash for infohash, _ in newest_first][::-1]
