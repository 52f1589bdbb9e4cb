"""What is asked, and what is answered."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from triblerd.errors import InvalidInputError
from triblerd_knowledge.api import LONGEST_OBJECT, SHORTEST_OBJECT, Claim, Predicate
from triblerd_knowledge.rules import claim_of
from triblerd_metadata.api import Statement

MOST_STATEMENTS = 1000
_PREDICATES = ", ".join(f"{predicate.value} {predicate.name.lower().replace('_', ' ')}" for predicate in Predicate)


class NewStatement(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about the torrent."""

    predicate: Annotated[Any, Meta(description=_PREDICATES, extra_json_schema={"type": "integer"})]
    object: Annotated[str, Meta(description=f"{SHORTEST_OBJECT} to {LONGEST_OBJECT} characters")]

    def claim(self) -> Claim:
        """Return it as a claim.

        Raises:
            InvalidTagLengthError: the object is too short or too long.
            InvalidPredicateError: the predicate is no number, or there is none of that number.
        """
        return claim_of(self.predicate if type(self.predicate) is int else 0, self.object)


class StatementsBody(msgspec.Struct, frozen=True, kw_only=True):
    """The complete new set of statements."""

    statements: Annotated[list[NewStatement], Meta(description=f"All that is to be shown, at most {MOST_STATEMENTS}")]

    def claims(self) -> list[Claim]:
        """Return the statements as claims.

        Raises:
            InvalidInputError: one of them is none, or they are too many.
        """
        if len(self.statements) > MOST_STATEMENTS:
            msg = f"statements: at most {MOST_STATEMENTS} can be set"
            raise InvalidInputError(msg)
        return [statement.claim() for statement in self.statements]


class StatementList(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a torrent."""

    statements: Annotated[list[Statement], Meta(description="Those that are shown, as in lists of torrents")]


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """It is done."""

    success: bool = True


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """Tags that are suggested."""

    suggestions: Annotated[list[str], Meta(description="In no particular order")]
