"""What was found lately, so that whoever asks again, as clients do before they add a torrent, need not wait again."""

import time
from collections.abc import Callable

from triblerd_libtorrent.api import Metainfo

KEPT_SECONDS = 300.0
MOST_RESULTS = 1000
MOST_BYTES = 64 * 1024 * 1024
_BYTES_A_FILE = 300  # what a file's name and size take in memory, roughly


class RecentMetainfo:
    """Torrents by any name, each for five minutes. The oldest go first when there are too many, or too large ones.

    Args:
        seconds: How long one is kept.
        most: How many are kept.
        most_bytes: How much memory they may take, roughly.
        clock: Returns seconds.
    """

    def __init__(
        self,
        *,
        seconds: float = KEPT_SECONDS,
        most: int = MOST_RESULTS,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: dict[str, tuple[float, Metainfo]] = {}  # in the order of their ends
        self._bytes = 0

    def get(self, name: str) -> Metainfo | None:
        """Return what was put under this name in the last five minutes."""
        ends, found = self._kept.get(name, (0.0, None))
        return found if ends > self._clock() else None

    def put(self, name: str, metainfo: Metainfo) -> None:
        """Keep a torrent under a name; one that is too large is not kept."""
        self._drop(name)
        size = _size(metainfo)
        if size > self._most_bytes:
            return
        while self._kept and (len(self._kept) >= self._most or self._bytes + size > self._most_bytes):
            self._drop(next(iter(self._kept)))
        self._kept[name] = self._clock() + self._seconds, metainfo
        self._bytes += size

    async def drop_old(self) -> None:
        """Free the memory of what has been kept for long enough. Called now and then."""
        now = self._clock()
        while self._kept and (first := next(iter(self._kept))) and self._kept[first][0] <= now:
            self._drop(first)

    def _drop(self, name: str) -> None:
        if (kept := self._kept.pop(name, None)) is not None:
            self._bytes -= _size(kept[1])


def _size(metainfo: Metainfo) -> int:
    return len(metainfo.raw) + _BYTES_A_FILE * len(metainfo.files)
