"""Trackers that are never asked: ``tracker_blacklist.txt`` in the state directory, one URL a line."""

import logging
from collections.abc import Collection
from pathlib import Path

from triblerd_metadata.tracker_urls import normalise_tracker

log = logging.getLogger(__name__)

FILE_NAME = "tracker_blacklist.txt"
MOST_BYTES = 1024 * 1024


class Blacklist:
    """The blacklist as it stands in the file, which may change at any time.

    Args:
        state_dir: Where the file is, if there is one.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / FILE_NAME
        self._stamp: tuple[int, int] | None = None
        self._urls: frozenset[str] = frozenset()

    def read(self) -> Collection[str]:
        """Return the URLs in their one spelling. Asks the disk, so it is for a thread.

        A file that cannot be read leaves what was known of it in force, with a word in the log.
        """
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                with self._path.open("rb") as file:
                    self._urls = _parse(file.read(MOST_BYTES))
                self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self._urls = None, frozenset()
        except OSError as error:
            log.warning("%s cannot be read: %s", self._path, error.strerror or error)
        return self._urls


def _parse(raw: bytes) -> frozenset[str]:
    lines = (line.strip() for line in raw.decode(errors="replace").lstrip("\ufeff").splitlines())
    return frozenset(url for line in lines if not line.startswith("#") and (url := normalise_tracker(line)))
