"""Which rows have a term, on disk: the text index itself.

Rows are cut into chunks of 65,536. A key is the number of the chunk and the term, so new records are written side by
side, a chunk can be made anew by itself, and the newest rows can be looked at first. A value is a roaring bitmap of
rows, or, of up to seven rows, their lower halves as they are.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

import numpy as np
from pyroaring import BitMap

from triblerd.store import BadRecordError, StoreView, Table, Transaction
from triblerd_metadata.api import terms, words

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
_NONE: list[int] = []
_PLAIN = [struct.Struct(f"<{count}H") for count in range(_MOST_PLAIN + 1)]

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
    found: dict[str, list[int]] = {_ALL: rows}
    for word, having in rows_by_word.items():
        for term in _index_terms(word):
            if term in found:
                found[term] += having
            else:
                found[term] = having.copy()
    return found


def _index_terms(word: str) -> tuple[str, ...]:
    found = terms(word)
    if len(found) == 1:
        return (word, *_beginnings(word))
    return (*found, *{beginning for term in found for beginning in _beginnings(term)})


def _beginnings(term: str) -> tuple[str, ...]:
    if term[0] > _LAST_LETTER:
        return ()
    one = _BEGINNING + term[0]
    return (one,) if len(term) == 1 else (one, _BEGINNING + term[:_LONGEST_BEGINNING])


class Postings:
    """The index of all chunks.

    Args:
        store: Where it is read.
        table: Holds it.
    """

    def __init__(self, store: StoreView, table: Table[bytes]) -> None:
        self._store = store
        self._table = table

    def change(self, transaction: Transaction, chunk: int, *, added: Changes, removed: Changes) -> bool:
        """Add rows to terms, or take them away; what is so already stays so.

        Returns:
            Whether all was well: false when something could not be read, and was begun anew.
        """
        base, prefix = chunk << CHUNK_BITS, _key(chunk, "")
        is_sound = True
        written: list[tuple[bytes, bytes]] = []
        for term in sorted(added.keys() | removed.keys() if removed else added):
            key = prefix + term.encode()
            rows, gone = added.get(term, _NONE), removed.get(term, _NONE)
            try:
                new = _changed(transaction.get(self._table, key) or b"", base, rows, gone)
            except (ValueError, BadRecordError):
                is_sound = False
                new = _changed(b"", base, rows, _NONE)
            if new:
                written.append((key, new))
            else:
                transaction.delete(self._table, key)
        transaction.put_many(self._table, written)
        return is_sound

    def clear(self, transaction: Transaction, chunk: int, most: int) -> bool:
        """Remove up to ``most`` terms of a chunk, and return whether these were all."""
        keys = list(islice(transaction.keys(self._table, _key(chunk, "")), most))
        for key in keys:
            transaction.delete(self._table, key)
        return len(keys) < most

    @contextmanager
    def reading(self) -> Iterator["PostingsReader"]:
        """Have the index as it is now, for a moment."""
        with self._store.reading() as transaction:
            yield PostingsReader(transaction, self._table)


class PostingsReader:
    """The index at one moment.

    Its methods raise ``DamagedIndexError`` when something cannot be read.

    Attributes:
        transaction: The moment.
    """

    def __init__(self, transaction: Transaction, table: Table[bytes]) -> None:
        self.transaction = transaction
        self._table = table

    def all(self, chunk: int) -> BitMap:
        """Return the rows of a chunk that are indexed."""
        return self.rows(chunk, _ALL)

    def rows(self, chunk: int, term: str) -> BitMap:
        """Return the rows of a chunk that have a term."""
        try:
            value = self.transaction.get(self._table, _key(chunk, term))
            return BitMap() if value is None else _unpacked(value, chunk << CHUNK_BITS)
        except (ValueError, BadRecordError) as error:
            raise DamagedIndexError from error

    def rows_of_all(self, chunk: int, terms: Iterable[bytes]) -> BitMap:
        """Return the rows of a chunk that have all of these terms."""
        prefix, base = chunk.to_bytes(2, "big"), chunk << CHUNK_BITS
        rows: BitMap | None = None
        try:
            for term in terms:
                value = self.transaction.get(self._table, prefix + term)
                if value is None:
                    return BitMap()
                found = BitMap.deserialize(value) if len(value) > _PLAIN_BYTES else _unpacked(value, base)
                rows = found if rows is None else rows & found
        except (ValueError, BadRecordError) as error:
            raise DamagedIndexError from error
        return BitMap() if rows is None else rows

    def beginning(self, chunk: int, text: str) -> BitMap:
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
        return BitMap.union(BitMap(array("I", rows.tobytes())), *found)


class DamagedIndexError(Exception):
    """The index holds what cannot be read; it has to be made anew."""


def _key(chunk: int, term: str) -> bytes:
    return chunk.to_bytes(2, "big") + term.encode()


def _unpacked(value: bytes, base: int) -> BitMap:
    if len(value) > _PLAIN_BYTES:
        return BitMap.deserialize(value)
    return BitMap([base + low for low in _lows(value)])


def _lows(value: bytes) -> tuple[int, ...]:
    count, rest = divmod(len(value), 2)
    if rest:
        msg = "half a row"
        raise ValueError(msg)
    return _PLAIN[count].unpack(value)


def _changed(old: bytes, base: int, added: list[int], removed: list[int]) -> bytes:
    if not removed and len(old) + 2 * len(added) <= _PLAIN_BYTES:
        if not old and len(added) == 1:  # in most titles there is a word that no other one has
            return (added[0] - base).to_bytes(2, "little")
        lows = {*_lows(old), *(row - base for row in added)}
        return _PLAIN[len(lows)].pack(*sorted(lows))
    rows = _unpacked(old, base)
    rows.update(added)
    if removed:
        rows.difference_update(BitMap(removed))
    if len(rows) <= _MOST_PLAIN:
        return _PLAIN[len(rows)].pack(*(row - base for row in rows))
    return rows.serialize()
