"""What other plugins see: what can be said of a torrent, who said it, and the services that keep it.

Lists ask for ``triblerd_metadata.api.Statements``, which this plugin offers as well.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Literal, Protocol, runtime_checkable

import msgspec

from triblerd.errors import InvalidInputError

SHORTEST_OBJECT = 2
"""Characters, as below."""
LONGEST_OBJECT = 50


class Predicate(IntEnum):
    """What kind of thing is said of a torrent, with the numbers that clients and peers know."""

    CONTRIBUTOR = 1
    COVERAGE = 2
    CREATOR = 3
    DATE = 4
    DESCRIPTION = 5
    FORMAT = 6
    IDENTIFIER = 7
    LANGUAGE = 8
    PUBLISHER = 9
    RELATION = 10
    RIGHTS = 11
    SOURCE = 12
    SUBJECT = 13
    TITLE = 14
    TYPE = 15
    TAG = 101
    TORRENT = 102
    CONTENT_ITEM = 103
    """The work that a torrent is a copy of: what the snippets of a search are grouped by."""


class Claim(msgspec.Struct, frozen=True):
    """What is said of a torrent: that its ``predicate`` is ``object``, which has 2 to 50 characters."""

    predicate: Predicate
    object: str


class Deed(IntEnum):
    """What somebody did with a claim."""

    ADD = 1
    REMOVE = 2


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The last that an author said about a claim.

    Attributes:
        author: Public key, 64 bytes.
        infohash: Of the torrent: 40 lower-case hex digits.
        predicate: The claim's, as of ``Predicate``.
        object: The claim's.
        deed: 1 or 2, as of ``Deed``.
        clock: Counts the author's operations on this claim, from 1.
        signature: 64 bytes, see ``triblerd_knowledge.signing``.
    """

    author: bytes
    infohash: str
    predicate: int
    object: str
    deed: int
    clock: int
    signature: bytes


class Outcome(msgspec.Struct, frozen=True):
    """What became of an operation: ``kept`` means that this one, or a newer one of the author, was there already."""

    outcome: Literal["added", "kept", "refused"]
    reason: str = ""


class InvalidTagLengthError(InvalidInputError):
    """An object is too short or too long."""

    def __init__(self) -> None:
        super().__init__("Invalid tag length")


class InvalidPredicateError(InvalidInputError):
    """There is no predicate of a number."""

    def __init__(self) -> None:
        super().__init__("Invalid predicate")


@runtime_checkable
class Knowledge(Protocol):
    """What this node says about torrents, known ones or not. Changes are signed, and on disk when a method returns."""

    async def replace(self, infohash: str, claims: Iterable[Claim]) -> None:
        """Make these all that is shown of a torrent: what is missing is removed, what is new is added."""

    async def change(self, infohash: str, *, add: Iterable[Claim] = (), remove: Iterable[Claim] = ()) -> None:
        """Add what is not shown of these claims, and remove what is shown of those."""

    async def adopt(self, said: Iterable[tuple[str, Claim, Deed]]) -> int:
        """Say what this user said elsewhere: of an infohash, that a claim is to be added, or removed.

        What this node said of a claim stays as it is. Returns how many are new.
        """

    def suggested(self, infohash: str) -> list[str]:
        """Return the tags of a torrent that the peers disagree on, and this node said nothing about."""


@runtime_checkable
class Operations(Protocol):
    """Who said what."""

    async def add(self, operations: Iterable[Operation]) -> list[Outcome]:
        """Take over what peers sent; on disk when this returns. One outcome for each, in order.

        Of two operations of one author on one claim the one with the greater clock stays. Signatures of what is new are
        checked, in a thread, 0.15 ms each. There is a limit to the number of claims that peers can make of one torrent.
        """

    def count_of(self, author: bytes) -> int:
        """Return how many operations are an author's. Looks at all there are: for a thread."""

    def about(self, infohash: str) -> list[Operation]:
        """Return all that is known of a torrent, to be passed on."""
