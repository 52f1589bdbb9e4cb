"""``/knowledge``."""

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, route
from triblerd_knowledge.api import InvalidPredicateError, InvalidTagLengthError
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.schemas import StatementList, StatementsBody, Success, Suggestions
from triblerd_metadata.api import Infohash

_STATEMENTS = {"statements": [{"predicate": 101, "object": "live"}, {"predicate": 8, "object": "Dutch"}]}


class KnowledgeEndpoint(Endpoint):
    """Tags of torrents and other statements."""

    prefix = "/knowledge"

    def __init__(self, *, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge

    @route("GET", "/{infohash}", raises=(InvalidInputError,))
    async def show_statements(self, infohash: Infohash) -> StatementList:
        """List the statements about a torrent that are shown, whether the torrent is known or not."""
        return StatementList(statements=self._knowledge.shown(infohash))

    @route(
        "PATCH",
        "/{infohash}",
        raises=(InvalidInputError, InvalidTagLengthError, InvalidPredicateError),
        examples={"body": _STATEMENTS},
    )
    async def set_statements(self, infohash: Infohash, body: StatementsBody) -> Success:
        """Set all statements about a torrent that are shown: what is missing is removed, what is new is added.

        The torrent need not be known.
        """
        await self._knowledge.replace(infohash, body.claims())
        return Success()

    @route("GET", "/{infohash}/tag_suggestions", raises=(InvalidInputError,))
    async def suggestions(self, infohash: Infohash) -> Suggestions:
        """List the tags that other people do not agree on, and that this node said nothing about."""
        return Suggestions(suggestions=self._knowledge.suggested(infohash))
