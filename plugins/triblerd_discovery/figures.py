"""What is told of the overlay, in the statistics and to programs that watch the daemon."""

from collections.abc import Iterable, Mapping

from triblerd.metrics import Metric
from triblerd.plugin import hookimpl
from triblerd_discovery.community import ContentDiscoveryCommunity
from triblerd_discovery.requests import Requests

Counts = Mapping[str, int]


class Figures:
    """Counts peers, messages and torrents.

    Args:
        link: Knows peers, and what they sent.
        requests: Questions that may still be answered.
        answers: Given to others, by what they were.
        records: What others sent, by what became of it.
    """

    def __init__(
        self, *, link: ContentDiscoveryCommunity, requests: Requests, answers: Counts, records: Counts
    ) -> None:
        self._link = link
        self._requests = requests
        self._answers = answers
        self._records = records

    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many peers and torrents others have brought."""
        return {
            "discovery": {
                "peers": len(self._link.peers()),
                "open_questions": len(self._requests),
                "answered": self._answers.get("answered", 0),
                "torrents_received": self._records.get("added", 0),
            }
        }

    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        """Return all that is counted."""
        return {
            "peers": len(self._link.peers()),
            "open_questions": len(self._requests),
            "messages": dict(self._link.received),
            "answers": dict(self._answers),
            "records": dict(self._records),
        }

    @hookimpl(optionalhook=True)
    def triblerd_metrics(self) -> Iterable[Metric]:
        """Return the same as figures that programs watch."""
        kinds = ("ignored", "malformed", "health", "select", "select_response")
        outcomes = ("added", "replaced", "kept", "refused")
        return [
            Metric("peers", "Peers of the overlay that are known.", len(self._link.peers())),
            Metric(
                "messages_total",
                "Messages and packets that came, by their kind.",
                {kind: self._link.received.get(kind, 0) for kind in kinds},
                labels=("kind",),
            ),
            Metric(
                "records_total",
                "Records that peers sent, by what became of them.",
                {outcome: self._records.get(outcome, 0) for outcome in outcomes},
                labels=("outcome",),
            ),
        ]
