"""The downloads of a state on disk, between reading and writing: thousands of torrent files are too much for RAM."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from triblerd_upgrader.foreign.values import ForeignDownload

_LAST = 1 << 62


class Spool:
    """Takes downloads in any order, and returns them in that of the queue; the others by the time they were added.

    Args:
        path: A new file.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(ForeignDownload)
        self._places: list[tuple[int, int, int, int]] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, downloads: Iterable[ForeignDownload]) -> None:
        """Take downloads in."""
        for download in downloads:
            data = self._encoder.encode(download)
            place = download.queue_position if download.queue_position >= 0 else _LAST
            self._places.append((place, download.added_time, self._end, len(data)))
            self._file.write(data)
            self._end += len(data)

    def batches(self, count: int) -> Iterator[Sequence[ForeignDownload]]:
        """Yield all, so many at once."""
        self._places.sort()
        for first in range(0, len(self._places), count):
            batch = []
            for _, _, offset, size in self._places[first : first + count]:
                self._file.seek(offset)
                batch.append(self._decoder.decode(self._file.read(size)))
            yield batch
