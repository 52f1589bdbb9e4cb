"""What is said about torrents: the services of the plugin."""

import asyncio
import itertools
from collections.abc import Collection, Iterable, Sequence

from pyroaring import BitMap

from triblerd.store import StoreView, Transaction
from triblerd_identity.api import NodeKey
from triblerd_knowledge.api import Claim, Deed, Operation, Outcome, Predicate
from triblerd_knowledge.keys import claim_key, parse_claim_key
from triblerd_knowledge.rules import flaw
from triblerd_knowledge.signing import is_signed, signed
from triblerd_knowledge.tables import Tables
from triblerd_metadata.api import Statement

MOST_CLAIMS = 256
"""Of one torrent, made by peers; what this node says is not counted out."""
_KEPT = Outcome("kept")


class KnowledgeBase:
    """Keeps operations, answers from what follows of them: ``Knowledge``, ``Operations`` and ``Statements``.

    Args:
        store: The plugin's part of the store.
        tables: What is in there.
        key: Signs what this node says.
    """

    def __init__(self, *, store: StoreView, tables: Tables, key: NodeKey) -> None:
        self._store = store
        self._tables = tables
        self._key = key

    def shown(self, infohash: str) -> list[Statement]:
        """Return the statements about a torrent that are shown; see ``Statements``."""
        found = self._tables.statement.items(bytes.fromhex(infohash))
        claims = (parse_claim_key(key)[0] for key, tally in found if tally.is_shown)
        return [
            Statement(subject_type=Predicate.TORRENT, subject=infohash, predicate=claim.predicate, object=claim.object)
            for claim in claims
        ]

    def suggested(self, infohash: str) -> list[str]:
        """Return the tags of a torrent that are suggested; see ``Knowledge``."""
        found = self._tables.statement.items(bytes.fromhex(infohash))
        claims = (parse_claim_key(key)[0] for key, tally in found if tally.is_suggested)
        return [claim.object for claim in claims if claim.predicate is Predicate.TAG]

    def tagged(self, tags: Collection[str]) -> BitMap:
        """Return the rows of the torrents that carry all of these tags; see ``Statements``."""
        return self._tables.tags.find(tags)

    async def replace(self, infohash: str, claims: Iterable[Claim]) -> None:
        """Make these all that is shown of a torrent; see ``Knowledge``."""
        wanted = set(claims)

        def job(transaction: Transaction) -> None:
            found = transaction.items(self._tables.statement, bytes.fromhex(infohash))
            shown = {parse_claim_key(key)[0] for key, tally in found if tally.is_shown}
            self._say(transaction, infohash, shown - wanted, Deed.REMOVE)
            self._say(transaction, infohash, wanted - shown, Deed.ADD)

        await self._store.write(job)

    async def change(self, infohash: str, *, add: Iterable[Claim] = (), remove: Iterable[Claim] = ()) -> None:
        """Add and remove some claims; see ``Knowledge``."""
        wanted, unwanted = set(add), set(remove)

        def job(transaction: Transaction) -> None:
            self._say(transaction, infohash, unwanted, Deed.REMOVE)
            self._say(transaction, infohash, wanted, Deed.ADD)

        await self._store.write(job)

    async def adopt(self, said: Iterable[tuple[str, Claim, Deed]]) -> int:
        """Say what this user said elsewhere; see ``Knowledge``."""
        wanted = list(said)

        def job(transaction: Transaction) -> int:
            unsaid = 0
            for infohash, claim, deed in wanted:
                if not self._tables.tally(transaction, bytes.fromhex(infohash), claim).own:
                    self._sign(transaction, infohash, claim, deed)
                    unsaid += 1
            return unsaid

        return await self._store.write(job)

    async def add(self, operations: Iterable[Operation]) -> list[Outcome]:
        """Take over what peers sent; see ``Operations``."""
        given = list(operations)
        checked = await asyncio.to_thread(self._check, given)
        if all(checked):
            return [outcome for outcome in checked if outcome]
        return await self._store.write(lambda transaction: self._take(transaction, given, checked))

    def count_of(self, author: bytes) -> int:
        """Return how many operations are an author's; see ``Operations``."""
        return sum(parse_claim_key(key)[1] == author for key, _ in self._tables.operation.items())

    def about(self, infohash: str) -> list[Operation]:
        """Return all operations on a torrent; see ``Operations``."""
        found = []
        for key, stored in self._tables.operation.items(bytes.fromhex(infohash)):
            claim, author = parse_claim_key(key)
            found.append(
                Operation(
                    author=author,
                    infohash=infohash,
                    predicate=claim.predicate,
                    object=claim.object,
                    deed=stored.deed,
                    clock=stored.clock,
                    signature=stored.signature,
                )
            )
        return found

    def _say(self, transaction: Transaction, infohash: str, claims: Iterable[Claim], deed: Deed) -> None:
        subject = bytes.fromhex(infohash)
        for claim in claims:
            if self._tables.tally(transaction, subject, claim).is_shown != (deed is Deed.ADD):
                self._sign(transaction, infohash, claim, deed)

    def _sign(self, transaction: Transaction, infohash: str, claim: Claim, deed: Deed) -> None:
        author = self._key.public_key
        before = transaction.get(self._tables.operation, claim_key(bytes.fromhex(infohash), claim) + author)
        operation = Operation(
            author=author,
            infohash=infohash,
            predicate=claim.predicate,
            object=claim.object,
            deed=deed,
            clock=before.clock + 1 if before else 1,
            signature=b"",
        )
        self._tables.add(transaction, signed(operation, self._key), is_own=True)

    def _check(self, operations: Sequence[Operation]) -> list[Outcome | None]:
        """Return what is decided already: ``None`` for what is right, and new as far as is known."""
        return [self._decided(operation) for operation in operations]

    def _decided(self, operation: Operation) -> Outcome | None:
        if reason := flaw(operation):
            return Outcome("refused", reason)
        claim = Claim(Predicate(operation.predicate), operation.object)
        key = claim_key(bytes.fromhex(operation.infohash), claim) + operation.author
        before = self._tables.operation.get(key)
        if before and before.clock >= operation.clock:  # most of what is heard is heard again: no need to check it
            return _KEPT
        return None if is_signed(operation) else Outcome("refused", "its signature is wrong")

    def _take(
        self, transaction: Transaction, operations: Sequence[Operation], checked: Sequence[Outcome | None]
    ) -> list[Outcome]:
        return [
            outcome or self._take_one(transaction, operation)
            for operation, outcome in zip(operations, checked, strict=True)
        ]

    def _take_one(self, transaction: Transaction, operation: Operation) -> Outcome:
        is_own = operation.author == self._key.public_key
        if not is_own and self._is_full(transaction, operation):
            return Outcome("refused", f"peers made {MOST_CLAIMS} claims about this torrent already")
        is_new = self._tables.add(transaction, operation, is_own=is_own)
        return Outcome("added") if is_new else _KEPT

    def _is_full(self, transaction: Transaction, operation: Operation) -> bool:
        infohash = bytes.fromhex(operation.infohash)
        key = claim_key(infohash, Claim(Predicate(operation.predicate), operation.object))
        if transaction.get(self._tables.statement, key) is not None:
            return False
        claims = transaction.keys(self._tables.statement, infohash)
        return sum(1 for _ in itertools.islice(claims, MOST_CLAIMS)) == MOST_CLAIMS
