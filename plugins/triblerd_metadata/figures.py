"""What is told of the metadata store, in the statistics and to programs that watch the daemon."""

from collections.abc import Iterable, Mapping

from triblerd.metrics import Metric
from triblerd.plugin import hookimpl
from triblerd.services import Measurements
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.values import EntryType


class Figures:
    """Counts what is remembered.

    Args:
        metadata: What is counted.
        measurements: Knows the sizes of tables.
    """

    def __init__(self, *, metadata: MetadataStore, measurements: Measurements) -> None:
        self._metadata = metadata
        self._measurements = measurements

    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        """Return the figures of ``/statistics/tribler``."""
        counts = self._metadata.counts
        tables = self._measurements.store().tables
        return {
            "tribler": {
                "db_size": sum(table.size for table in tables if table.name.startswith("metadata/")),
                "num_channels": int(counts.get(EntryType.CHANNEL, 0)),
                "num_torrents": int(counts.get(EntryType.TORRENT, 0)),
            }
        }

    @hookimpl(optionalhook=True)
    def triblerd_metrics(self) -> Iterable[Metric]:
        """Return how many entries there are."""
        counts = self._metadata.counts
        entries = {kind.name.lower(): int(counts.get(kind, 0)) for kind in EntryType}
        return [Metric("entries", "What is remembered, by its type.", entries, labels=("type",))]
