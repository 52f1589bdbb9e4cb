"""Takes downloads over from other programs. Implements :class:`triblerd_downloads.api.DownloadTakeover`."""

import asyncio
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import PurePosixPath

import msgspec

from triblerd.errors import InvalidInputError
from triblerd.store import StoreView, Transaction
from triblerd.tasks import Tasks
from triblerd_downloads.api import (
    MOST_TAGS,
    MOST_URLS,
    Category,
    DownloadRecord,
    Outcome,
    Taken,
    TakenDownload,
)
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.folders import Folders
from triblerd_downloads.handover import Handover
from triblerd_downloads.label_names import LONGEST, CategoryName
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.occupation import Occupation
from triblerd_downloads.records import Records
from triblerd_downloads.takeover.names import GivenNames, Renaming
from triblerd_downloads.takeover.records import Written, to_write
from triblerd_downloads.takeover.watching import Watch
from triblerd_libtorrent.api import (
    MOST_HOPS,
    EngineError,
    Infohash,
    Magnet,
    MagnetError,
    Metainfo,
    MetainfoError,
    TorrentEngine,
    TorrentStore,
    refuse_links_out,
)

_LONGEST_PATH = 3000  # bytes
_LONGEST_NAME = 255  # bytes
_MOST_PRIORITY = 7
_V2 = b"12:meta version"
_AT_ONCE = 200
"""Torrent files that are read in a thread at once."""


class _Ready:
    """A download that can be written."""

    def __init__(self, download: TakenDownload, written: Written, resume_data: bytes, final: bytes) -> None:
        self.download = download
        self.record: DownloadRecord = written.record
        self.resume_data = resume_data
        self.final_resume_data = final

    @property
    def infohash(self) -> Infohash:
        return self.download.source.infohash


class Takeover:
    """Takes downloads over."""

    def __init__(  # noqa: PLR0913 - what it concerns, by keyword
        self,
        *,
        engine: TorrentEngine,
        torrents: TorrentStore,
        store: StoreView,
        records: Records,
        downloads: DownloadSet,
        handover: Handover,
        folders: Folders,
        categories: Categories,
        occupation: Occupation,
        names: GivenNames,
        watch: Watch,
        tasks: Tasks,
    ) -> None:
        self._engine = engine
        self._torrents = torrents
        self._store = store
        self._records = records
        self._downloads = downloads
        self._handover = handover
        self._folders = folders
        self._categories = categories
        self._occupation = occupation
        self._names = names
        self._watch = watch
        self._tasks = tasks
        self._by_v2: dict[str, Infohash] = {}
        self._checked: dict[tuple[str, str], str] = {}

    async def prepare(self) -> None:
        """Learn the second hashes of the hybrid torrents that are there."""
        self._by_v2, self._checked = {}, {}
        remaining = iter(self._downloads.all())
        while batch := list(islice(remaining, _AT_ONCE)):
            for infohash, raw in await asyncio.to_thread(self._of_version_2, batch):
                try:
                    self._note(infohash, await self._engine.parse_metainfo(raw))
                except MetainfoError:  # the engine does not have it either
                    continue
            for download in batch:
                with suppress(MagnetError):  # likewise
                    if download.record.magnet:
                        self._note(download.infohash, self._engine.parse_magnet(download.record.magnet))

    def find(self, source: Metainfo | Magnet) -> Infohash | None:
        """Return the download that is the same torrent."""
        return self._find(source, ())

    def obstacle(self, download: TakenDownload) -> str:
        """Return what keeps a download from being taken over."""
        return next(self._obstacles(download), "")

    def _obstacles(self, download: TakenDownload) -> Iterator[str]:
        source = download.source
        files, pieces = (len(source.files), source.total_pieces) if isinstance(source, Metainfo) else (0, 0)
        for key, folder in {"save_path": download.save_path or ".", "completed_dir": download.completed_dir}.items():
            if wrong := self._wrong(key, folder):
                yield wrong
        if not 0 <= download.hops <= MOST_HOPS:
            yield f"{download.hops} hops are more than there can be"
        are_theirs = len(download.priorities) == files and all(
            0 <= one <= _MOST_PRIORITY for one in download.priorities
        )
        if download.priorities and not are_theirs:
            yield "the priorities are not those of the torrent's files"
        if download.have is not None and len(download.have) != (pieces + 7) // 8:
            yield "the pieces are not those of the torrent"
        if sum(map(len, download.trackers)) > MOST_URLS or len(download.web_seeds) > MOST_URLS:
            yield f"it has more than {MOST_URLS} trackers or web seeds"
        if len(download.tags) > MOST_TAGS:
            yield f"it has more than {MOST_TAGS} tags"
        for index, path in download.renamed_files.items():
            if not 0 <= index < files or not _is_safe(path):
                yield f"a file is renamed to {path!r}, which is not below {download.save_path}"

    def category_name(self, name: str) -> str:
        """Return the name that a category has here."""
        parts = (part.strip() for part in name.replace("\\", "/").split("/"))
        return str(CategoryName.parse(" - ".join(filter(None, parts))[:LONGEST]))

    async def make_category(self, name: str, save_path: str) -> str:
        """Return the name that a category has here, which exists then."""
        known = CategoryName.parse(self.category_name(name))
        if self._categories.find(known) is None:
            await self._categories.put(known, Category(save_path=save_path))
        return str(known)

    async def take(
        self,
        downloads: Sequence[TakenDownload],
        also: Callable[[Transaction, Sequence[Taken]], None] = lambda _, __: None,
    ) -> Sequence[Taken]:
        """Take some hundred downloads over."""
        return await self._tasks.finish("take", self._take(downloads, also))

    async def _take(
        self, downloads: Sequence[TakenDownload], also: Callable[[Transaction, Sequence[Taken]], None]
    ) -> Sequence[Taken]:
        await self._occupation.free(*(download.source.infohash for download in downloads))
        outcomes: dict[int, Taken] = {}
        fresh: dict[Infohash, int] = {}
        for number, download in enumerate(downloads):
            infohash = download.source.infohash
            known = self._find(download.source, fresh)
            if known is not None:
                outcomes[number] = Taken(infohash=known, outcome=Outcome.PRESENT)
            elif reason := self.obstacle(download):
                outcomes[number] = Taken(infohash=infohash, outcome=Outcome.REFUSED, reason=reason)
            else:
                fresh[infohash] = number
                self._note(infohash, download.source)
        with self._occupation.of(fresh):
            orders = {number: self._downloads.take_order() for number in fresh.values()}
            ready, refused = await asyncio.to_thread(self._prepared, downloads, orders)
            outcomes |= refused
            outcomes |= {number: Taken(infohash=one.infohash, outcome=Outcome.TAKEN) for number, one in ready.items()}
            answer = [outcomes[number] for number in range(len(downloads))]
            await self._store.write(lambda transaction: self._write(transaction, ready.values(), answer, also))
            if any(one.download.given_back for one in ready.values()):
                kept = await self._names.give()
                answer = [msgspec.structs.replace(one, reason=kept.get(one.infohash, one.reason)) for one in answer]
            added = [ActiveDownload(one.infohash, one.record) for one in ready.values()]
            for active in added:
                self._downloads.put(active)
            self._watch.begin(one.infohash for one in added)
            self._handover.ask_all(added)
        return answer

    async def settled(self, infohashes: Sequence[Infohash]) -> Mapping[Infohash, str]:
        """Wait until the engine has looked at the files of downloads."""
        return await self._watch.settled(infohashes)

    def _of_version_2(self, batch: Iterable[ActiveDownload]) -> list[tuple[Infohash, bytes]]:
        found = ((download.infohash, self._torrents.metainfo(download.infohash)) for download in batch)
        return [(infohash, raw) for infohash, raw in found if raw is not None and _V2 in raw]

    def _prepared(
        self, downloads: Sequence[TakenDownload], orders: Mapping[int, int]
    ) -> tuple[dict[int, _Ready], dict[int, Taken]]:
        ready: dict[int, _Ready] = {}
        refused: dict[int, Taken] = {}
        for number, order in orders.items():
            download = downloads[number]
            try:
                if isinstance(download.source, Metainfo):
                    _refuse_links(download, download.source)
                written = to_write(download, order)
                data = self._torrents.encode_progress(written.progress)
                final = self._torrents.encode_progress(written.final_progress) if download.given_back else data
            except (EngineError, MetainfoError) as error:
                refused[number] = Taken(infohash=download.source.infohash, outcome=Outcome.REFUSED, reason=str(error))
            else:
                ready[number] = _Ready(download, written, data, final)
        return ready, refused

    def _write(
        self,
        transaction: Transaction,
        ready: Iterable[_Ready],
        answer: Sequence[Taken],
        also: Callable[[Transaction, Sequence[Taken]], None],
    ) -> None:
        for one in ready:
            source = one.download.source
            self._records.put(transaction, one.infohash, one.record, source if isinstance(source, Metainfo) else None)
            self._torrents.keep_resume_data(transaction, one.infohash, one.resume_data)
            if one.download.given_back and isinstance(source, Metainfo):
                renamed = one.download.renamed_files
                paths = tuple((renamed[index], source.files[index].path) for index in one.download.given_back)
                renaming = Renaming(one.download.save_path, paths, one.final_resume_data)
                self._names.plan(transaction, one.infohash, renaming)
        also(transaction, answer)

    def _wrong(self, key: str, folder: str) -> str:
        """Return what is wrong with a directory, which thousands of downloads may have in common."""
        if (key, folder) not in self._checked:
            try:
                self._folders.check(key, folder)
            except InvalidInputError as error:
                self._checked[key, folder] = str(error)
            else:
                self._checked[key, folder] = ""
        return self._checked[key, folder]

    def _find(self, source: Metainfo | Magnet, fresh: Container[Infohash]) -> Infohash | None:
        candidates = [source.infohash]
        if source.infohash_v2:
            candidates += [Infohash(source.infohash_v2[:40]), self._by_v2.get(source.infohash_v2, source.infohash)]
        return next((one for one in candidates if one in fresh or self._downloads.find(one) is not None), None)

    def _note(self, infohash: Infohash, source: Metainfo | Magnet) -> None:
        if source.infohash_v2:
            self._by_v2[source.infohash_v2] = infohash


def _refuse_links(download: TakenDownload, source: Metainfo) -> None:
    renamed = download.renamed_files
    paths = (renamed.get(file.index, file.path) for file in source.files if not file.is_pad)
    refuse_links_out(download.save_path, (path for path in paths))


def _is_safe(path: str) -> bool:
    raw = path.encode(errors="surrogateescape")
    parts = path.split("/")
    return (
        bool(path)
        and "\0" not in path
        and len(raw) <= _LONGEST_PATH
        and not PurePosixPath(path).is_absolute()
        and not {"", ".", ".."} & set(parts)
        and all(len(part.encode(errors="surrogateescape")) <= _LONGEST_NAME for part in parts)
    )
