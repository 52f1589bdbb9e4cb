"""``triblerd watch``: downloads as they go on, for people as bars, for programs as lines."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from triblerd.client import ApiClient
from triblerd.command_output import plain_text, print_json_line, rate_text, size_text
from triblerd.errors import FailedError, NotFoundError, TriblerdError

POLL_SECONDS = 1.0

_RESTING = ("STOPPED", "SEEDING")

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

    def changes(self) -> Iterator[tuple[list[Row], list[str]]]:
        """Yield the downloads that changed and the infohashes of those that were removed, round after round.

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

    def _take(self, answer: Mapping[str, Any]) -> tuple[list[Row], list[str]]:
        changed = [row for row in answer["downloads"] if not self.infohashes or row["infohash"] in self.infohashes]
        removed = [infohash for infohash in answer["removed"] if self._rows.pop(infohash, None)]
        self._rows |= {row["infohash"]: row for row in changed}
        return changed, removed

    def _is_over(self) -> bool:
        if missing := self.infohashes - self._rows.keys():
            msg = f"There is no download {', '.join(sorted(missing))}"
            raise NotFoundError(msg)
        if not self._until_complete:
            return False
        for row in self._rows.values():
            if row["status"] == "STOPPED_ON_ERROR":
                msg = f"{plain_text(row['name'])} was stopped by an error: {row['error']}"
                raise FailedError(msg)
        return all(row["progress"] >= 1 and row["status"] in _RESTING for row in self._rows.values())

    def _listen(self) -> None:
        """Wake the polls at every event. Without a stream they go on once a second."""
        try:
            for _ in self._api.events():
                self._news.set()
        except TriblerdError:
            return


def watch_with_lines(watcher: Watcher) -> None:
    """Print every changed download as one line of JSON, and removed ones as ``{"removed": infohash}``."""
    for changed, removed in watcher.changes():
        for row in changed:
            print_json_line(row)
        for infohash in removed:
            print_json_line({"removed": infohash})


def watch_with_bars(watcher: Watcher) -> None:
    """Draw a bar for each download that was named, or for each one that does something."""
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn  # noqa: PLC0415 - 60 ms

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[about]}", markup=False),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns) as progress:
        for changed, removed in watcher.changes():
            for row in changed:
                infohash = row["infohash"]
                if infohash not in tasks and (infohash in watcher.infohashes or _does_something(row)):
                    tasks[infohash] = progress.add_task("", total=1.0, about="")
                if infohash in tasks:
                    progress.update(
                        tasks[infohash],
                        description=plain_text(row["name"])[:40],
                        completed=row["progress"],
                        about=_about(row),
                    )
            for infohash in removed:
                if infohash in tasks:
                    progress.remove_task(tasks.pop(infohash))


def _does_something(row: Row) -> bool:
    return row["status"] not in _RESTING or row["speed_down"] > 0 or row["speed_up"] > 0


def _about(row: Row) -> str:
    parts = [size_text(row["size"]), row["status"]]
    if row["speed_down"]:
        parts.append(f"{rate_text(row['speed_down'])} down")
    if row["speed_up"]:
        parts.append(f"{rate_text(row['speed_up'])} up")
    return "  ".join(parts)
