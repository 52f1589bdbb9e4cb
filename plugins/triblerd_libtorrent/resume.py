"""What must outlive the process: torrent files, and how far each download has come."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

import libtorrent as lt

from triblerd.store import StoreView, Table, Transaction
from triblerd_libtorrent.api import Infohash, KnownProgress
from triblerd_libtorrent.native_resume import encode_progress
from triblerd_libtorrent.torrents import Torrent, Torrents

log = logging.getLogger(__name__)

_BATCH = 200
_ANSWER_SECONDS = 30.0


class StoredTorrents:
    """The tables ``libtorrent/info`` and ``libtorrent/resume``: bencoded, by the 20 bytes of the infohash."""

    def __init__(self, *, info: Table[bytes], resume: Table[bytes]) -> None:
        self._info = info
        self._resume = resume

    def metainfo(self, infohash: Infohash) -> bytes | None:
        """Return the bencoded torrent file, ``None`` while it is unknown."""
        return self._info.get(infohash.key)

    def resume_data(self, infohash: Infohash) -> bytes | None:
        """Return what the engine last saved, without the info dictionary."""
        return self._resume.get(infohash.key)

    def renamed_files(self, infohash: Infohash) -> Mapping[int, str]:
        """Return the files that have other names than the torrent's, as the engine last saved it."""
        data = self.resume_data(infohash)
        try:
            return {} if data is None else dict(lt.read_resume_data(data).renamed_files)
        except RuntimeError:  # they are of no use
            return {}

    def keep_metainfo(self, transaction: Transaction, infohash: Infohash, raw: bytes) -> None:
        """Store the bencoded torrent file."""
        transaction.put(self._info, infohash.key, raw)

    def complete_metainfo(self, transaction: Transaction, infohash: Infohash, raw: bytes) -> None:
        """Replace the bencoded torrent file, unless it was forgotten meanwhile."""
        if transaction.get(self._info, infohash.key) is not None:
            transaction.put(self._info, infohash.key, raw)

    def keep_resume_data(self, transaction: Transaction, infohash: Infohash, data: bytes) -> None:
        """Store resume data."""
        transaction.put(self._resume, infohash.key, data)

    def encode_progress(self, known: KnownProgress) -> bytes:
        """Return resume data of what is known from elsewhere."""
        return encode_progress(known)

    def forget(self, transaction: Transaction, infohash: Infohash) -> None:
        """Drop both."""
        transaction.delete(self._info, infohash.key)
        transaction.delete(self._resume, infohash.key)


async def open_stored_torrents(store: StoreView) -> StoredTorrents:
    """Return the tables, which are made when they are missing."""
    return StoredTorrents(info=await store.table("info", bytes), resume=await store.table("resume", bytes))


class Checkpoints:
    """Asks the engine for resume data and writes them, many torrents in one transaction."""

    def __init__(self, *, torrents: Torrents, stored: StoredTorrents, store: StoreView) -> None:
        self._torrents = torrents
        self._stored = stored
        self._store = store
        # The engine answers in the order of the questions; a second question may be meant for a later state.
        self._waiting: defaultdict[Infohash, deque[asyncio.Future[None]]] = defaultdict(deque)
        # What the engine handed over and is not on disk: it counts that as saved, also when the disk is full.
        self._unwritten: dict[Infohash, bytes] = {}

    async def save(self, torrents: Iterable[Torrent]) -> None:
        """Save what changed of these torrents; on disk when this returns."""
        remaining = iter(torrents)
        while batch := list(islice(remaining, _BATCH)):
            await self._save_batch(batch)

    async def save_changed(self) -> None:
        """Save every torrent that needs it."""
        await self.save([one for one in self._torrents if one.is_unsaved or one.infohash in self._unwritten])

    def saved(self, alert: lt.save_resume_data_alert) -> None:
        """Take resume data."""
        name = self._torrents.name_of(alert.params.info_hashes)
        if self._waiting.get(name):
            # Now: the parameters die with the alert.
            self._answer(name, lt.write_resume_data_buf(alert.params))

    def not_saved(self, alert: lt.save_resume_data_failed_alert) -> None:
        """Note that there is nothing to save: nothing changed, or the torrent is going away."""
        self._answer(self._torrents.name_of(alert.handle.info_hashes()), None)

    def forget(self, infohash: Infohash) -> None:
        """Drop what is still to come of a torrent."""
        self._unwritten.pop(infohash, None)
        for future in self._waiting.pop(infohash, ()):
            if not future.done():
                future.set_result(None)

    def ask_again(self) -> None:
        """Repeat every question, since answers were lost."""
        for infohash in list(self._waiting):
            if (torrent := self._torrents.find(infohash)) is not None:
                self._ask(torrent, lt.save_resume_flags_t.flush_disk_cache)
            else:
                self.forget(infohash)

    async def _save_batch(self, batch: list[Torrent]) -> None:
        # Some may have been removed while the batches before were written; their handles are void.
        present = [torrent for torrent in batch if self._torrents.find(torrent.infohash) is torrent]
        if not present:
            return
        answers = [(torrent.infohash, self._asked(torrent)) for torrent in present]
        await asyncio.wait([future for _, future in answers], timeout=_ANSWER_SECONDS)
        if late := sum(not future.done() for _, future in answers):
            log.warning("The engine did not answer for %d torrents in time", late)
        # An answer that nothing changed may mean that somebody else was told, and has not written it yet.
        found = {name: self._unwritten[name] for name, _ in answers if name in self._unwritten}
        if found:
            await self._store.write(self._writing(found))
            for name, data in found.items():
                if self._unwritten.get(name) is data:
                    del self._unwritten[name]

    def _writing(self, found: dict[Infohash, bytes]) -> Callable[[Transaction], None]:
        def write(transaction: Transaction) -> None:
            for infohash, data in found.items():
                self._stored.keep_resume_data(transaction, infohash, data)

        return write

    def _asked(self, torrent: Torrent) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[torrent.infohash].append(future)
        # Flushed first: a piece may be known as good before it is written, and must not be stored as finished then.
        self._ask(torrent, lt.save_resume_flags_t.flush_disk_cache | lt.save_resume_flags_t.only_if_modified)
        return future

    def _ask(self, torrent: Torrent, flags: int) -> None:
        torrent.handle.save_resume_data(flags)

    def _answer(self, name: Infohash, data: bytes | None) -> None:
        waiting = self._waiting.get(name)
        if not waiting:
            return
        future = waiting.popleft()
        if (torrent := self._torrents.find(name)) is not None:
            if data is not None:
                self._unwritten[name] = data
            torrent.is_unsaved = False  # the engine pushes no row for that; it does for the next change
        if not waiting:
            del self._waiting[name]
        if not future.done():
            future.set_result(None)
