"""The last checks of torrents, in memory."""

from collections import OrderedDict
from collections.abc import Iterable

from triblerd_metadata.values import Health

MOST_KEPT = 1000
"""Of our own, and as many of others."""


class LastChecks:
    """Implements :class:`triblerd_metadata.api.RecentChecks`. For the event loop's thread."""

    def __init__(self) -> None:
        self._own: OrderedDict[bytes, Health] = OrderedDict()
        self._told: OrderedDict[bytes, Health] = OrderedDict()

    def note(self, reports: Iterable[Health]) -> None:
        """Keep these."""
        for report in reports:
            kept = self._own if report.self_checked else self._told
            kept[report.infohash] = report
            kept.move_to_end(report.infohash)
            if len(kept) > MOST_KEPT:
                kept.popitem(last=False)

    def own(self) -> list[Health]:
        """Return those that this daemon did, the latest first."""
        return list(reversed(self._own.values()))

    def told(self) -> list[Health]:
        """Return those that peers told, the latest first."""
        return list(reversed(self._told.values()))
