"""The downloads as a whole: adding, removing, changing. Everything is on disk before it is answered."""

import asyncio
import os
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from triblerd.errors import InvalidInputError
from triblerd.tasks import Tasks
from triblerd_downloads.api import AddWishes, Change, DownloadRecord, SwarmWishes, UnknownFileError
from triblerd_downloads.copies import TorrentCopies
from triblerd_downloads.download import ActiveDownload, description, may_receive_more
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.folders import Folders
from triblerd_downloads.following import Following
from triblerd_downloads.handover import Handover, apply
from triblerd_downloads.hops import Hops
from triblerd_downloads.label_names import limited_tags
from triblerd_downloads.labels.categories import Categories
from triblerd_downloads.metainfos import Metainfos
from triblerd_downloads.moves import Moves
from triblerd_downloads.occupation import Occupation
from triblerd_downloads.records import Records
from triblerd_downloads.selection import checked_selection, known_selection
from triblerd_downloads.settings import DownloadSettings
from triblerd_downloads.swarm.peers import peers_of
from triblerd_downloads.swarm.trackers import Trackers, urls_of
from triblerd_downloads.tree.trees import Trees
from triblerd_downloads.vod import StreamEnder
from triblerd_libtorrent.api import (
    Infohash,
    Magnet,
    MetadataLookups,
    Metainfo,
    TorrentEngine,
    TorrentSources,
    TorrentStore,
    TunnelAccess,
)


class DownloadManager:
    """Changes the set of downloads. Implements :class:`triblerd_downloads.api.Downloads`."""

    def __init__(  # noqa: PLR0913 - what all the changes concern
        self,
        *,
        engine: TorrentEngine,
        torrents: TorrentStore,
        downloads: DownloadSet,
        records: Records,
        sources: TorrentSources,
        lookups: MetadataLookups,
        handover: Handover,
        hops: Hops,
        tunnels: TunnelAccess,
        following: Following,
        moves: Moves,
        trackers: Trackers,
        metainfos: Metainfos,
        settings: DownloadSettings,
        categories: Categories,
        folders: Folders,
        streams: StreamEnder,
        trees: Trees,
        occupation: Occupation,
        copies: TorrentCopies,
        tasks: Tasks,
    ) -> None:
        self._engine = engine
        self._torrents = torrents
        self._downloads = downloads
        self._records = records
        self._sources = sources
        self._lookups = lookups
        self._handover = handover
        self._hops = hops
        self._tunnels = tunnels
        self._following = following
        self._moves = moves
        self._trackers = trackers
        self._metainfos = metainfos
        self._settings = settings
        self._categories = categories
        self._folders = folders
        self._streams = streams
        self._trees = trees
        self._occupation = occupation
        self._copies = copies
        self._tasks = tasks

    @property
    def default_hops(self) -> int:
        """The user's number of hops for what does not say otherwise."""
        defaults = self._settings.defaults
        return defaults.number_hops if defaults.anonymity_enabled else 0

    def all(self) -> Sequence[ActiveDownload]:
        """Return them in the order in which they were added."""
        return self._downloads.all()

    def get(self, infohash: Infohash) -> ActiveDownload:
        """Return one."""
        return self._downloads.get(infohash)

    def default_wishes(self) -> AddWishes:
        """Return what the defaults say of a download that asks for nothing."""
        defaults = self._settings.defaults
        hops = defaults.number_hops if defaults.anonymity_enabled else 0
        return AddWishes(hops=hops, safe_seeding=defaults.safeseeding_enabled, auto_managed=defaults.auto_managed)

    def find(self, infohash: Infohash) -> ActiveDownload | None:
        """Return one, or ``None``."""
        return self._downloads.find(infohash)

    async def resolve(self, uri: str, *, hops: int = 0) -> Metainfo | Magnet:
        """Return what a URI names. What is to be anonymous is not fetched in the clear."""
        self._tunnels.require(hops)
        return await self._sources.resolve(uri, hops=hops)

    async def parse(self, raw: bytes) -> Metainfo:
        """Return what the bytes of a torrent file say."""
        return await self._engine.parse_metainfo(raw)

    async def add(self, source: Metainfo | Magnet, wishes: AddWishes) -> ActiveDownload:
        """Add a download; when it is there already just merge its trackers."""
        return await self._tasks.finish("add", self._add(source, wishes))

    async def _add(self, source: Metainfo | Magnet, wishes: AddWishes) -> ActiveDownload:
        infohash = source.infohash
        await self._occupation.free(infohash)
        known = self._downloads.find(infohash)
        if known is not None:
            await self._trackers.merge(known, urls_of(source))
            return known
        self._tunnels.require(wishes.hops)
        with self._occupation.of([infohash]):
            category = self._categories.require(wishes.category)
            wanted = wishes.destination or category.save_path or self._settings.saveas
            destination = await self._folders.find_or_make("destination", wanted)
            metainfo = self._lookups.known(source) if isinstance(source, Magnet) else source
            trackers = await self._trackers.of_new(source, metainfo)
            record = self._new_record(source, metainfo, wishes, destination, trackers)
            if not wishes.is_verified:  # then its files are at the destination
                record = await self._placed(record)
            await self._records.insert(infohash, record, metainfo)
            download = ActiveDownload(infohash, record)
            download.is_verified = wishes.is_verified
            self._downloads.put(download)
            if metainfo is not None:
                self._metainfos.keep(infohash, metainfo)
                self._copies.keep(infohash, metainfo.name, metainfo.raw)
            self._handover.ask(download, source)
        return download

    async def remove(self, infohash: Infohash, *, remove_data: bool) -> None:
        """Remove a download and, if wanted, its files. Returns when it has left the engine."""
        await self._tasks.finish("remove", self._remove(infohash, remove_data=remove_data))

    async def _remove(self, infohash: Infohash, *, remove_data: bool) -> None:
        await self._occupation.free(infohash)
        download = self._downloads.get(infohash)
        with self._occupation.of([infohash]):
            await self._streams.end(infohash)
            await self._handover.settle(download)
            if self._engine.has(infohash):
                await self._engine.remove(infohash, remove_data=remove_data)
            elif remove_data:
                await self._engine.delete_files(infohash, download.record.destination)
            download.status = None
            await self._records.delete(infohash)
            self._downloads.drop(infohash)

    def retitled(self, infohashes: Iterable[Infohash]) -> None:
        """Show other titles in the list."""
        for infohash in infohashes:
            if self._downloads.find(infohash) is not None:
                self._downloads.touch(infohash)

    async def change(self, infohash: Infohash, change: Change) -> None:
        """Change what is wanted of a download. Everything is checked before anything is changed."""
        await self._tasks.finish("change", self._change(infohash, change))

    async def _change(self, infohash: Infohash, change: Change) -> None:
        download = self._downloads.get(infohash)
        change = await self._checked(download, change)
        if change.running is False:
            await self._streams.end(infohash)
        before = download.record
        if change.destination is not msgspec.UNSET and (is_complete(download) or change.completed_dir is msgspec.UNSET):
            change = msgspec.structs.replace(change, completed_dir="")  # there it stays
        if _changed_fields(before, change):
            more = may_receive_more(download) if change.selection is not msgspec.UNSET else {}
            download.record = await self._records.edit(infohash, lambda record: _changed_fields(record, change) | more)
        if self._engine.has(infohash):
            apply(self._engine, download, before)
        if change.running is not msgspec.UNSET:
            self._start_or_stop(download, running=change.running)
        if change.queue_move is not msgspec.UNSET and self._engine.has(infohash):
            self._engine.set_queue_position(infohash, change.queue_move)
        self._downloads.touch(infohash)
        await self._move(download, change)

    async def check_selection(self, infohash: Infohash, indices: Collection[int]) -> None:
        """Check that there are files to be selected by these indices, none of them a pad file.

        Raises:
            UnknownFileError: there are not; none are while the files are unknown.
        """
        table = await self._trees.table(self._downloads.get(infohash))
        if table is None or not table.has_files(indices):
            raise UnknownFileError

    async def recheck(self, infohash: Infohash) -> None:
        """Verify all data of a download again; a stopped one is stopped again afterwards."""
        download = self._downloads.get(infohash)
        await self._handover.settle(download)
        if download.has_metadata and self._engine.has(infohash):
            download.trouble = ""
            if more := may_receive_more(download):  # pieces that are not right come once more
                download.record = await self._records.change(infohash, **more)
            await self._engine.recheck(infohash)

    async def change_hops(self, infohash: Infohash, hops: int) -> None:
        """Move a download to the session of another number of hops."""
        await self._tasks.finish("change-hops", self._change_hops(infohash, hops))

    async def _change_hops(self, infohash: Infohash, hops: int) -> None:
        self._downloads.get(infohash)
        await self._occupation.free(infohash)
        download = self._downloads.get(infohash)
        with self._occupation.of([infohash]):
            await self._streams.end(infohash)
            await self._hops.change(download, hops)

    async def metainfo(self, infohash: Infohash) -> Metainfo | None:
        """Return what the torrent file says, ``None`` while it is unknown."""
        return await self._metainfos.get(infohash)

    def torrent_file(self, infohash: Infohash) -> bytes | None:
        """Return the torrent file as it came, ``None`` while it is unknown."""
        return self._torrents.metainfo(infohash)

    async def _placed(self, record: DownloadRecord) -> DownloadRecord:
        """Return a new record that has the directory for incomplete downloads, if there is one.

        A download whose files are at its destination already is not taken away from them.

        Raises:
            InvalidInputError: a directory may not be used.
            FailedError: it cannot be made.
        """
        self._folders.check("completed_dir", record.completed_dir)
        incomplete = self._settings.incomplete_dir
        if not incomplete or await asyncio.to_thread(_has_files, record.destination, record.name):
            return record
        return msgspec.structs.replace(
            record,
            destination=await self._folders.find_or_make("incomplete_dir", incomplete),
            completed_dir=record.completed_dir or record.destination,
        )

    async def _category_folder(self, name: str) -> str:
        """Return the directory for the downloads of a category, which exists.

        Raises:
            InvalidInputError: it may not be used, or ``name`` is no category.
            FailedError: it cannot be made.
        """
        if not name:
            msg = "move_to_category: the download has no category"
            raise InvalidInputError(msg)
        folder = self._categories.require(name).save_path or self._settings.saveas
        return await self._folders.make("save_path", folder)

    async def _checked(self, download: ActiveDownload, change: Change) -> Change:
        """Return a change whose directories and category can be used, the directories in their plain spelling.

        Raises:
            InvalidInputError: something of it cannot be used.
            FailedError: the directory of the category cannot be made.
        """
        if change.destination is not msgspec.UNSET:
            destination = await self._moves.checked_target(change.destination)
            change = msgspec.structs.replace(change, destination=destination)
        if change.completed_dir is not msgspec.UNSET and change.completed_dir:
            completed_dir = await self._moves.checked_target(change.completed_dir)
            change = msgspec.structs.replace(change, completed_dir=completed_dir)
        category = download.record.category if change.category is msgspec.UNSET else change.category
        self._categories.require(category)
        if change.to_category:
            await self._category_folder(category)
        return change

    async def _move(self, download: ActiveDownload, change: Change) -> None:
        """Begin the move that a change asks for, or the one that was not possible before."""
        if change.destination is not msgspec.UNSET:
            await self._moves.begin(download, change.destination)
        elif change.to_category:
            await self._moves.redirect(download, await self._category_folder(download.record.category))
        elif change.running is True:
            await self._moves.try_again(download)

    def _start_or_stop(self, download: ActiveDownload, *, running: bool) -> None:
        infohash = download.infohash
        if running:
            download.trouble = ""
        if not self._engine.has(infohash):
            if running and download.refusal:
                self._handover.ask(download)
            self._following.tell_state(download)
        elif running:  # also when it runs already: what stopped it by an error is forgotten
            self._engine.resume(infohash, auto_managed=download.record.auto_managed)
        else:
            self._engine.pause(infohash)

    def _new_record(
        self,
        source: Metainfo | Magnet,
        metainfo: Metainfo | None,
        wishes: AddWishes,
        destination: str,
        trackers: tuple[str, ...],
    ) -> DownloadRecord:
        selection = wishes.selection
        if selection is None and isinstance(source, Magnet):
            selection = source.selected_files
        record = DownloadRecord(
            order=self._downloads.take_order(),
            time_added=int(time.time()),
            destination=destination,
            trackers=trackers,
            completed_dir=self._settings.defaults.completed_dir
            if wishes.completed_dir is None
            else wishes.completed_dir,
            selection=selection,
            hops=wishes.hops,
            safe_seeding=wishes.safe_seeding,
            auto_managed=wishes.auto_managed,
            only_metadata=wishes.only_metadata,
            user_stopped=wishes.user_stopped,
            category=wishes.category,
            tags=limited_tags(wishes.tags),
            received_before=0,
            swarm=SwarmWishes(peers=peers_of(source)),
        )
        if metainfo is None:
            return msgspec.structs.replace(record, **_link(source))
        fields = description(metainfo)
        known = known_selection(selection, fields["file_count"])
        stopped = wishes.user_stopped or wishes.only_metadata  # which are here
        return msgspec.structs.replace(record, selection=known, user_stopped=stopped, only_metadata=False, **fields)


def is_complete(download: ActiveDownload) -> bool:
    """Return whether everything that is wanted of a download is there, as far as the engine has said."""
    return download.status is not None and download.status.is_finished


def _has_files(folder: str, name: str) -> bool:
    # The name of a magnet link is whatever somebody wrote there.
    return bool(name) and Path(name).name == name and os.path.lexists(Path(folder) / name)


def _changed_fields(record: DownloadRecord, change: Change) -> dict[str, Any]:
    """Return the fields of the record that a change sets.

    Raises:
        UnknownFileError: it selects a file that is not there.
        InvalidInputError: the tags would be too many.
    """
    named = (
        "upload_limit",
        "download_limit",
        "seeding_ratio",
        "seeding_time",
        "auto_managed",
        "completed_dir",
        "category",
    )
    fields = {name: value for name in named if (value := getattr(change, name)) is not msgspec.UNSET}
    if change.selection is not msgspec.UNSET:
        fields["selection"] = change.selection
        if change.selection is not None:
            fields["selection"] = checked_selection(change.selection, record.file_count)
            if fields["selection"] is None:
                raise UnknownFileError
    if change.running is not msgspec.UNSET:
        fields |= {"user_stopped": not change.running, "has_seeded_enough": False}
    if change.tags is not msgspec.UNSET or change.add_tags or change.remove_tags:
        tags = record.tags if change.tags is msgspec.UNSET else change.tags
        fields["tags"] = limited_tags(tag for tag in tags + change.add_tags if tag not in change.remove_tags)
    return fields


def _link(source: Metainfo | Magnet) -> dict[str, str]:
    return {"name": source.name, "magnet": source.uri if isinstance(source, Magnet) else ""}
