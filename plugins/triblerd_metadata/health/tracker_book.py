"""Which trackers may be asked again, and which are dead. In memory: after a start everybody has another chance."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PAUSE_SECONDS = 60.0
"""Between two questions that nobody asked us to put."""
MOST_FAILURES = 5
"""In a row; more is dead."""
DEAD_SECONDS = 4 * 3600.0
"""Until a dead tracker is tried again."""

_MOST = 5000


@dataclass
class _Page:
    used: float = -DEAD_SECONDS
    failures: int = 0


class TrackerBook:
    """Knows when each tracker was asked, and how often in a row it did not answer.

    Args:
        clock: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: OrderedDict[str, _Page] = OrderedDict()

    def used(self, url: str) -> None:
        """Note that a tracker is asked now."""
        self._page(url).used = self._clock()

    def answered(self, url: str) -> None:
        """Note an answer, whatever it says."""
        self._page(url).failures = 0

    def failed(self, url: str) -> None:
        """Note that there was no answer."""
        self._page(url).failures += 1

    def is_dead(self, url: str) -> bool:
        """Return whether it is not worth to wait for its answer."""
        page = self._pages.get(url)
        return page is not None and page.failures >= MOST_FAILURES and self._clock() < page.used + DEAD_SECONDS

    def is_due(self, url: str) -> bool:
        """Return whether it may be asked without anybody's wish. A dead one is not due, either."""
        page = self._pages.get(url)
        return page is None or (not self.is_dead(url) and self._clock() >= page.used + PAUSE_SECONDS)

    def _page(self, url: str) -> _Page:
        page = self._pages.setdefault(url, _Page())
        self._pages.move_to_end(url)
        if len(self._pages) > _MOST:
            self._pages.popitem(last=False)
        return page
