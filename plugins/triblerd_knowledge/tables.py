"""Operations and what follows from them, on disk. Everything is changed in the transaction that adds an operation.

The keys of ``operation`` and ``statement`` begin with the infohash, those of ``by_tag`` with the tag, so that both
directions are one short scan. Texts have their length before them: no key begins like another one by accident.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_knowledge.api import Claim, Operation, Predicate
from triblerd_knowledge.rules import Tally, fold

_INFOHASH_SIZE = 20
_PREDICATE_SIZE = 2
_OBJECT = _INFOHASH_SIZE + _PREDICATE_SIZE + 1
LONGEST_PREFIX = 302
"""Bytes of ``tag_prefix``: of the 2 bytes of a character that case folding makes longest it makes 6."""


class StoredOperation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the key does not say."""

    deed: int
    clock: int
    signature: bytes


@dataclass(frozen=True)
class Tables:
    """The plugin's part of the store.

    Attributes:
        operation: By claim and author.
        statement: Tallies by claim; follows from the operations.
        by_tag: By folded tag and infohash, how many spellings of the tag are shown; follows from the tallies.
        tag: By folded tag, how many torrents carry it.
    """

    operation: Table[StoredOperation]
    statement: Table[Tally]
    by_tag: Table[int]
    tag: Table[int]

    @classmethod
    async def open(cls, store: StoreView) -> Self:
        """Open them, made when they are missing."""
        return cls(
            operation=await store.table("operation", StoredOperation),
            statement=await store.table("statement", Tally),
            by_tag=await store.table("by_tag", int),
            tag=await store.table("tag", int),
        )

    def tally(self, transaction: Transaction, infohash: bytes, claim: Claim) -> Tally:
        """Return what is said about a claim."""
        return transaction.get(self.statement, claim_key(infohash, claim)) or Tally()

    def add(self, transaction: Transaction, operation: Operation, *, is_own: bool) -> bool:
        """Store an operation, unless the author said this or something newer before; return whether it was stored."""
        infohash = bytes.fromhex(operation.infohash)
        claim = Claim(Predicate(operation.predicate), operation.object)
        key = claim_key(infohash, claim)
        before = transaction.get(self.operation, key + operation.author)
        if before is not None and before.clock >= operation.clock:
            return False
        stored = StoredOperation(operation.deed, operation.clock, operation.signature)
        transaction.put(self.operation, key + operation.author, stored)
        old = transaction.get(self.statement, key) or Tally()
        said = before.deed if before else 0
        new = old.with_own(operation.deed) if is_own else old.with_peer(operation.deed, said)
        transaction.put(self.statement, key, new)
        if claim.predicate is Predicate.TAG and old.is_shown != new.is_shown:
            self._tag(transaction, infohash, claim.object, is_shown=new.is_shown)
        return True

    def _tag(self, transaction: Transaction, infohash: bytes, tag: str, *, is_shown: bool) -> None:
        prefix = tag_prefix(tag)
        change = 1 if is_shown else -1
        spellings = (transaction.get(self.by_tag, prefix + infohash) or 0) + change
        _keep(transaction, self.by_tag, prefix + infohash, spellings)
        if spellings == max(change, 0):  # it was the first spelling, or the last
            _keep(transaction, self.tag, prefix, (transaction.get(self.tag, prefix) or 0) + change)


def claim_key(infohash: bytes, claim: Claim) -> bytes:
    """Return the key of a claim, which an operation's key begins with. At most 223 bytes."""
    object_ = claim.object.encode()
    return infohash + claim.predicate.to_bytes(_PREDICATE_SIZE) + len(object_).to_bytes() + object_


def parse_claim_key(key: bytes) -> tuple[Claim, bytes]:
    """Return the claim, and what stands behind it: the author of an operation."""
    predicate = int.from_bytes(key[_INFOHASH_SIZE : _OBJECT - 1])
    end = _OBJECT + key[_OBJECT - 1]
    return Claim(Predicate(predicate), key[_OBJECT:end].decode()), key[end:]


def tag_prefix(tag: str) -> bytes:
    """Return what the keys of a tag begin with, in any case; behind it stands the infohash."""
    folded = fold(tag).encode(errors="surrogatepass")
    return len(folded).to_bytes(2) + folded


def tagged_by(tables: Tables, prefix: bytes) -> Iterator[bytes]:
    """Yield the infohashes of the torrents that carry a tag."""
    return (key[-_INFOHASH_SIZE:] for key in tables.by_tag.keys(prefix))


def _keep(transaction: Transaction, table: Table[int], key: bytes, count: int) -> None:
    if count:
        transaction.put(table, key, count)
    else:
        transaction.delete(table, key)
