"""What counts as a claim, and which claims are shown and suggested."""

import re

import msgspec

from triblerd_knowledge.api import (
    LONGEST_OBJECT,
    SHORTEST_OBJECT,
    Claim,
    Deed,
    InvalidPredicateError,
    InvalidTagLengthError,
    Operation,
    Predicate,
)

_INFOHASH = re.compile(r"[0-9a-f]{40}")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
_KEY_SIZE = 64
_CLOCK_END = 1 << 63
_PREDICATES = frozenset(Predicate)
_DEEDS = frozenset(Deed)


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What the authors say about one claim.

    Attributes:
        added: How many peers added it last.
        removed: How many peers removed it last.
        own: What this node did last: 1 or 2, as of ``Deed``; 0 for nothing.
    """

    added: int = 0
    removed: int = 0
    own: int = 0

    @property
    def is_shown(self) -> bool:
        """This node says so, or says nothing while more peers add it than remove it."""
        return self.own == Deed.ADD if self.own else self.added > self.removed

    @property
    def is_suggested(self) -> bool:
        """This node says nothing, and one more peer is missing, or two."""
        return not self.own and -1 <= self.added - self.removed <= 0

    def with_own(self, deed: int) -> "Tally":
        """Return the tally after this node did something."""
        return msgspec.structs.replace(self, own=deed)

    def with_peer(self, deed: int, before: int) -> "Tally":
        """Return the tally after a peer did something.

        Args:
            deed: What it did.
            before: What it had done before; 0 for nothing.
        """
        added = self.added + (deed == Deed.ADD) - (before == Deed.ADD)
        removed = self.removed + (deed == Deed.REMOVE) - (before == Deed.REMOVE)
        return Tally(added, removed, self.own)


def claim_of(predicate: int, object_: str) -> Claim:
    """Return a claim.

    Raises:
        InvalidTagLengthError: the object is too short or too long.
        InvalidPredicateError: there is no such predicate.
    """
    if not SHORTEST_OBJECT <= len(object_) <= LONGEST_OBJECT:
        raise InvalidTagLengthError
    if predicate not in _PREDICATES:
        raise InvalidPredicateError
    return Claim(Predicate(predicate), object_)


def flaw(operation: Operation) -> str:
    """Return why an operation cannot be one, whatever its signature; an empty text when it can."""
    object_ = operation.object
    checks = (
        (_INFOHASH.fullmatch(operation.infohash), "its infohash has not 40 lower-case hex digits"),
        (operation.predicate in _PREDICATES, "there is no such predicate"),
        (SHORTEST_OBJECT <= len(object_) <= LONGEST_OBJECT, "its object is too short or too long"),
        (not _HALF_CHARACTER.search(object_), "its object is no text"),
        (operation.deed in _DEEDS, "it neither adds nor removes"),
        (0 < operation.clock < _CLOCK_END, "its clock is out of range"),
        (len(operation.author) == _KEY_SIZE, "its author's key has not 64 bytes"),
    )
    return next((reason for fits, reason in checks if not fits), "")


def fold(tag: str) -> str:
    """Return a tag as it is compared where case does not count."""
    return tag.casefold()
