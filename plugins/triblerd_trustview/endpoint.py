"""``GET /trustview``, and the page that draws it."""

import asyncio
import re
from pathlib import Path

from aiohttp import hdrs, web

from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Endpoint, route
from triblerd.http.pages import StaticFiles
from triblerd_trustview.forms import WRITERS
from triblerd_trustview.schemas import TrustQuery, TrustView
from triblerd_trustview.view import KeptView

FILES = StaticFiles(
    "/static/trustview/", Path(__file__).with_name("static"), ["trustview.html", "trustview.js", "trustview.css"]
)

_EXAMPLE_KEY = "4c69624e61434c504b3a" + "00" * 64
_EXAMPLE = {
    "root_public_key": _EXAMPLE_KEY,
    "graph": {
        "node": [{"id": 0, "key": _EXAMPLE_KEY, "total_up": 0, "total_down": 0, "pos": [0.0, 0.0]}],
        "edge": [],
    },
    "bootstrap": 0,
    "num_tx": 0,
}


class TrustviewEndpoint(Endpoint):
    """Who helps whom."""

    prefix = "/trustview"

    def __init__(self, *, view: KeptView) -> None:
        self._view = view

    @route("GET", "", answers=TrustView, also=tuple(WRITERS), examples={"answer": _EXAMPLE})
    async def trustview(self, query: TrustQuery, request: web.Request, media_type: str) -> TrustView | bytes:
        """Return the graph of who took from whom around this node, laid out.

        It stays the same until `refresh` asks for a new one.
        """
        wants_new = _is_not_zero(query.refresh) and request.method != hdrs.METH_HEAD
        view = await self._view.get(refresh=wants_new)
        write = WRITERS.get(media_type)
        return await asyncio.to_thread(write, view) if write else view


class TrustviewPage(Endpoint):
    """The page that draws the graph. Needs no key; what it shows it asks for with the user's."""

    @route("GET", "/docs/trustview", media_type="text/html")
    async def page(self) -> web.StreamResponse:
        """Who helps whom."""
        return FILES.answer("trustview.html")

    @route("GET", "/static/trustview/{file}")
    async def asset(self, file: str) -> web.StreamResponse:
        """Return a file of the page."""
        return FILES.answer(file)


def _is_not_zero(text: str) -> bool:
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        msg = "refresh must be an integer"
        raise InvalidInputError(msg)
    return text.strip("+-0") != ""
