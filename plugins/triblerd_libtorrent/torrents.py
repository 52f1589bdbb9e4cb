"""The torrents that the engine has, by infohash."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import libtorrent as lt

from triblerd_libtorrent.api import EngineError, Infohash, QueueMove, TorrentStatus, UnknownTorrentError
from triblerd_libtorrent.identity import identity_of
from triblerd_libtorrent.trackers import TrackerList

T = TypeVar("T")

Priorities = Sequence[int] | Mapping[int, int]
"""One for each file, or those of some files by position in the torrent."""

CIRCUIT_PORT = 1024
"""With it, the address of a peer of an anonymous session is the number of a circuit."""

_QUERY_SAVE_PATH = 1 << 7  # libtorrent's query_save_path, which the binding does not name

QUEUE_MOVES: Mapping[QueueMove, Callable[[lt.torrent_handle], None]] = {
    QueueMove.UP: lt.torrent_handle.queue_position_up,
    QueueMove.TOP: lt.torrent_handle.queue_position_top,
    QueueMove.DOWN: lt.torrent_handle.queue_position_down,
    QueueMove.BOTTOM: lt.torrent_handle.queue_position_bottom,
}


class Torrent:
    """One torrent in one session. There may be tens of thousands: nothing is kept that can be asked for.

    Attributes:
        trackers: ``None`` while it has none.
        row: The status as last pushed; ``None`` before the first time.
        is_unsaved: Something changed since resume data were last saved. The row may be older than that.
        refusal: Why it is not begun with the metadata that peers sent; it stays paused.
        disk_error: Why the engine stopped writing; it goes on uploading, and tries again by itself.
        is_held: It was told to stay paused. The row may be older than that.
        is_starting: It was resumed, and rows of before that may still come.
        starts_when_checked: It was handed over paused, to be started as soon as its files were looked at.
        wanted_later: What was ordered of its files before they were accepted, one after the other; ``None`` once they
            are. Until then the engine wants none of them, and so writes nothing.
        is_accepted: What is wanted of its files is in force. Before that its metadata have not come, as others see it.
        is_finish_untold: The engine called it finished before that.
    """

    __slots__ = (
        "disk_error",
        "handle",
        "hops",
        "infohash",
        "is_accepted",
        "is_finish_untold",
        "is_held",
        "is_starting",
        "is_unsaved",
        "refusal",
        "row",
        "starts_when_checked",
        "trackers",
        "wanted_later",
    )

    def __init__(
        self, infohash: Infohash, handle: lt.torrent_handle, *, hops: int, trackers: TrackerList | None
    ) -> None:
        self.infohash: Final = infohash
        self.handle: Final = handle
        self.hops: Final = hops
        self.trackers = trackers
        self.row: TorrentStatus | None = None
        self.is_unsaved = True
        self.refusal = ""
        self.disk_error = ""
        self.is_held = False
        self.is_starting = False
        self.starts_when_checked = False
        self.wanted_later: list[Priorities] | None = None
        self.is_accepted = True
        self.is_finish_untold = False

    def is_unknown(self, priorities: Priorities) -> None:
        """Note that its files are still to come, and what will be wanted of them: nothing said, all."""
        self.is_accepted = False
        self.wanted_later = [priorities] if priorities else []

    def start(self) -> None:
        """Resume it."""
        self.starts_when_checked = False
        self.is_starting = True
        self.handle.resume()

    def ask_save_path(self) -> str:
        """Return where its files are now; the last row may be from before a move. Waits for the session.

        Raises:
            RuntimeError: it was removed meanwhile.
        """
        path: str = self.handle.status(_QUERY_SAVE_PATH).save_path
        return path

    def ask_renamed_files(self) -> dict[int, str]:
        """Return the files that have other names than the torrent's, by position. Waits for the session.

        Raises:
            RuntimeError: it was removed meanwhile.
        """
        info = self.handle.torrent_file()
        return {} if info is None else dict(self.handle.get_renamed_files().export_filenames(info.layout()))

    def stays_paused(self) -> None:
        """Note that it will not start by itself."""
        self.starts_when_checked = self.is_starting = False

    def tracker_list(self) -> TrackerList:
        """Return the trackers, an empty list when it has none."""
        if self.trackers is None:
            self.trackers = TrackerList(())
        return self.trackers


class Torrents:
    """Finds torrents by the infohash that they were added with, and by what alerts say."""

    def __init__(self) -> None:
        self._by_infohash: dict[Infohash, Torrent] = {}
        # A magnet link may name a hybrid torrent by its v2 hash alone; its identity changes when the metadata come.
        self._aliases: dict[Infohash, Infohash] = {}

    def __iter__(self) -> Iterator[Torrent]:
        return iter(list(self._by_infohash.values()))

    def __len__(self) -> int:
        return len(self._by_infohash)

    def __contains__(self, infohash: Infohash) -> bool:
        return infohash in self._by_infohash

    def put(self, torrent: Torrent) -> None:
        """Take a torrent in."""
        self._by_infohash[torrent.infohash] = torrent

    def drop(self, infohash: Infohash) -> Torrent | None:
        """Forget a torrent, and return it."""
        for alias in [alias for alias, name in self._aliases.items() if name == infohash]:
            del self._aliases[alias]
        return self._by_infohash.pop(infohash, None)

    def get(self, infohash: Infohash) -> Torrent:
        """Return a torrent.

        Raises:
            UnknownTorrentError: it was not added.
        """
        torrent = self._by_infohash.get(infohash)
        if torrent is None:
            msg = "The engine does not have this torrent"
            raise UnknownTorrentError(msg)
        return torrent

    async def ask(self, infohash: Infohash, question: Callable[[lt.torrent_handle], T]) -> T:
        """Return the answer to a question that waits for the session.

        Raises:
            UnknownTorrentError: the torrent was not added.
            EngineError: it was removed meanwhile.
        """
        handle = self.get(infohash).handle
        try:
            return await asyncio.to_thread(question, handle)
        except RuntimeError as error:
            raise EngineError(str(error)) from error

    def find(self, infohash: Infohash) -> Torrent | None:
        """Return a torrent, or ``None``."""
        return self._by_infohash.get(infohash)

    def name_of(self, hashes: lt.info_hash_t) -> Infohash:
        """Return the infohash that a torrent of these hashes goes by here."""
        infohash = identity_of(hashes)
        return self._aliases.get(infohash, infohash)

    def of(self, handle: lt.torrent_handle) -> Torrent | None:
        """Return the torrent of a handle, ``None`` for one that is not ours (any more)."""
        return self._by_infohash.get(self.name_of(handle.info_hashes()))

    def also_known_as(self, infohash: Infohash, hashes: lt.info_hash_t) -> None:
        """Note that a torrent may be reported by hashes that would give another identity."""
        identity = identity_of(hashes)
        if identity != infohash:
            self._aliases[identity] = infohash
