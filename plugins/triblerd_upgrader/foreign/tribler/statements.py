"""What users said about torrents: ``knowledge.db`` of version 7.13, ``tribler.db`` of the versions after it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from triblerd_identity.api import PUBLIC_KIND
from triblerd_knowledge.api import LONGEST_OBJECT, SHORTEST_OBJECT, Claim, Deed, Operation, Predicate
from triblerd_upgrader.foreign.tribler.database import ROWS, Database, Row
from triblerd_upgrader.foreign.values import ForeignRecords, NotTaken

OPERATIONS = "statements"
"""What is signed, by peers and by this user's earlier key."""
OWN = "own statements"
"""What the user said, to be signed by this node."""

_INFOHASH = re.compile("[0-9a-f]{40}")
_PREDICATES = frozenset(Predicate)
_DEEDS = frozenset(Deed)
_SAID = (
    " FROM Statement AS statement JOIN Resource AS subject ON subject.id = statement.subject"
    " JOIN Resource AS object ON object.id = statement.object"
)
_WHAT = "SELECT subject.type, subject.name, object.type, object.name"
_OF_USER = (
    f"{_WHAT}, statement.local_operation{_SAID}"
    " WHERE statement.id BETWEEN ? AND ? AND statement.local_operation IS NOT NULL"
)
_OF_PEERS = (
    f"{_WHAT}, op.operation, op.clock, op.signature, op.auto_generated, peer.public_key{_SAID}"
    " JOIN StatementOp AS op ON op.statement = statement.id JOIN Peer AS peer ON peer.id = op.peer"
    " WHERE op.id BETWEEN ? AND ?"
)


class OwnStatement(msgspec.Struct, frozen=True, gc=False):
    """That a claim about a torrent (40 lower-case hex digits) is added, or removed."""

    infohash: str
    claim: Claim
    deed: Deed


class _Said(NamedTuple):
    """A row of what somebody said."""

    subject_type: Any
    subject: Any
    predicate: Any
    object: Any
    deed: Any
    clock: Any = None
    signature: Any = None
    auto_generated: Any = None
    public_key: Any = None


class _UnfitError(ValueError):
    """Something cannot be said here; the text says why."""


def read_statements(database: Database) -> Iterator[ForeignRecords | NotTaken]:
    """Yield what the user said, then what is signed, in portions, then what is not among them."""
    skipped: Counter[str] = Counter()
    of_user = database.walk("Statement", lambda first, last: database.rows(_OF_USER, (first, last)))
    of_peers = database.walk("StatementOp", lambda first, last: database.rows(_OF_PEERS, (first, last)))
    yield from _made(of_user, _own, OWN, skipped)
    yield from _made(of_peers, _operation, OPERATIONS, skipped)
    for reason, count in skipped.items():
        yield NotTaken(f"statements ({count})", reason)
    if database.lost:
        yield NotTaken(f"statements ({database.lost})", "they lie in damaged pages")


def own_tags(tags: Iterable[tuple[bytes, tuple[str, ...]]]) -> Iterator[ForeignRecords | NotTaken]:
    """Yield the tags of version 8, which nobody signed, as statements of the user.

    Args:
        tags: Of torrents, by the 20 bytes by which they are known here.
    """
    values: list[OwnStatement] = []
    unfit = 0
    for infohash, names in tags:
        for name in names:
            if SHORTEST_OBJECT <= len(name) <= LONGEST_OBJECT:
                values.append(OwnStatement(infohash.hex(), Claim(Predicate.TAG, name), Deed.ADD))
            else:
                unfit += 1
    for first in range(0, len(values), ROWS):
        yield ForeignRecords(kind=OWN, values=values[first : first + ROWS])
    if unfit:
        yield NotTaken(f"tags ({unfit})", f"a statement has {SHORTEST_OBJECT} to {LONGEST_OBJECT} characters")


def _made(
    portions: Iterable[list[Row]], make: Callable[[_Said], object], kind: str, skipped: Counter[str]
) -> Iterator[ForeignRecords]:
    for rows in portions:
        values = []
        for row in rows:
            try:
                values.append(make(_Said(*row)))
            except _UnfitError as error:
                skipped[str(error)] += 1
        if values:
            yield ForeignRecords(kind=kind, values=values)


def _own(said: _Said) -> OwnStatement:
    return OwnStatement(*_claimed(said), _deed(said))


def _operation(said: _Said) -> Operation:
    if said.auto_generated:
        msg = "the program made them itself of titles"
        raise _UnfitError(msg)
    infohash, claim = _claimed(said)
    key = said.public_key
    if not isinstance(key, bytes) or not isinstance(said.signature, bytes) or not isinstance(said.clock, int):
        msg = "they are damaged"
        raise _UnfitError(msg)
    return Operation(
        author=key.removeprefix(PUBLIC_KIND),
        infohash=infohash,
        predicate=claim.predicate,
        object=claim.object,
        deed=_deed(said),
        clock=said.clock,
        signature=said.signature,
    )


def _claimed(said: _Said) -> tuple[str, Claim]:
    if said.subject_type != Predicate.TORRENT or not _INFOHASH.fullmatch(str(said.subject)):
        msg = "they are not about a torrent"
    elif said.predicate not in _PREDICATES:
        msg = "there is no such kind of statement"
    elif not isinstance(said.object, str) or not SHORTEST_OBJECT <= len(said.object) <= LONGEST_OBJECT:
        msg = f"a statement has {SHORTEST_OBJECT} to {LONGEST_OBJECT} characters"
    else:
        return said.subject, Claim(Predicate(said.predicate), said.object)
    raise _UnfitError(msg)


def _deed(said: _Said) -> Deed:
    if said.deed not in _DEEDS:
        msg = "they neither add nor remove anything"
        raise _UnfitError(msg)
    return Deed(said.deed)
