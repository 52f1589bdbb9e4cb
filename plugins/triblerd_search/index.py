"""Keeps the text index equal to the records: writes along with them, and makes anew what it cannot trust."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from triblerd.store import BadRecordError, Table, Transaction, UnknownVersionError
from triblerd_metadata.api import TOKENS_VERSION, Change, MetadataStore, words
from triblerd_search.postings import CHUNK_BITS, Postings, index_terms, rows_by_term

LAYOUT_VERSION = 1
"""Of how the index is written."""
VERSION = (LAYOUT_VERSION, TOKENS_VERSION)

_STATE = b"index"
_STEP_ROWS = 4096
"""Rows that are indexed in one transaction while a chunk is made anew; the writer is kept for about 0.1 s."""
_STEP_TERMS = 5000


class Renewal(msgspec.Struct, frozen=True, array_like=True):
    """How far the index was made anew, chunk by chunk from the newest one; those below are as they were.

    Attributes:
        chunk: The one that is worked on.
        next_row: The next one that is indexed, or 0 while what the chunk held is removed.
    """

    chunk: int
    next_row: int


class IndexState(msgspec.Struct, frozen=True, array_like=True):
    """What the index is of.

    Attributes:
        version: Of how it was made, see ``VERSION``.
        revision: The store's when all changes up to it were written along.
        renewal: What is being made anew, if anything.
    """

    version: tuple[int, int]
    revision: int
    renewal: Renewal | None = None


class IndexWriter:
    """Changes the index, in transactions of the writer's thread.

    Args:
        postings: The index.
        table: Holds the state, beside the index.
        records: What is indexed.
    """

    def __init__(self, *, postings: Postings, table: Table[IndexState], records: MetadataStore) -> None:
        self._postings = postings
        self._table = table
        self._records = records

    def state(self) -> IndexState | None:
        """Return the state as it is on disk; ``None`` when there is none that can be read."""
        try:
            return self._table.get(_STATE)
        except (UnknownVersionError, BadRecordError):
            return None

    def written(
        self, transaction: Transaction, changes: Sequence[Change], rows_by_word: Mapping[str, list[int]]
    ) -> None:
        """Write along with the records."""
        titled: dict[int, list[int]] = defaultdict(list)
        removed: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for change in changes:
            rowid, before, after = change.rowid, change.before, change.after
            old_title, new_title = before.title if before else "", after.title if after else ""
            if old_title == new_title:
                continue
            rows = titled[rowid >> CHUNK_BITS]
            if new_title:
                rows.append(rowid)
            if old_title:
                for term in index_terms(old_title) - index_terms(new_title):
                    removed[rowid >> CHUNK_BITS][term].append(rowid)
        words = dict.fromkeys(titled, rows_by_word) if len(titled) == 1 else _by_chunk(rows_by_word)
        is_sound = True
        for chunk, rows in titled.items():
            added = rows_by_term(words[chunk], rows) if rows else {}
            is_sound &= self._postings.change(transaction, chunk, added=added, removed=removed.get(chunk, {}))
        self._note(transaction, is_sound=is_sound)

    def _note(self, transaction: Transaction, *, is_sound: bool) -> None:
        state = self._read(transaction)
        if state is None:
            return
        if not is_sound:
            self.renew(transaction)
        elif state.revision == (revision := self._records.revision(transaction)) - 1:
            # What was missed before shows by a revision that stays behind.
            transaction.put(self._table, _STATE, msgspec.structs.replace(state, revision=revision))

    def check(self, transaction: Transaction) -> str:
        """Have the index made anew if it is not one of the records as they are.

        Called once, before anything is written along. Returns the reason, or an empty text.
        """
        state = self._read(transaction)
        revision = self._records.revision(transaction)
        if state is None and not revision:  # what comes is indexed as it comes
            transaction.put(self._table, _STATE, IndexState(VERSION, revision))
            return ""
        if state is None:
            reason = "there is no index"
        elif state.version != VERSION:
            reason = "the index is of another version"
        elif state.revision != revision:
            reason = "titles changed while search was off"
        else:
            return ""
        self.renew(transaction)
        return reason

    def renew(self, transaction: Transaction) -> None:
        """Have the whole index made anew, by ``step``."""
        # One chunk more, for rows that the store's memory does not know of yet. Later ones are indexed as they come.
        renewal = Renewal((self._records.last_rowid() >> CHUNK_BITS) + 1, 0)
        transaction.put(self._table, _STATE, IndexState(VERSION, self._records.revision(transaction), renewal))

    def step(self, transaction: Transaction) -> bool:
        """Make the next piece anew, and return whether there is more to do."""
        state = self._read(transaction)
        if state is None or state.renewal is None:
            return False
        renewal = self._step(transaction, state.renewal)
        transaction.put(self._table, _STATE, msgspec.structs.replace(state, renewal=renewal))
        return renewal is not None

    def _step(self, transaction: Transaction, renewal: Renewal) -> Renewal | None:
        chunk = renewal.chunk
        first_row = max(chunk << CHUNK_BITS, 1)
        if not renewal.next_row:
            is_clear = self._postings.clear(transaction, chunk, _STEP_TERMS)
            return Renewal(chunk, first_row) if is_clear else renewal
        end_of_chunk = min((chunk + 1) << CHUNK_BITS, self._records.last_rowid() + 1)
        end = min(renewal.next_row + _STEP_ROWS, end_of_chunk)
        self._add(transaction, chunk, range(renewal.next_row, end))
        if end < end_of_chunk:
            return Renewal(chunk, end)
        return Renewal(chunk - 1, 0) if chunk else None

    def _add(self, transaction: Transaction, chunk: int, rowids: Iterable[int]) -> None:
        titles = self._records.titles(transaction, rowids)
        added = _terms_of((rowid, words(title)) for rowid, title in titles if title)
        self._postings.change(transaction, chunk, added=added, removed={})

    def _read(self, transaction: Transaction) -> IndexState | None:
        try:
            return transaction.get(self._table, _STATE)
        except (UnknownVersionError, BadRecordError):
            return None


def _by_chunk(rows_by_word: Mapping[str, list[int]]) -> Mapping[int, Mapping[str, list[int]]]:
    found: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for word, rows in rows_by_word.items():
        for row in rows:
            found[row >> CHUNK_BITS][word].append(row)
    return found


def _terms_of(words_of_rows: Iterable[tuple[int, Sequence[str]]]) -> dict[str, list[int]]:
    """Return the rows of each term of titles that are not empty, given their words."""
    rows: list[int] = []
    by_word: dict[str, list[int]] = defaultdict(list)
    for rowid, words_of_row in words_of_rows:
        rows.append(rowid)
        for word in words_of_row:
            by_word[word].append(rowid)
    return rows_by_term(by_word, rows) if rows else {}
