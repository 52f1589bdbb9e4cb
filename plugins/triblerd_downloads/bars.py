"""``triblerd watch`` for people: a bar for each download."""

from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from triblerd.command_output import plain_text, rate_text, size_text
from triblerd_downloads.watching import RESTING, Row, Watcher

NAME_WIDTH = 40


def watch_with_bars(watcher: Watcher) -> None:
    """Draw a bar for each download that was named, or for each one that does something."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[about]}", markup=False),
    )
    with Progress(*columns) as progress:
        bars = Bars(progress)
        for removed, changed in watcher.changes():
            for infohash in removed:
                bars.remove(infohash)
            for row in changed:
                bars.show(row, is_wanted=row["infohash"] in watcher.infohashes)


class Bars:
    """The bars of the downloads that are shown, by infohash."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, row: Row, *, is_wanted: bool) -> None:
        """Update a download's bar; one that has none gets one if it is wanted or does something."""
        infohash = row["infohash"]
        if infohash not in self._tasks:
            if not (is_wanted or row["status"] not in RESTING or row["speed_down"] or row["speed_up"]):
                return
            self._tasks[infohash] = self._progress.add_task("", total=1.0, about="")
        self._progress.update(
            self._tasks[infohash],
            description=plain_text(row["name"])[:NAME_WIDTH],
            completed=row["progress"],
            about=_about(row),
        )

    def remove(self, infohash: str) -> None:
        """Take the bar of a download away."""
        if (task := self._tasks.pop(infohash, None)) is not None:
            self._progress.remove_task(task)


def _about(row: Row) -> str:
    parts = [size_text(row["size"]), row["status"]]
    if row["speed_down"]:
        parts.append(f"{rate_text(row['speed_down'])} down")
    if row["speed_up"]:
        parts.append(f"{rate_text(row['speed_up'])} up")
    return "  ".join(parts)
