"""One scrape: everybody is asked; whoever fails harms nobody else."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import cast

from triblerd.metrics import Metric
from triblerd.plugin import HookCaller
from triblerd_prometheus.rules import BrokenRuleError, Family, checked

log = logging.getLogger(__name__)

Source = Callable[[], Awaitable[Iterable[Metric]]]
PREFIX = "triblerd_"
MOST_SERIES = 1000
"""Series that a plugin may have. Each costs whoever keeps them some kilobytes a day."""


class Scraper:
    """Asks our own sources, and then the plugins that implement ``triblerd_metrics``.

    Args:
        sources: What we ask, by the names under which ``scrape_success`` shows them.
        hooks: Asks the plugins.
    """

    def __init__(self, *, sources: Mapping[str, Source], hooks: HookCaller) -> None:
        self._sources = sources
        self._hooks = hooks
        self._complaints: dict[str, str] = {}

    async def scrape(self) -> list[Family]:
        """Return what there is, each name once."""
        families: dict[str, Family] = {}
        successes: dict[str, float] = {}
        seconds: dict[str, float] = {}
        for name, source in self._sources.items():
            began = time.perf_counter()
            successes[name] = await self._ask(name, source, families)
            seconds[name] = time.perf_counter() - began
        for name, answer in self._hooks.call_each("triblerd_metrics"):
            metrics = cast("Iterable[Metric]", answer)
            theirs = checked(f"{PREFIX}{name}_", metrics, most_series=MOST_SERIES)
            successes[name] = self._add(name, theirs, families)
        about = [
            Metric(
                "scrape_success", "1 if a source's figures are here, 0 if they are left out.", successes, ("source",)
            ),
            Metric("scrape_duration_seconds", "How long a source took to answer.", seconds, ("source",)),
        ]
        self._add("scrape", checked(PREFIX, about), families)
        return list(families.values())

    async def _ask(self, name: str, source: Source, families: dict[str, Family]) -> bool:
        try:
            metrics = await source()
        except Exception as error:  # noqa: BLE001 - a border: other plugins' services
            return self._complain(name, error)
        return self._add(name, checked(PREFIX, metrics), families)

    def _add(self, name: str, new: Iterable[Family], families: dict[str, Family]) -> bool:
        """Add what somebody gave, all of it or nothing, and return which."""
        try:
            found = _by_name(new, families)
        except Exception as error:  # noqa: BLE001 - a border: a plugin's life
            return self._complain(name, error)
        families |= found
        self._complaints.pop(name, None)
        return True

    def _complain(self, name: str, error: Exception) -> bool:
        """Log a failure, but the same one not again with each scrape. Always returns false."""
        text = f"{type(error).__name__}: {error}"
        if self._complaints.get(name) != text:
            self._complaints[name] = text
            log.warning("The metrics of %s are left out: %s", name, text)
        return False


def _by_name(new: Iterable[Family], present: Mapping[str, Family]) -> dict[str, Family]:
    """Return families by what OpenMetrics calls them: a counter's name is that without its ending."""
    found: dict[str, Family] = {}
    for family in new:
        name = family.base_name
        if name in present or name in found:
            msg = f"there is a metric {name} already"
            raise BrokenRuleError(msg)
        found[name] = family
    return found
