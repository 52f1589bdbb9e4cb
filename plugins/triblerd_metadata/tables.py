"""The tables of the metadata store."""

from dataclasses import dataclass
from typing import Self, cast

from triblerd.store import StoreView, Table
from triblerd_metadata.records import VERSION, Record
from triblerd_metadata.values import id_of_infohash

LAST_ROWID = b"last_rowid"
REVISION = b"revision"
LARGEST_ID = 2**63
"""Of the infohashes that begin with a one and 63 zeros; all others have less."""


@dataclass(frozen=True)
class Tables:
    """What is on disk; keys of rows are 4 bytes.

    Attributes:
        record: By row, what is read one by one.
        fixed: By row, packed numbers (``Fixed``).
        placed: By row, packed numbers that few rows have (``Placed``).
        by_infohash: The id that is made of an infohash (8 bytes) and the row, as a key without a value.
        by_identity: Public key and id of what has a key, and its row.
        category: By number (4 bytes), the text of a category in UTF-8.
        state: The greatest row that was ever used, and how often rows or titles changed.
    """

    record: Table[Record]
    fixed: Table[bytes]
    placed: Table[bytes]
    by_infohash: Table[bytes]
    by_identity: Table[bytes]
    category: Table[bytes]
    state: Table[int]

    @classmethod
    async def open(cls, store: StoreView) -> Self:
        """Open the tables, which are made when they are missing."""
        return cls(
            record=await store.table("record", cast("type[Record]", Record), version=VERSION),
            fixed=await store.table("fixed", bytes, version=VERSION),
            placed=await store.table("placed", bytes, version=VERSION),
            by_infohash=await store.table("by_infohash", bytes),
            by_identity=await store.table("by_identity", bytes),
            category=await store.table("category", bytes),
            state=await store.table("state", int),
        )


def infohash_prefix(infohash: bytes) -> bytes:
    """Return how the keys of ``by_infohash`` begin: by the id that an unsigned entry of the torrent has."""
    return id_prefix(id_of_infohash(infohash))


def id_prefix(id_: int) -> bytes:
    """Return how they begin for the torrents whose unsigned entry has this id."""
    return id_.to_bytes(8, "big")


def identity_key(public_key: bytes, id_: int) -> bytes:
    """Return the key of ``by_identity``."""
    return public_key + id_.to_bytes(8, "big")
