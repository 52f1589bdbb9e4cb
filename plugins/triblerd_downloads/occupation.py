"""Downloads that somebody is adding or removing just now."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from triblerd_libtorrent.api import Infohash


class Occupation:
    """Has whoever adds or removes a download wait for whoever did so before."""

    def __init__(self) -> None:
        self._busy: dict[Infohash, asyncio.Event] = {}

    async def free(self, *infohashes: Infohash) -> None:
        """Wait until nobody adds or removes one of these downloads."""
        while (busy := next((self._busy[one] for one in infohashes if one in self._busy), None)) is not None:
            await busy.wait()

    @contextmanager
    def of(self, infohashes: Iterable[Infohash]) -> Iterator[None]:
        """Add or remove downloads, which are free."""
        done = asyncio.Event()
        mine = dict.fromkeys(infohashes, done)
        self._busy |= mine
        try:
            yield
        finally:
            for infohash in mine:
                del self._busy[infohash]
            done.set()
