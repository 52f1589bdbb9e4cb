"""The latest problems with files, few enough to be shown."""

import time
from collections.abc import Callable

from triblerd_watch_folder.reports import FileProblem, printable

MOST_PROBLEMS = 20


class Problems:
    """What is wrong at the moment, by path, the latest last."""

    def __init__(self) -> None:
        self._problems: dict[str, FileProblem] = {}

    def note(self, path: str, error: str) -> None:
        """Remember a problem. One that is known already keeps its time."""
        known = self._problems.pop(path, None)
        if known is None or known.error != error:
            known = FileProblem(path=printable(path), error=error, time=int(time.time()))
        self._problems[path] = known
        if len(self._problems) > MOST_PROBLEMS:
            del self._problems[next(iter(self._problems))]

    def forget(self, path: str) -> None:
        """Forget the problem with a file."""
        self._problems.pop(path, None)

    def keep(self, is_there: Callable[[str], bool]) -> None:
        """Forget the problems of what is not there any more."""
        self._problems = {path: problem for path, problem in self._problems.items() if is_there(path)}

    def latest(self) -> list[FileProblem]:
        """Return them, the latest first."""
        return list(self._problems.values())[::-1]
