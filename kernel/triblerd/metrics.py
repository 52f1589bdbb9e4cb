"""What a plugin tells in numbers to programs that watch the daemon."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from triblerd.histogram import Distribution

Figure: TypeAlias = float | Distribution
"""A number, or how durations are spread."""
Figures: TypeAlias = (
    Figure | Mapping[str, Figure] | Mapping[tuple[str, str], Figure] | Mapping[tuple[str, str, str], Figure]
)
"""One figure; or several, told apart by the value of one label, or by those of two or three."""


class Metric(msgspec.Struct, frozen=True):
    """One thing that is counted or measured, in base units: seconds, bytes, or a ratio of 0 to 1.

    Attributes:
        name: What it is, with its unit at the end, in lower-case words: ``greetings_total``, ``queue_bytes``,
            ``greeting_duration_seconds``. One that ends with ``_total`` only grows, and begins at 0 when the plugin
            starts, and there is none of the same name without that. ``_bucket``, ``_sum``, ``_count`` and
            ``_created`` are no endings.
        help: What it is, in one sentence.
        figures: All of them numbers, or all distributions.
        labels: The names of the labels, such as ``("state",)``. The values of a label are a small set that nobody
            outside of the daemon chooses: never infohashes, addresses, paths or names of files.
    """

    name: str
    help: str
    figures: Figures
    labels: tuple[str, ...] = ()
