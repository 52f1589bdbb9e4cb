"""``PUT /api/recommender/clicked``."""

import msgspec

from triblerd.http.endpoint import RawBody, route
from triblerd_tribler8.parts import Dialect


class Clicked(msgspec.Struct, frozen=True):
    """It was noticed."""

    added: bool = True


class RecommenderPart(Dialect):
    """What a recommender would learn of, if there were one."""

    prefix = "/api/recommender"

    @route("PUT", "/clicked", answers=Clicked)
    async def clicked(self, body: RawBody) -> Clicked:
        """Take what somebody chose of search results, and forget it: nothing is learned of that here."""
        del body
        return Clicked()
