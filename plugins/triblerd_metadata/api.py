"""What other plugins see of the metadata store."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyroaring import AbstractBitMap, BitMap

from triblerd.events import Arguments, Event
from triblerd.store import Transaction
from triblerd_libtorrent.api import Infohash
from triblerd_metadata.classification import UNKNOWN
from triblerd_metadata.columns import ADULT, OWN, SELF_CHECKED, SIGNED, SUBSCRIBED, Columns
from triblerd_metadata.health_rules import health_of, replaces
from triblerd_metadata.parameters import BadParametersError, ListQuery, SearchQuery, as_flag, as_integer
from triblerd_metadata.schemas import (
    ChannelItem,
    DescriptionItem,
    EntryItem,
    FolderItem,
    PictureItem,
    Statement,
    TorrentItem,
)
from triblerd_metadata.selections import Order, Page, Selection, SortColumn, Window
from triblerd_metadata.text.expressions import (
    AllOf,
    AnyOf,
    Everything,
    Expression,
    Nothing,
    Part,
    Phrase,
    Title,
    Without,
    Word,
)
from triblerd_metadata.text.grammar import FilterError, parse
from triblerd_metadata.text.tokens import VERSION as TOKENS_VERSION
from triblerd_metadata.text.tokens import may_go_on, searched_words, spelled_words, stem, terms, words
from triblerd_metadata.tracker_urls import normalise_trackers
from triblerd_metadata.values import (
    UNSIGNED,
    Change,
    ChannelPart,
    Entry,
    EntryStatus,
    EntryType,
    Health,
    NewEntry,
    id_of_infohash,
)
from triblerd_metadata.wire import RecordFormatError, is_authentic

__all__ = [
    "ADULT",
    "GATHERING_SECONDS",
    "OWN",
    "SELF_CHECKED",
    "SIGNED",
    "SUBSCRIBED",
    "TOKENS_VERSION",
    "UNKNOWN",
    "UNSIGNED",
    "Added",
    "AllOf",
    "AnyOf",
    "BadParametersError",
    "Change",
    "ChannelItem",
    "ChannelPart",
    "Checked",
    "Columns",
    "DescriptionItem",
    "Entry",
    "EntryItem",
    "EntryStatus",
    "EntryType",
    "Everything",
    "Expression",
    "FilterError",
    "FolderItem",
    "Follower",
    "Health",
    "HealthUpdate",
    "HealthUpdated",
    "Infohash",
    "ListQuery",
    "Lists",
    "MetadataStore",
    "NewEntry",
    "Nothing",
    "Order",
    "Page",
    "Part",
    "Phrase",
    "PictureItem",
    "ReceivedRecord",
    "RecentChecks",
    "RecordFormatError",
    "SearchQuery",
    "Selection",
    "SortColumn",
    "Statement",
    "Statements",
    "TextIndex",
    "Title",
    "TorrentItem",
    "TorrentLabels",
    "Window",
    "WireRecords",
    "Without",
    "Word",
    "as_flag",
    "as_integer",
    "health_of",
    "id_of_infohash",
    "is_authentic",
    "may_go_on",
    "normalise_trackers",
    "parse",
    "replaces",
    "searched_words",
    "spelled_words",
    "stem",
    "terms",
    "words",
]


class Added(msgspec.Struct, frozen=True, gc=False):
    """What became of a new entry.

    Attributes:
        entry: As it is in the store now: the new one, or the one that was there and stays. ``None`` when it was
            refused.
        outcome: ``kept`` means that what was there stays.
        reason: Why it was refused, in one sentence.
    """

    entry: Entry | None
    outcome: Literal["added", "replaced", "kept", "refused"]
    reason: str = ""


GATHERING_SECONDS = 0.5
"""How long what nobody waits for may wait to be stored; it can be found within a second of its coming."""


class Follower(Protocol):
    """Keeps something that is derived from the records, in the same transaction as they are written."""

    def written(
        self, transaction: Transaction, changes: Sequence[Change], rows_by_word: Mapping[str, list[int]]
    ) -> None:
        """Write what follows from these changes of titles and rows.

        Args:
            transaction: Where it is written.
            changes: Each row is there once.
            rows_by_word: The rows of each word of the titles that are new, some of them twice.

        Called on the writer's thread, maybe twice for one commit, so it changes nothing but the transaction. It raises
        only what the transaction raised. Changes of health alone are not told.
        """


@runtime_checkable
class MetadataStore(Protocol):
    """The records. Methods that read take microseconds and may be called from any thread."""

    @property
    def columns(self) -> Columns:
        """The numbers of all entries by row, as they are now."""

    @property
    def counts(self) -> Mapping[int, int]:
        """The number of entries of each type (``EntryType``); one that there is none of may be missing."""

    def entry(self, rowid: int) -> Entry | None:
        """Return the entry of a row."""

    def entries(self, rowids: Iterable[int]) -> list[Entry]:
        """Return the entries of rows, in this order, without those that are gone."""

    def by_infohash(self, infohash: bytes) -> list[Entry]:
        """Return the torrents and channels of an infohash, the oldest first."""

    def by_identity(self, public_key: bytes, id_: int) -> Entry | None:
        """Return the entry of that key and id."""

    def rows_signed_with(self, public_key: bytes) -> list[int]:
        """Return the rows of all entries that are signed with a key."""

    def walk(self, first: int = 1) -> Iterator[Entry]:
        """Yield all entries from the row ``first`` on, the oldest first. For a thread; it may take its time.

        What is added or changed meanwhile may be among them, or not.
        """

    def last_rowid(self) -> int:
        """Return the greatest row that was ever used, 0 for none."""

    async def add(self, entries: Iterable[NewEntry], *, within: float = 0.0) -> list[Added]:
        """Store new entries, one transaction for all; on disk when this returns. One outcome for each, in order.

        An unsigned torrent is kept out by any record of its infohash. A signed record replaces the one with the same
        key and id if its timestamp is greater. What peers sent has to be checked before (see ``WireRecords``).

        Args:
            entries: They may be of any kind.
            within: Seconds that they may wait for others, to be written together. What trickles in should name
                ``GATHERING_SECONDS``: a transaction for each message costs several times as much.
        """

    async def report_health(self, reports: Iterable[Health], *, within: float = 0.0) -> list["HealthUpdate"]:
        """Take over what is better than what is known; on disk when this returns. One update for each, in order.

        Args:
            reports: Of any torrents.
            within: Seconds that they may wait for others, as with ``add``.
        """

    def titles(self, transaction: Transaction, rowids: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Yield rows and their titles, as the transaction sees them, in this order and without those that are gone."""

    def rows_of(self, transaction: Transaction, infohash: bytes) -> list[int]:
        """Return the rows of an infohash, as the transaction sees them."""

    def revision(self, transaction: Transaction | None = None) -> int:
        """Return the number of transactions that added or deleted rows or changed titles or infohashes, with this one.

        It is kept in the store, so whoever follows can tell whether it missed any.
        """

    def follow(self, follower: Follower) -> None:
        """Have ``follower`` write along from the next transaction on, in the place of another one of its class.

        It does until the store is closed, also when its plugin has stopped: a daemon that stops closes the store last,
        and what is written until then would be missing.
        """


class ReceivedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a record that a peer sent.

    Attributes:
        kind: The number of its kind, such as 300.
        infohash: As it stands in the record; empty for kinds without.
        entry: What may go into the store; ``None`` when it was refused.
        reason: Why it was refused, in a few words.
    """

    kind: int
    infohash: bytes
    entry: NewEntry | None
    reason: str = ""


@runtime_checkable
class WireRecords(Protocol):
    """Records as peers write them."""

    async def read(self, data: bytes) -> list[ReceivedRecord]:
        """Check the records that stand in ``data`` one after the other. One outcome for each, in order.

        Torrents alone are taken. A signature has to be right; of an unsigned one the id is made anew. Texts are cut
        and cleaned, impossible dates become unknown. A signed record that this changes has an entry without signature:
        it is the author's, and cannot be passed on. Takes 0.15 ms a signed record, in a thread.

        Raises:
            RecordFormatError: these are no records, so that nothing of them can be used.
        """

    def write(self, entry: NewEntry) -> bytes | None:
        """Return the record of an entry, ``None`` when it must not be passed on.

        That is one of more than 1200 bytes, and one with an author but without signature. Whether to tell others of
        what is ``is_own`` is for the caller to decide.
        """


class HealthUpdate(msgspec.Struct, frozen=True):
    """What became of a health report.

    Attributes:
        stored: What the store holds now; ``None`` when it has no record of the torrent.
        taken: The report replaced what was stored before.
    """

    stored: Health | None
    taken: bool


@runtime_checkable
class Statements(Protocol):
    """What is said about torrents; offered by the knowledge plugin. Any thread, microseconds."""

    def shown(self, infohash: str) -> list[Statement]:
        """Return the statements about a torrent (40 lower-case hex digits) that are shown."""

    def tagged(self, tags: Collection[str]) -> BitMap:
        """Return the rows of the torrents that carry all of these tags, whatever their case. Takes a millisecond."""


@runtime_checkable
class TextIndex(Protocol):
    """Finds rows by the words of their titles; offered by the search plugin."""

    async def rows(self, text: str) -> AbstractBitMap:
        """Return the rows whose titles match a ``txt_filter``.

        Raises:
            FilterError: it is no such expression.
        """


@runtime_checkable
class Lists(Protocol):
    """Pages of entries. To be called on the event loop's thread."""

    async def page(
        self,
        selection: Selection,
        order: Order,
        window: Window,
        *,
        rows: AbstractBitMap | None = None,
        with_total: bool = False,
    ) -> Page:
        """Return a part of the list of all entries that are selected.

        Args:
            selection: What is listed.
            order: How the list is sorted.
            window: The part that is wanted.
            rows: Only these rows, such as those that an index found.
            with_total: Count the whole list.

        Raises:
            BadParametersError: the selection's text is no such expression.
        """

    def selected(self, selection: Selection, rows: AbstractBitMap) -> NDArray[np.uint32]:
        """Return those of some rows that are selected, ascending, whatever the selection's text.

        May be called from any thread.
        """

    def items(self, rowids: Iterable[int], *, hide_adult: bool = False, with_progress: bool = False) -> list[EntryItem]:
        """Return the JSON form of rows, without those that are gone; torrents with what is said about them.

        Args:
            rowids: In the order of the list.
            hide_adult: Leave out statements that the family filter marks.
            with_progress: Show how far the downloads of the torrents are.
        """


@runtime_checkable
class RecentChecks(Protocol):
    """The last checks of torrents since the daemon started, one for each torrent, the latest first."""

    def own(self) -> Sequence[Health]:
        """Return those that this daemon did."""

    def told(self) -> Sequence[Health]:
        """Return those that peers told."""


@runtime_checkable
class TorrentLabels(Protocol):
    """Changes the category of torrents, which is read as a list with commas: a category, and a user's labels."""

    async def change(self, infohash: bytes, change: Callable[[Sequence[str]], Iterable[str]]) -> bool:
        """Put other labels in place of those of a torrent; on disk when this returns.

        What somebody else signed cannot be passed on afterwards, since it is not what its author wrote.

        Args:
            infohash: 20 bytes.
            change: Makes the new list of the present one. Called on another thread, maybe twice.

        Returns:
            Whether the torrent is known.

        Raises:
            InvalidInputError: the new list is too long.
        """


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a check as clients read it."""

    infohash: str
    num_seeders: int
    num_leechers: int
    last_tracker_check: int
    health: str = "updated"


class HealthUpdated(Event):
    """This daemon checked a torrent of the store, and this is what the store holds now."""

    topic: ClassVar[str] = "channel_entity_updated"
    arguments: ClassVar[Arguments] = Arguments.POSITIONAL

    update: Checked
