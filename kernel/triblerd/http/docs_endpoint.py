"""``/docs``: Swagger UI and the API's description in two dialects, without a key and without any other server."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import msgspec
from aiohttp import web

from triblerd.auth import Auth
from triblerd.config import ApiConfig
from triblerd.http.endpoint import Encoded, Endpoint, route
from triblerd.http.errors import UnknownPathError
from triblerd.http.router import Router

STATIC = Path(__file__).with_name("static")
ASSETS: Mapping[str, str] = {
    "boot.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-bundle.js.LICENSE.txt": "text/plain; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-16x16.png": "image/png",
    "favicon-32x32.png": "image/png",
    "LICENSE": "text/plain; charset=utf-8",
    "NOTICE": "text/plain; charset=utf-8",
}
"""The files that are served, and nothing else, with their media types."""
SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
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

    @route("GET", "/docs", media_type="text/html")
    async def page(self) -> web.StreamResponse:
        """Show Swagger UI."""
        return _file(STATIC / "docs.html", "text/html; charset=utf-8")

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
        if file not in ASSETS:
            msg = f"Could not find /static/swagger/{file}"
            raise UnknownPathError(msg)
        return _file(STATIC / "swagger" / file, ASSETS[file])

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


def _file(path: Path, media_type: str) -> web.StreamResponse:
    return web.FileResponse(path, headers={"Content-Type": media_type, **SAFE})
