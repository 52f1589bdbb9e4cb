"""``triblerd watch``: downloads as they go on, and as lines for programs."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from triblerd.client import ApiClient
from triblerd.command_output import print_json_line
from triblerd.errors import FailedError, NotFoundError, TriblerdError

POLL_SECONDS = 1.0

RESTING = ("STOPPED", "SEEDING")
"""States of a download that is as complete as it gets."""

Row = Mapping[str, Any]


class Watcher:
    """Follows downloads: asks what changed once a second, and at once when the daemon tells of an event.

    Args:
        infohashes: Which downloads; none means all.
        until_complete: End when all of them are complete.
    """

    def __init__(self, api: ApiClient, infohashes: Sequence[str], *, until_complete: bool) -> None:
        self.infohashes = frozenset(infohashes)
        self._api = api
        self._until_complete = until_complete
        self._rows: dict[str, Row] = {}
        self._news = threading.Event()

    def changes(self) -> Iterator[tuple[list[str], list[Row]]]:
        """Yield the infohashes of downloads that were removed and then the rows that changed, round after round.

        Raises:
            NotFoundError: a download that was named is not there, or not any more.
            FailedError: with ``until_complete``, an error stopped one of them.
            UnavailableError: the daemon is gone.
        """
        threading.Thread(target=self._listen, daemon=True, name="events").start()
        revision = ""
        while True:
            answer = self._api.get("/downloads", since=revision)
            revision = answer["revision"]
            yield self._take(answer)
            if answer["checkpoints"]["all_loaded"] and self._is_over():
                return
            self._news.wait(POLL_SECONDS)
            self._news.clear()

    def _take(self, answer: Mapping[str, Any]) -> tuple[list[str], list[Row]]:
        changed = [row for row in answer["downloads"] if not self.infohashes or row["infohash"] in self.infohashes]
        gone = self._rows.keys() - {row["infohash"] for row in changed} if answer.get("full") else answer["removed"]
        removed = [infohash for infohash in gone if self._rows.pop(infohash, None)]
        self._rows |= {row["infohash"]: row for row in changed}
        return removed, changed

    def _is_over(self) -> bool:
        if missing := self.infohashes - self._rows.keys():
            msg = f"There is no download {', '.join(sorted(missing))}"
            raise NotFoundError(msg)
        if not self._until_complete:
            return False
        for row in self._rows.values():
            if row["status"] == "STOPPED_ON_ERROR":
                msg = f"{row['name']} was stopped by an error: {row['error']}"
                raise FailedError(msg)
        return all(row["progress"] >= 1 and row["status"] in RESTING for row in self._rows.values())

    def _listen(self) -> None:
        """Wake the polls at every event. Without a stream they go on once a second."""
        try:
            for _ in self._api.events():
                self._news.set()
        except TriblerdError:
            return


def watch_with_lines(watcher: Watcher) -> None:
    """Print every changed download as one line of JSON, and removed ones as ``{"removed": infohash}``."""
    for removed, changed in watcher.changes():
        for infohash in removed:
            print_json_line({"removed": infohash})
        for row in changed:
            print_json_line(row)
