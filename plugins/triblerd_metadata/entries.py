"""Entries as clients read them."""

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import UNSET, UnsetType

from triblerd_downloads.api import Downloads, UnknownDownloadError
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.api import Statements
from triblerd_metadata.family import is_adult
from triblerd_metadata.schemas import (
    ChannelItem,
    DescriptionItem,
    EntryItem,
    FolderItem,
    PictureItem,
    Statement,
    TorrentItem,
)
from triblerd_metadata.values import UNSIGNED, ChannelPart, Entry, EntryStatus, EntryType

_NO_PART = ChannelPart()
_UNPUBLISHED = frozenset({EntryStatus.NEW, EntryStatus.TO_DELETE, EntryStatus.UPDATED})


def entry_item(
    entry: Entry,
    *,
    statements: list[Statement] | UnsetType = UNSET,
    progress: float | UnsetType = UNSET,
    parent: Entry | None = None,
) -> EntryItem:
    """Return the JSON form of an entry.

    Args:
        entry: What the store holds.
        statements: Of torrents, in lists that show them.
        progress: Of the torrent's download, 0 to 1, where it is shown.
        parent: Of folders: the channel that they are in, if it is known.
    """
    match entry.type:
        case EntryType.TORRENT:
            return TorrentItem(
                id=entry.id,
                origin_id=entry.origin_id,
                public_key=entry.public_key.hex(),
                status=entry.status,
                name=entry.title,
                category=entry.category,
                infohash=entry.infohash.hex(),
                size=entry.size,
                num_seeders=entry.seeders,
                num_leechers=entry.leechers,
                last_tracker_check=entry.checked,
                created=entry.torrent_date,
                tag_processor_version=entry.tag_processor_version,
                progress=progress,
                statements=statements,
            )
        case EntryType.CHANNEL:
            return _channel_item(entry)
        case EntryType.FOLDER:
            return _folder_item(entry, parent)
        case EntryType.DESCRIPTION:
            return DescriptionItem(
                id=entry.id,
                origin_id=entry.origin_id,
                public_key=entry.public_key.hex(),
                status=entry.status,
                json_text=(entry.part or _NO_PART).json_text,
            )
        case EntryType.PICTURE:
            return PictureItem(
                id=entry.id, origin_id=entry.origin_id, public_key=entry.public_key.hex(), status=entry.status
            )


def _channel_item(entry: Entry) -> ChannelItem:
    part = entry.part or _NO_PART
    return ChannelItem(
        id=entry.id,
        origin_id=entry.origin_id,
        public_key=entry.public_key.hex(),
        status=entry.status,
        name=entry.title,
        category=entry.category,
        torrents=part.num_entries,
        state=_channel_state(entry, part),
        description_flag=part.has_description,
        thumbnail_flag=part.has_picture,
        infohash=entry.infohash.hex(),
        size=entry.size,
        num_seeders=entry.seeders,
        num_leechers=entry.leechers,
        last_tracker_check=entry.checked,
        created=entry.torrent_date,
        tag_processor_version=entry.tag_processor_version,
        subscribed=part.subscribed,
        votes=min(max(part.votes, 0.0), 1.0),  # what Tribler counted goes further
        dirty=_is_personal(entry) and entry.status in _UNPUBLISHED,
    )


def _folder_item(entry: Entry, parent: Entry | None) -> FolderItem:
    part = entry.part or _NO_PART
    if _is_personal(entry):
        state = "Personal"
    else:
        state = "Complete" if parent is not None and _is_complete(parent) else "Preview"
    return FolderItem(
        id=entry.id,
        origin_id=entry.origin_id,
        public_key=entry.public_key.hex(),
        status=entry.status,
        name=entry.title,
        category=entry.category,
        torrents=part.num_entries,
        state=state,
        description_flag=part.has_description,
        thumbnail_flag=part.has_picture,
    )


def _channel_state(entry: Entry, part: ChannelPart) -> str:
    if _is_personal(entry):
        return "Personal"
    if entry.status == EntryStatus.LEGACY:
        return "Legacy"
    if _is_complete(entry):
        return "Complete"
    if part.local_version > 0:
        return "Updating"
    return "Searching for metainfo" if part.subscribed else "Preview"


def _is_personal(entry: Entry) -> bool:
    return entry.is_own and entry.public_key != UNSIGNED


def _is_complete(channel: Entry) -> bool:
    """Whether all that the channel's author published is here."""
    version = (channel.part or _NO_PART).local_version
    return version > 0 and version == channel.timestamp


class EntryFinder(Protocol):
    """Finds entries by who made them."""

    def by_identity(self, public_key: bytes, id_: int) -> Entry | None:
        """Return the entry of that key and id."""


class Items:
    """Makes the JSON form of a page of entries.

    Args:
        entries: Finds the channels of folders.
        downloads: Returns the downloads, ``None`` while that plugin is off.
        statements: Returns who knows what is said about torrents, ``None`` likewise.
    """

    def __init__(
        self,
        *,
        entries: EntryFinder,
        downloads: Callable[[], Downloads | None],
        statements: Callable[[], Statements | None],
    ) -> None:
        self._entries = entries
        self._downloads = downloads
        self._statements = statements

    def of(self, entries: Iterable[Entry], *, hide_adult: bool = False, with_progress: bool = False) -> list[EntryItem]:
        """Return the items of a list, torrents with what is said about them.

        Args:
            entries: In the order of the list.
            hide_adult: Leave out statements that the family filter marks.
            with_progress: Show how far the downloads of the torrents are.
        """
        statements = self._statements()
        downloads = self._downloads() if with_progress else None
        items: list[EntryItem] = []
        for entry in entries:
            if entry.type is EntryType.TORRENT:
                said = statements.shown(entry.infohash.hex()) if statements is not None else []
                if hide_adult and said:
                    said = [statement for statement in said if not is_adult(statement.object)]
                items.append(entry_item(entry, statements=said, progress=_progress(downloads, entry)))
            else:
                items.append(self.one(entry))
        return items

    def one(self, entry: Entry) -> EntryItem:
        """Return an entry as it stands alone, without statements."""
        return entry_item(entry, parent=self._channel_of(entry) if entry.type is EntryType.FOLDER else None)

    def _channel_of(self, folder: Entry) -> Entry | None:
        seen: set[int] = set()
        entry: Entry | None = folder
        while entry is not None and entry.type is not EntryType.CHANNEL:
            if entry.id in seen:  # peers may send folders that contain each other
                return None
            seen.add(entry.id)
            entry = self._entries.by_identity(entry.public_key, entry.origin_id)
        return entry


def _progress(downloads: Downloads | None, entry: Entry) -> float | UnsetType:
    if downloads is None:
        return UNSET
    try:
        download = downloads.get(Infohash(entry.infohash.hex()))
    except UnknownDownloadError:
        return UNSET
    return download.status.progress if download.status else download.record.progress
