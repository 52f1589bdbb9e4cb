"""What a metric has to be, so that one plugin's mistake spoils neither everybody's page nor the reader's memory."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from triblerd.histogram import Distribution
from triblerd.metrics import Figure, Metric

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_OTHER_ENDINGS = ("_bucket", "_sum", "_count", "_created")
_OTHER_LABELS = ("le", "quantile")
_COUNTER_ENDING = "_total"


class BrokenRuleError(ValueError):
    """A metric is not what it has to be."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that was checked, with all its series, of which there is at least one.

    Attributes:
        name: The full name.
        numbers: The values of the labels and a number, of each series.
        distributions: The same, of a metric that has distributions in the place of numbers.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    numbers: Sequence[tuple[tuple[str, ...], float]]
    distributions: Sequence[tuple[tuple[str, ...], Distribution]]

    @property
    def is_counter(self) -> bool:
        """Whether it only grows."""
        return self.name.endswith(_COUNTER_ENDING)

    @property
    def base_name(self) -> str:
        """The name without a counter's ending; no two metrics have the same."""
        return self.name.removesuffix(_COUNTER_ENDING)


def checked(prefix: str, metrics: Iterable[Metric], *, most_series: float = math.inf) -> Iterator[Family]:
    """Yield metrics under their full names, without those that have no series.

    Args:
        prefix: What comes before the names that the metrics have.
        metrics: In any order.
        most_series: How many there may be in all.

    Raises:
        BrokenRuleError: one of them breaks a rule, or they have too many series.
    """
    count = 0
    for metric in metrics:
        series = _series(metric)
        count += sum(_cost(figure) for _, figure in series)
        _require(count <= most_series, f"there are more than {most_series} series")
        if series:
            yield Family(
                name=prefix + metric.name,
                help=metric.help,
                labels=metric.labels,
                numbers=[(key, figure) for key, figure in series if not isinstance(figure, Distribution)],
                distributions=[(key, figure) for key, figure in series if isinstance(figure, Distribution)],
            )


def _series(metric: Metric) -> list[tuple[tuple[str, ...], Figure]]:
    name, labels = metric.name, metric.labels
    _require(bool(_NAME.fullmatch(name)), f"{name!r} is no name of a metric")
    _require(not name.endswith(_OTHER_ENDINGS), f"{name} ends like a part of a metric")
    _require(bool(metric.help.strip()), f"{name} has no help")
    for label in labels:
        _require(bool(_NAME.fullmatch(label)) and label not in _OTHER_LABELS, f"{label!r} is no name of a label")
    _require(len(set(labels)) == len(labels), f"{name} has a label twice")
    series = _by_labels(metric)
    kinds = {isinstance(figure, Distribution) for _, figure in series}
    _require(len(kinds) <= 1, f"{name} has numbers and distributions")
    _require(not (True in kinds and name.endswith(_COUNTER_ENDING)), f"{name} is a distribution, and no counter")
    for key, figure in series:
        fits = len(key) == len(labels) and all(isinstance(text, str) for text in key)
        _require(fits, f"{name} has the labels {labels}, not {key!r}")
        _require(isinstance(figure, (int, float, Distribution)), f"{name} has the figure {figure!r}")
    return series


def _by_labels(metric: Metric) -> list[tuple[tuple[str, ...], Figure]]:
    figures = metric.figures
    if not isinstance(figures, Mapping):
        return [((), figures)]
    return [(key if isinstance(key, tuple) else (key,), figure) for key, figure in figures.items()]


def _cost(figure: Figure) -> int:
    return len(figure.counts) + 2 if isinstance(figure, Distribution) else 1


def _require(condition: bool, otherwise: str) -> None:
    if not condition:
        raise BrokenRuleError(otherwise)
