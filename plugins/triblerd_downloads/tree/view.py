"""A tree as clients see it: which directories are open, and the rows that follow a path."""

from pathlib import PurePosixPath

from triblerd_downloads.tree.table import DIRECTORY, FileTable


class TreeView:
    """The open directories of one download. At first all are closed; what is above them all is always open.

    A closed directory remembers which of those below it are open.
    """

    def __init__(self, table: FileTable) -> None:
        self.table = table
        self._open = bytearray(len(table))

    def window(self, start: str, size: int) -> list[int] | None:
        """Return at most ``size`` visible rows that come after a path; ``None`` when there is no such path.

        After a row inside of a closed directory comes what is after that directory.
        """
        row = self._after(clean_path(start))
        if row is None:
            return None
        rows: list[int] = []
        while row < len(self.table) and len(rows) < size:
            rows.append(row)
            row = self._next(row)
        return rows

    def is_open(self, row: int) -> bool:
        """Return whether a row is an open directory."""
        return bool(self._open[row])

    def expand(self, path: str) -> None:
        """Open every directory on the way to a path, and itself, as far as they exist."""
        for row in self._way_to(clean_path(path)):
            if self.table.files[row] == DIRECTORY:
                self._open[row] = True

    def collapse(self, path: str) -> None:
        """Close one directory; anything else is ignored."""
        row = self.table.find(clean_path(path))
        if row is not None:
            self._open[row] = False

    def files_at(self, path: str) -> int:
        """Return a file, or all below a directory, as bits (see ``FileTable.files_below``); 0 for an unknown path."""
        path = clean_path(path)
        if not path:
            return self.table.all_files()
        row = self.table.find(path)
        return 0 if row is None else self.table.files_below(row)

    def _after(self, path: str) -> int | None:
        if not path:
            return 0
        if self.table.find(path) is None:
            return None
        *above, row = self._way_to(path)
        closed = next((directory for directory in above if not self._open[directory]), None)
        return self._next(row if closed is None else closed)

    def _next(self, row: int) -> int:
        return row + 1 if self._open[row] else self.table.ends[row]

    def _way_to(self, path: str) -> list[int]:
        """Return the rows of the directories above a path and of itself, outermost first, as far as they exist."""
        rows: list[int] = []
        end = 0
        while end != -1:
            end = path.find("/", end + 1)
            row = self.table.find(path if end == -1 else path[:end])
            if row is None:
                break
            rows.append(row)
        return rows


def clean_path(path: str) -> str:
    """Return a path as the table has it; empty for what is above all."""
    clean = str(PurePosixPath(path))
    return "" if clean == "." else clean
