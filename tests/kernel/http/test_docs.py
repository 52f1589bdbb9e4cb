"""The API's description: complete, valid, local, and as changing as the routes."""
# ruff: noqa: ARG002 - handlers are declared here, and not called

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from aiohttp import web
from msgspec import Meta
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV31SpecValidator

import triblerd
from tests.kernel.http.conftest import KEY
from tests.kernel.http.test_binding import Everything
from triblerd.config import ApiConfig
from triblerd.errors import ConflictError, NotFoundError, OperationError
from triblerd.http.docs_endpoint import ASSETS, DocsEndpoint
from triblerd.http.endpoint import Endpoint, ExactOne, RawBody, route
from triblerd.http.pages import StaticFiles
from triblerd.services import PluginView

NONE = {"X-Api-Key": ""}


class Shape(msgspec.Struct, tag="square"):
    """A square."""

    side: Annotated[float, Meta(gt=0, description="Its side")]


class Round(msgspec.Struct, tag="round"):
    """A circle."""

    radius: float


class Order(msgspec.Struct):
    """What is wanted."""

    shape: Shape | Round
    colour: Literal["red", "green"] = "red"
    count: Annotated[int, Meta(ge=1, le=9)] | None = None
    pair: tuple[int, str] = (1, "a")
    notes: dict[str, list[Any]] = {}


class Filter(msgspec.Struct):
    """Which are wanted."""

    colour: Annotated[Literal["red", "green"] | None, Meta(description="Only of this colour")] = None
    tags: list[str] = []
    exact: ExactOne = False
    since: Annotated[int, Meta(gt=-1)] | None = None


class GoneError(NotFoundError):
    """The thing is gone."""


class Shop(Endpoint):
    prefix = "/shop"

    @route("GET", "")
    async def look(self, query: Filter) -> list[Order]:
        """List what there is.

        And how much of it.
        """
        return []

    @route(
        "PUT", "/{name}", raises=(GoneError, ConflictError, OperationError), examples={"body": {"shape": {"side": 1}}}
    )
    async def order(self, name: str, body: Order) -> Order:
        """Order something."""
        return body

    @route("GET", "/sign", media_type="image/svg+xml", also=("image/png", "text/plain"))
    async def sign(self, media_type: str) -> bytes:
        """Show the sign."""
        return media_type.encode()

    @route("POST", "/{name}/{number}", consumes="application/octet-stream", media_type="text/plain")
    async def upload(self, name: str, number: int, body: RawBody) -> dict[str, int]:
        """Send a picture."""
        return {}

    @route("GET", "/stream", media_type="text/event-stream", streams=True)
    async def stream(self) -> web.StreamResponse:
        """Watch."""
        return web.StreamResponse()

    @route("GET", "/plugin")
    async def plugin(self) -> PluginView:
        """Show a plugin."""
        raise NotFoundError


@pytest.fixture
async def served(serve):
    async with serve(Shop(), bind=False) as served:
        add_docs(served)
        yield served


def add_docs(served, **settings):
    endpoint = DocsEndpoint(
        router=served.router,
        auth=served.server._auth,
        config=ApiConfig(key=KEY, **settings),
        version=triblerd.__version__,
    )
    served.router.declare("kernel", [DocsEndpoint])
    served.router.bind("kernel", [endpoint])


async def openapi(served):
    return (await served.get("/docs/openapi.json", headers=NONE)).json


async def swagger(served):
    return (await served.get("/docs/swagger.json", headers=NONE)).json


async def test_both_documents_are_valid_and_tell_the_same_routes(served):
    served.router.declare("binding", [Everything])
    new, old = await openapi(served), await swagger(served)

    OpenAPIV31SpecValidator(new).validate()
    OpenAPIV2SpecValidator(old).validate()
    assert new["openapi"] == "3.1.0"
    assert old["swagger"] == "2.0"
    assert old["info"] == {"title": "Tribler REST API documentation", "version": triblerd.__version__} == new["info"]
    assert {path: set(methods) for path, methods in new["paths"].items()} == {
        path: set(methods) for path, methods in old["paths"].items()
    }
    assert set(new["paths"]) >= {"/shop", "/shop/{name}", "/x/query"}
    assert not [path for path in new["paths"] if path.startswith(("/docs", "/static"))]


async def test_an_operation_tells_everything(served):
    document = await openapi(served)

    look, order = document["paths"]["/shop"]["get"], document["paths"]["/shop/{name}"]["put"]
    assert (look["summary"], look["description"]) == ("List what there is.", "And how much of it.")
    assert look["tags"] == ["area"]
    parameters = {parameter["name"]: parameter for parameter in look["parameters"]}
    assert parameters["colour"]["description"] == "Only of this colour"
    assert parameters["tags"]["schema"]["type"] == "array"
    assert parameters["exact"]["schema"]["type"] == "boolean"
    assert parameters["colour"]["schema"] == {"enum": ["green", "red"]}
    assert not any(parameter["required"] for parameter in parameters.values())
    assert order["requestBody"]["required"] is True
    [content] = order["requestBody"]["content"].values()
    assert content == {"schema": {"$ref": "#/components/schemas/Order"}, "example": {"shape": {"side": 1}}}
    assert "The thing is gone." in order["responses"]["404"]["description"]
    assert list(order["responses"]) == ["200", "400", "401", "403", "404", "408", "409", "413", "429", "500", "503"]
    assert list(look["responses"]) == ["200", "400", "401", "403", "429", "503"]


async def test_an_answer_of_several_forms_tells_all_of_them(served):
    new, old = await openapi(served), await swagger(served)

    responses = new["paths"]["/shop/sign"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["image/svg+xml", "image/png", "text/plain"]
    assert "406" in responses
    assert set(old["paths"]["/shop/sign"]["get"]["produces"]) >= {"image/svg+xml", "image/png", "text/plain"}


async def test_the_old_document_tells_the_key_bodies_and_choices_in_its_own_words(served):
    document = await swagger(served)

    assert document["security"] == [{"apiKey": []}]
    assert document["securityDefinitions"] == {"apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    order = document["definitions"]["Order"]["properties"]
    assert order["count"] == {"type": "integer", "minimum": 1, "maximum": 9, "x-nullable": True}
    assert document["definitions"]["Shape"]["properties"]["side"]["exclusiveMinimum"] is True
    [colour, *_] = document["paths"]["/shop"]["get"]["parameters"]
    assert (colour["type"], colour["enum"]) == ("string", ["green", "red"])
    upload = document["paths"]["/shop/{name}/{number}"]["post"]
    assert upload["consumes"] == ["application/octet-stream"]
    assert upload["parameters"][-1]["in"] == "body"


async def test_without_a_key_none_is_asked_for(serve):
    async with serve(Shop(), key="") as served:
        add_docs(served)
        new, old = await openapi(served), await swagger(served)

    assert not {"security", "securityDefinitions"} & {*new, *old}


async def test_the_documents_follow_the_routes(served):
    before = await openapi(served)
    served.router.retract("area")
    without = await openapi(served)
    served.router.declare("area", [Shop])
    again = await openapi(served)

    assert without["paths"] == {}
    assert before == again


async def test_the_documents_name_the_base_path(serve):
    async with serve(Shop(), base_path="/triblerd/") as served:
        add_docs(served, base_path="/triblerd/")

        assert (await openapi(served))["servers"] == [{"url": "/triblerd"}]
        assert (await swagger(served))["basePath"] == "/triblerd"
        assert (await served.get("/triblerd/docs", headers=NONE)).status == 200


async def test_the_page_is_local_relative_and_without_inline_script(served):
    page = await served.get("/docs", headers=NONE)

    text = page.body.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(links) == 5
    assert all(link.removeprefix("static/swagger/") in ASSETS for link in links)
    assert (await served.get("/docs/", headers=NONE)).status == 404


class Fans(Endpoint):
    @route("GET", "/docs/fans/<1>", media_type="text/html")
    async def page(self) -> web.StreamResponse:
        """Fans & their speeds."""
        return PAGES.answer("fans.html")

    @route("GET", "/static/fans/{file}")
    async def asset(self, file: str) -> web.StreamResponse:
        """Return a part of the page."""
        return PAGES.answer(file)

    @route("GET", "/docs/fans.json")
    async def no_page(self) -> dict[str, str]:
        """No page."""
        return {}


PAGES = StaticFiles("/static/fans/", Path(__file__).parent, ["fans.html"])


async def test_a_page_of_a_plugin_is_linked_while_the_plugin_runs(served):
    async def links():
        page = (await served.get("/docs", headers=NONE)).body.decode()
        return re.findall(r"<nav.*</nav>", page)

    assert await links() == []
    served.router.declare("fans", [Fans])
    assert await links() == []
    served.router.bind("fans", [Fans()])
    [navigation] = await links()
    assert '<a href="docs/fans/&lt;1&gt;">Fans &amp; their speeds</a>' in navigation
    await served.router.unbind("fans", 0)
    assert await links() == []


def test_a_file_that_nobody_knows_is_not_served():
    with pytest.raises(ValueError, match=r"what is a\.exe, b\.xyz"):
        StaticFiles("/static/fans/", Path(), ["a.exe", "b.js", "b.xyz"])


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("boot.js", "text/javascript; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-16x16.png", "image/png"),
        ("favicon-32x32.png", "image/png"),
        ("LICENSE", "text/plain; charset=utf-8"),
        ("NOTICE", "text/plain; charset=utf-8"),
    ],
)
async def test_an_asset_is_served_once(served, name, media_type):
    asset = await served.get(f"/static/swagger/{name}", headers=NONE)
    head = await served.ask("HEAD", f"/static/swagger/{name}", headers=NONE)
    again = await served.get(f"/static/swagger/{name}", headers={**NONE, "If-None-Match": asset.headers["ETag"]})

    assert (asset.status, asset.headers["Content-Type"]) == (200, media_type)
    assert "script-src 'self';" in asset.headers["Content-Security-Policy"]
    assert len(asset.body) == int(asset.headers["Content-Length"]) == int(head.headers["Content-Length"])
    assert head.body == b""
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["nix.js", "..%2Fdocs.html", "%2Fetc%2Fpasswd", "swagger-ui.css%00", ".", "boot.js/"])
async def test_nothing_else_is_served(served, name):
    answer = await served.get("", raw_path=f"/static/swagger/{name}", headers=NONE)

    assert answer.status in (400, 404)


async def test_whether_the_daemon_is_well_is_told_without_a_key(start_daemon):
    async with start_daemon() as daemon:
        daemon.key = ""
        health = await daemon.get("/healthz")
        head = await daemon.request("HEAD", "/healthz")

    assert health["status"] == "ok"
    assert health["phase"] in ("STARTING", "STARTED")
    assert health["plugins"]["disabled"] >= 1
    assert head.status == 200
