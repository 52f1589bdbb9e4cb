"""Finds the rows that a ``txt_filter`` means, by the index: the same that matching each title would find."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence

from pyroaring import AbstractBitMap, BitMap, FrozenBitMap

from triblerd.store import Transaction
from triblerd_metadata.api import (
    AllOf,
    AnyOf,
    Everything,
    Expression,
    MetadataStore,
    Nothing,
    Part,
    Phrase,
    Without,
    Word,
    words,
)
from triblerd_search.postings import CHUNK_BITS, DamagedIndexError, PostingsReader


class Finder:
    """Finds in all chunks, or one after the other.

    Args:
        reader: The index.
        records: Have the titles, in which phrases are looked for.
        until: When to give up between two chunks, by ``time.perf_counter``.

    Attributes:
        by_word: The rows of each word, in the chunks and as far as it was looked for.
        is_damaged: Some chunk could not be read, and was left out.
    """

    def __init__(self, reader: PostingsReader, records: MetadataStore, *, until: float = math.inf) -> None:
        self._reader = reader
        self._records = records
        self._until = until
        self.by_word: dict[Word, BitMap] = {}
        self.is_damaged = False

    @property
    def transaction(self) -> Transaction:
        """The moment at which everything is read."""
        return self._reader.transaction

    def find(self, expression: Expression) -> BitMap:
        """Return the rows whose titles match."""
        return BitMap.union(BitMap(), *self.find_by_chunk(expression))

    def find_all_of(self, words: Sequence[Word]) -> FrozenBitMap:
        """Return the rows whose titles have all of these words, whole; ``by_word`` learns nothing of them."""
        count = (self._records.last_rowid() >> CHUNK_BITS) + 1
        found, is_damaged = self._reader.rows_of_all(count, *[word.term for word in words])
        self.is_damaged |= is_damaged
        return found

    def find_by_chunk(self, expression: Expression) -> Iterator[AbstractBitMap]:
        """Yield the rows of each chunk, those of the newest one first.

        Raises:
            TooLongError: it takes too long.
        """
        for chunk in range(self._records.last_rowid() >> CHUNK_BITS, -1, -1):
            if time.perf_counter() > self._until:
                raise TooLongError
            try:
                yield _ChunkFinder(chunk, self._reader, self._records, self.by_word).rows(expression.root)
            except DamagedIndexError:
                self.is_damaged = True


class TooLongError(Exception):
    """Not everything was looked at in the time that there was."""


class _ChunkFinder:
    """Finds in one chunk."""

    def __init__(self, chunk: int, reader: PostingsReader, records: MetadataStore, by_word: dict[Word, BitMap]) -> None:
        self._chunk = chunk
        self._reader = reader
        self._records = records
        self._by_word = by_word

    def rows(self, part: Part) -> AbstractBitMap:
        """Return the rows that fit a part of an expression."""
        match part:
            case Word():
                return self._of_word(part)
            case Phrase():
                return self._of_phrase(part)
            case AllOf(parts):
                return self._of_all(parts)
            case AnyOf(parts):
                return BitMap.union(*map(self.rows, parts))
            case Without(wanted, excluded):
                rows = self.rows(wanted)
                return rows.difference(*map(self.rows, excluded)) if rows else rows
            case Everything() | Nothing():
                return self._reader.all(self._chunk) if isinstance(part, Everything) else BitMap()

    def _of_word(self, word: Word) -> AbstractBitMap:
        if not word.is_beginning or not word.term.startswith(word.text):
            rows: AbstractBitMap = self._reader.rows(self._chunk, word.term)
        else:
            rows = BitMap()
        if word.is_beginning:
            rows = self._reader.beginning(self._chunk, word.text) | rows
        if rows:
            self._by_word.setdefault(word, BitMap()).update(rows)
        return rows

    def _of_all(self, parts: Iterable[Part]) -> AbstractBitMap:
        rows: AbstractBitMap | None = None
        for part in sorted(parts, key=_cost):
            found = self._of_phrase(part, rows) if isinstance(part, Phrase) else self.rows(part)
            rows = found if rows is None else rows & found
            if not rows:
                return rows
        return BitMap() if rows is None else rows

    def _of_phrase(self, phrase: Phrase, among: AbstractBitMap | None = None) -> AbstractBitMap:
        rows = self._of_all(phrase.words)
        if among is not None:
            rows = rows & among
        matches = phrase.matcher()
        titles = self._records.titles(self._reader.transaction, rows)
        return BitMap([rowid for rowid, title in titles if matches(words(title))])


def _cost(part: Part) -> int:
    """Return what is looked for first: what costs little, and phrases last, when few rows are left to be read."""
    match part:
        case Word(is_beginning=False):
            return 0
        case Phrase():
            return 2
        case _:
            return 1
