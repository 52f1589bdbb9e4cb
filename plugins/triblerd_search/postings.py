"""Which rows have a term, on disk: the text index itself.

Rows are cut into chunks of 65,536. A key is the number of the chunk and the term, so new records are written side by
side, a chunk can be made anew by itself, and the newest rows can be looked at first. A value is a roaring bitmap of
rows, or, of up to seven rows, their lower halves as they are.
"""

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from itertools import islice
from operator import lt
from secrets import randbits
from typing import TypeVar

import numpy as np
from pyroaring import AbstractBitMap, BitMap, FrozenBitMap

from triblerd.store import BadRecordError, StoreView, Table, Transaction
from triblerd_metadata.api import terms, words
from triblerd_search.kept_bitmaps import KeptBitmaps

CHUNK_BITS = 16
CHUNK_ROWS = 1 << CHUNK_BITS

_ALL = ""
"""The term of every row that is indexed."""
_BEGINNING = "\x01"
"""Begins the terms for "has a term that begins so", with one or two letters: joining all of those takes too long."""
_LONGEST_BEGINNING = 2
_LAST_LETTER = "\u07ff"
"""The last of the scripts in which a letter begins thousands of words; they are also the shortest in UTF-8."""
_MOST_PLAIN = 7
_PLAIN_BYTES = 2 * _MOST_PLAIN
"""The shortest bitmap has 18 bytes."""
_VERSIONS = b"v"
"""The key of how often each chunk was changed, as numbers of four bytes; shorter than any key of a chunk."""
_NONE: list[int] = []
_VERSION_BITS = 32
_PLAIN = [struct.Struct(f"<{count}H") for count in range(_MOST_PLAIN + 1)]

B = TypeVar("B", BitMap, FrozenBitMap)

Changes = Mapping[str, list[int]]
"""Rows of one chunk by term."""


def index_terms(title: str) -> set[str]:
    """Return everything that a title is found by; nothing for an empty one."""
    return {_ALL}.union(*map(_index_terms, words(title))) if title else set()


def rows_by_term(rows_by_word: Mapping[str, list[int]], rows: list[int]) -> dict[str, list[int]]:
    """Return the rows of each term of many titles, some of them twice.

    Args:
        rows_by_word: The rows that have each word.
        rows: All rows.
    """
    found: defaultdict[str, list[int]] = defaultdict(list)
    found[_ALL] = rows
    for word, having in rows_by_word.items():
        for term in _index_terms(word):
            found[term] += having
    return found


def _index_terms(word: str) -> tuple[str, ...]:
    found = terms(word)
    if len(found) == 1:
        return (word, *_beginnings(word[:_LONGEST_BEGINNING]))
    return (*found, *{beginning for term in found for beginning in _beginnings(term[:_LONGEST_BEGINNING])})


@lru_cache(maxsize=1 << 13)
def _beginnings(start: str) -> tuple[str, ...]:
    """Return the terms for the beginnings of a word that begins with these one or two letters."""
    if start[0] > _LAST_LETTER:
        return ()
    one = _BEGINNING + start[0]
    return (one,) if len(start) == 1 else (one, _BEGINNING + start)


class Postings:
    """The index of all chunks.

    Args:
        store: Where it is read.
        table: Holds it.
    """

    def __init__(self, store: StoreView, table: Table[bytes]) -> None:
        self._store = store
        self._table = table
        self._kept = KeptBitmaps()

    def change(self, transaction: Transaction, chunk: int, *, added: Changes, removed: Changes) -> bool:
        """Add rows to terms, or take them away; what is so already stays so.

        Returns:
            Whether all was well: false when something could not be read, and was begun anew.
        """
        base, prefix = chunk << CHUNK_BITS, _key(chunk, "")
        is_sound = True
        written: list[tuple[bytes, bytes]] = []
        read = partial(transaction.get, self._table)
        for term in sorted(added.keys() | removed.keys() if removed else added):
            key = prefix + term.encode()
            rows, gone = added.get(term, _NONE), removed.get(term, _NONE) if removed else _NONE
            try:
                new = _changed(read(key) or b"", base, rows, gone)
            except (ValueError, BadRecordError):
                is_sound = False
                new = _changed(b"", base, rows, _NONE)
            if new:
                written.append((key, new))
            else:
                transaction.delete(self._table, key)
        transaction.put_many(self._table, written)
        self._note_change(transaction, chunk)
        return is_sound

    def clear(self, transaction: Transaction, chunk: int, most: int) -> bool:
        """Remove up to ``most`` terms of a chunk, and return whether these were all."""
        keys = list(islice(transaction.keys(self._table, _key(chunk, "")), most))
        for key in keys:
            transaction.delete(self._table, key)
        self._note_change(transaction, chunk)
        return len(keys) < most

    def _note_change(self, transaction: Transaction, chunk: int) -> None:
        versions = _versions(transaction, self._table)
        # New ones begin anywhere, so that none comes twice if all of them had to begin anew.
        versions.extend(randbits(_VERSION_BITS) for _ in range(chunk + 1 - len(versions)))
        versions[chunk] = (versions[chunk] + 1) % (1 << _VERSION_BITS)
        transaction.put(self._table, _VERSIONS, versions.tobytes())

    @contextmanager
    def reading(self) -> Iterator["PostingsReader"]:
        """Have the index as it is now, for a moment."""
        with self._store.reading() as transaction:
            yield PostingsReader(transaction, self._table, self._kept)


class PostingsReader:
    """The index at one moment.

    Its methods raise ``DamagedIndexError`` when something cannot be read.

    Attributes:
        transaction: The moment.
    """

    def __init__(self, transaction: Transaction, table: Table[bytes], kept: KeptBitmaps) -> None:
        self.transaction = transaction
        self._table = table
        self._kept = kept
        self._versions = _versions(transaction, table)

    def all(self, chunk: int) -> FrozenBitMap:
        """Return the rows of a chunk that are indexed."""
        return self.rows(chunk, _ALL)

    def rows(self, chunk: int, *terms: str) -> FrozenBitMap:
        """Return the rows of a chunk that have all of these terms."""
        version = self._versions[chunk] if chunk < len(self._versions) else 0
        rows = self._kept.get((chunk, terms), version)
        if rows is None:
            rows = FrozenBitMap.intersection(*[self._read(chunk, term) for term in terms])
            self._kept.put((chunk, terms), version, rows)
        return rows

    def rows_of_all(self, count: int, *terms: str) -> tuple[FrozenBitMap, bool]:
        """Return the rows of so many chunks that have all of these terms, and whether a damaged one was left out."""
        version = count, self._versions.tobytes()
        if (rows := self._kept.get((None, terms), version)) is not None:
            return rows, False
        by_chunk: list[FrozenBitMap] = []
        for chunk in range(count):
            with suppress(DamagedIndexError):
                by_chunk.append(self.rows(chunk, *terms))
        rows = FrozenBitMap.union(FrozenBitMap(), *by_chunk)
        is_damaged = len(by_chunk) < count
        if not is_damaged:
            self._kept.put((None, terms), version, rows)
        return rows, is_damaged

    def _read(self, chunk: int, term: str) -> FrozenBitMap:
        try:
            value: bytes | None = self.transaction.get(self._table, _key(chunk, term))
            return FrozenBitMap() if value is None else _unpacked(value, chunk << CHUNK_BITS, FrozenBitMap)
        except (ValueError, BadRecordError) as error:
            raise DamagedIndexError from error

    def beginning(self, chunk: int, text: str) -> AbstractBitMap:
        """Return the rows of a chunk that have a term that begins with ``text``, which is not empty."""
        if len(text) <= _LONGEST_BEGINNING and text[0] <= _LAST_LETTER:
            return self.rows(chunk, _BEGINNING + text)
        base = chunk << CHUNK_BITS
        plain: list[bytes] = []
        found: list[BitMap] = []
        try:
            for _, value in self.transaction.items(self._table, _key(chunk, text)):
                if len(value) <= _PLAIN_BYTES:
                    plain.append(value)
                else:
                    found.append(BitMap.deserialize(value))
        except (ValueError, BadRecordError) as error:
            raise DamagedIndexError from error
        rows = np.frombuffer(b"".join(plain), dtype="<u2").astype(np.uint32) + np.uint32(base)
        return BitMap(array("I", rows.tobytes())).union(*found)


class DamagedIndexError(Exception):
    """The index holds what cannot be read; it has to be made anew."""


def _versions(transaction: Transaction, table: Table[bytes]) -> "array[int]":
    try:
        value: bytes | None = transaction.get(table, _VERSIONS)
        return array("I", value or b"")
    except (ValueError, BadRecordError):
        return array("I")


def _key(chunk: int, term: str) -> bytes:
    return chunk.to_bytes(2, "big") + term.encode()


def _unpacked(value: bytes, base: int, kind: type[B]) -> B:
    if len(value) > _PLAIN_BYTES:
        return kind.deserialize(value)
    return kind([base + low for low in _lows(value)])


def _lows(value: bytes) -> tuple[int, ...]:
    count, rest = divmod(len(value), 2)
    if rest:
        msg = "half a row"
        raise ValueError(msg)
    return _PLAIN[count].unpack(value)


def _changed(old: bytes, base: int, added: list[int], removed: list[int]) -> bytes:
    if not removed and len(old) + 2 * len(added) <= _PLAIN_BYTES:
        lows = [row - base for row in added]
        # Most words are rare, and new rows come in order after those that there are.
        last = int.from_bytes(old[-2:], "little") if old else -1
        if lows and last < lows[0] and not len(old) % 2 and (len(lows) == 1 or all(map(lt, lows, lows[1:]))):
            return old + _PLAIN[len(lows)].pack(*lows)
        lows = sorted({*_lows(old), *lows})
        return _PLAIN[len(lows)].pack(*lows)
    rows = _unpacked(old, base, BitMap) if old else BitMap()
    rows.update(added)
    if removed:
        rows.difference_update(BitMap(removed))
    if len(rows) <= _MOST_PLAIN:
        return _PLAIN[len(rows)].pack(*(row - base for row in rows))
    return rows.serialize()
