"""Operations and what follows from them, on disk. Everything is changed in the transaction that adds an operation."""

from dataclasses import dataclass
from typing import Self

import msgspec

from triblerd.store import StoreView, Table, Transaction
from triblerd_knowledge.api import Claim, Operation, Predicate
from triblerd_knowledge.keys import claim_key
from triblerd_knowledge.rules import Tally
from triblerd_knowledge.tag_index import TagIndex
from triblerd_metadata.api import MetadataStore


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
        tags: The index by tags; follows from the tallies and the metadata store.
    """

    operation: Table[StoredOperation]
    statement: Table[Tally]
    tags: TagIndex

    @classmethod
    async def open(cls, store: StoreView, metadata: MetadataStore) -> Self:
        """Open them, made when they are missing."""
        statement = await store.table("statement", Tally)
        tags = TagIndex(
            store=store,
            statement=statement,
            by_tag=await store.table("by_tag", int),
            rows=await store.table("tag_rows", bytes),
            state=await store.table("state", int),
            metadata=metadata,
        )
        return cls(operation=await store.table("operation", StoredOperation), statement=statement, tags=tags)

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
            self.tags.count(transaction, infohash, claim.object, new.is_shown - old.is_shown)
        return True
