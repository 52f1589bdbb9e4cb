"""``/docs``: Swagger UI and the API's description in two dialects, without a key and without any other server."""

import asyncio
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import msgspec
from aiohttp import web

from triblerd.auth import Auth
from triblerd.config import ApiConfig
from triblerd.http.endpoint import Encoded, Endpoint, Route, route
from triblerd.http.pages import SAFE, StaticFiles
from triblerd.http.router import Router

STATIC = Path(__file__).with_name("static")
ASSETS = (
    "boot.js",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
    "favicon-16x16.png",
    "favicon-32x32.png",
    "LICENSE",
    "NOTICE",
)
"""The files of Swagger UI."""
LINKS = "<!-- links -->"
"""The place in the page where the links to other pages stand."""
JSON = "application/json; charset=utf-8"


class DocsEndpoint(Endpoint):
    """The API's description. Needs no key."""

    def __init__(self, *, router: Router, auth: Auth, config: ApiConfig, version: str) -> None:
        self._router = router
        self._auth = auth
        self._config = config
        self._version = version
        self._documents: dict[str, bytes] = {}
        self._revision = -1
        self._files = StaticFiles("/static/swagger/", STATIC / "swagger", ASSETS)
        self._page = (STATIC / "docs.html").read_text()

    @route("GET", "/docs", media_type="text/html")
    async def page(self) -> web.StreamResponse:
        """Show Swagger UI, with links to the pages of running plugins."""
        text = self._page.replace(LINKS, _links(self._router.pages()))
        return web.Response(text=text, content_type="text/html", headers=SAFE)

    @route("GET", "/docs/swagger.json", media_type=JSON)
    async def swagger2(self) -> Encoded:
        """Return the description as Swagger 2.0."""
        return Encoded((await self._written())["swagger"])

    @route("GET", "/docs/openapi.json", media_type=JSON)
    async def openapi(self) -> Encoded:
        """Return the description as OpenAPI 3.1."""
        return Encoded((await self._written())["openapi"])

    @route("GET", "/static/swagger/{file}")
    async def asset(self, file: str) -> web.StreamResponse:
        """Return a file of Swagger UI."""
        return self._files.answer(file)

    async def _written(self) -> Mapping[str, bytes]:
        """Return both documents, written anew when routes have come or gone."""
        revision = self._router.revision
        if revision != self._revision:
            self._documents = await asyncio.to_thread(self._write)
            self._revision = revision
        return self._documents

    def _write(self) -> dict[str, bytes]:
        from triblerd.http.openapi import openapi_document  # noqa: PLC0415 - megabytes that few daemons ever need
        from triblerd.http.swagger2 import swagger2_document  # noqa: PLC0415

        document = openapi_document(
            self._router.declared(),
            version=self._version,
            wants_key=self._auth.wants_key,
            base_path=self._config.base_path.rstrip("/"),
        )
        return {"openapi": msgspec.json.encode(document), "swagger": msgspec.json.encode(swagger2_document(document))}


def _links(pages: Sequence[Route]) -> str:
    """Return the links to pages as HTML, relative to ``/docs``."""
    links = "".join(f'<a href="{escape(page.path[1:])}">{escape(page.summary.rstrip("."))}</a> ' for page in pages)
    return f'<nav aria-label="Pages" style="padding: 10px 20px">{links}</nav>' if links else ""
