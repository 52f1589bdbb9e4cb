"""Taking torrents out of a session, and their files from the disk."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import libtorrent as lt

from triblerd_libtorrent.api import EngineError, Infohash, Metainfo, MetainfoError
from triblerd_libtorrent.deletion import delete_files
from triblerd_libtorrent.identity import identity_of
from triblerd_libtorrent.metainfo import wrap_info
from triblerd_libtorrent.parsing import TorrentParser
from triblerd_libtorrent.resume import StoredTorrents
from triblerd_libtorrent.session import EngineSession
from triblerd_libtorrent.torrents import Torrent, Torrents

_ANSWER_SECONDS = 60.0
"""The disk threads look at every file of a torrent before they let go; with 100,000 of them on a busy disk that takes
more than ten seconds.
"""


class Remover:
    """Removes torrents and waits for the engine to let go of them."""

    def __init__(self, torrents: Torrents, parser: TorrentParser, stored: StoredTorrents) -> None:
        self._torrents = torrents
        self._parser = parser
        self._stored = stored
        self._gone: dict[Infohash, asyncio.Event] = {}
        self._released: dict[Infohash, asyncio.Event] = {}
        self._leaving: Counter[int] = Counter()

    def is_busy(self, hops: int) -> bool:
        """Return whether torrents of a session are being removed."""
        return self._leaving[hops] > 0

    async def remove(
        self, torrent: Torrent, session: EngineSession, forget: Callable[[Torrent], None], *, remove_data: bool
    ) -> None:
        """Remove a torrent; return when it and (if wanted) its files are gone.

        Args:
            torrent: What to remove.
            session: Where it is.
            remove_data: Delete its files, too.
            forget: Drops the torrent from our books, once nothing can stop its removal.

        Raises:
            UnknownTorrentError: somebody else removed it meanwhile.
            EngineError: the engine does not answer, or a file cannot be deleted.
        """
        files, save_path = await self._files_of(torrent) if remove_data else ((), "")
        if self._torrents.get(torrent.infohash) is not torrent:
            msg = "Another torrent has taken its place"
            raise EngineError(msg)
        reported_as = identity_of(torrent.handle.info_hashes())
        gone = self._gone[reported_as] = asyncio.Event()
        released = self._released[reported_as] = asyncio.Event()
        forget(torrent)
        self._leaving[torrent.hops] += 1
        try:
            # With the flag the engine reports when nothing is written any more; it deletes just its own part file.
            session.raw.remove_torrent(torrent.handle, lt.session.delete_partfile if remove_data else 0)
            async with asyncio.timeout(_ANSWER_SECONDS):
                await gone.wait()
                if remove_data:
                    await released.wait()
        except TimeoutError as error:
            msg = "The engine did not let go of the torrent in time"
            raise EngineError(msg) from error
        finally:
            self._leaving[torrent.hops] -= 1
            self._gone.pop(reported_as, None)
            self._released.pop(reported_as, None)
        if files:
            await _delete(save_path, files)

    async def delete_files(self, infohash: Infohash, save_path: str) -> None:
        """Delete the files of a torrent that no session has.

        Raises:
            EngineError: a file cannot be deleted.
        """
        if (raw := self._stored.metainfo(infohash)) is None:
            return
        try:
            parsed = await self._parser.parse(raw)
        except MetainfoError:  # of which nothing was ever written
            return
        # What came of pieces that reach into unwanted files is in a file of the engine's.
        parts = tuple(f".{name[:40]}.parts" for name in (parsed.infohash_v1, parsed.infohash_v2) if name)
        await _delete(save_path, _paths(parsed, self._stored.renamed_files(infohash)) + parts)

    def removed(self, alert: lt.torrent_removed_alert) -> None:
        """Note that the session has a torrent no more."""
        if (waiting := self._gone.get(identity_of(alert.info_hashes))) is not None:
            waiting.set()

    def deleted(self, alert: lt.torrent_deleted_alert | lt.torrent_delete_failed_alert) -> None:
        """Note that the disk threads are done with a torrent."""
        if (waiting := self._released.get(identity_of(alert.info_hashes))) is not None:
            waiting.set()

    def still_there(self, handles: Iterable[lt.torrent_handle]) -> None:
        """Answer whoever waits for a torrent that is not among these: the report was lost."""
        present = {identity_of(handle.info_hashes()) for handle in handles}
        for waiting in (self._gone, self._released):
            for infohash, event in waiting.items():
                if infohash not in present:
                    event.set()

    async def _files_of(self, torrent: Torrent) -> tuple[tuple[str, ...], str]:
        info = torrent.handle.torrent_file()
        if info is None:
            return (), ""
        try:
            parsed = await self._parser.parse(wrap_info(info.info_section(), ()))
        except MetainfoError:  # peers sent it, and it was refused before anything was written
            return (), ""
        renamed, save_path = await asyncio.to_thread(lambda: (torrent.ask_renamed_files(), torrent.ask_save_path()))
        return _paths(parsed, renamed), save_path


def _paths(parsed: Metainfo, renamed: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(renamed.get(file.index, file.path) for file in parsed.files if not file.is_pad)


async def _delete(save_path: str, files: Iterable[str]) -> None:
    try:
        await asyncio.to_thread(delete_files, save_path, files)
    except OSError as error:
        msg = f"The files cannot be deleted: {error.strerror}: {error.filename}"
        raise EngineError(msg) from error
