"""What is told of feeds, in the statistics, to administrators and to programs that watch the daemon."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from triblerd.metrics import Metric
from triblerd.plugin import hookimpl
from triblerd_rss.entries import EntryTables
from triblerd_rss.feeds import FeedList
from triblerd_rss.looking import Looker
from triblerd_rss.polling import Poller
from triblerd_rss.rule_book import RuleBook
from triblerd_rss.taking import Taker


class Figures:
    """Counts what is followed and taken."""

    def __init__(  # noqa: PLR0913 - all that is counted, by keyword
        self,
        *,
        feeds: FeedList,
        entries: EntryTables,
        rules: RuleBook,
        poller: Poller,
        looker: Looker,
        taker: Taker,
    ) -> None:
        self._feeds = feeds
        self._entries = entries
        self._rules = rules
        self._poller = poller
        self._looker = looker
        self._taker = taker

    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> Mapping[str, Mapping[str, int]]:
        """Return how much there is, and what was done since the start."""
        return {
            "rss": {
                "feeds": len(self._feeds.all()),
                "failing_feeds": self._failing(),
                "entries": self._entries.counts.total(),
                "rules": len(self._rules.all()),
                "polls": self._poller.polls,
                "failed_polls": self._poller.failed,
                "look_ups": self._looker.found,
                "failed_look_ups": self._looker.failed,
                "waiting_look_ups": self._looker.waiting,
                "taken": self._taker.taken,
                "failed_takes": self._taker.failed,
                "waiting_takes": self._taker.waiting,
            }
        }

    @hookimpl(optionalhook=True)
    def triblerd_debug_report(self) -> Mapping[str, object]:
        """Return how each feed is; of its address, which may hold a password, the host alone."""
        return {
            str(feed.id): {
                "host": "" if feed.problem else urlsplit(feed.url).hostname,
                "entries": feed.count,
                "last_poll": feed.record.polled,
                "next_poll": feed.record.due,
                "failures": feed.record.failures,
                "error": feed.problem or feed.record.error,
            }
            for feed in self._feeds.all().values()
        }

    @hookimpl(optionalhook=True)
    def triblerd_state_report(self) -> str | None:
        """Say how many feeds cannot be read."""
        failing = self._failing()
        return f"{failing} of {len(self._feeds.all())} feeds cannot be read" if failing else None

    @hookimpl(optionalhook=True)
    def triblerd_metrics(self) -> Iterable[Metric]:
        """Return what was done since the start."""
        polls, failed = self._poller.polls, self._poller.failed
        return [
            Metric("feeds", "Feeds that are followed", len(self._feeds.all())),
            Metric("polls_total", "Polls of feeds", {"ok": polls - failed, "failed": failed}, labels=("outcome",)),
            Metric("taken_total", "Entries that rules took", self._taker.taken),
        ]

    def _failing(self) -> int:
        return sum(1 for feed in self._feeds.all().values() if feed.problem or feed.record.failures)
