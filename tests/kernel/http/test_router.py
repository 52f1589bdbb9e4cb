"""Routes: how they are found."""

from typing import ClassVar

import pytest

from triblerd.errors import NotFoundError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd.http.route_table import DuplicateRouteError
from triblerd.http.router import Router


class Owner(str):
    __slots__ = ()
    may_be_empty: ClassVar = True
    json_schema: ClassVar = {"type": "string"}

    @classmethod
    def parse(cls, text):
        return cls(text)


class Owned(Endpoint):
    prefix = "/owned"

    @route("GET", "/{owner}/{name}")
    async def one(self, owner: Owner, name: str) -> str:
        """Say which route it is."""
        return f"{owner or 'nobody'} has {name}"


class Paths(Endpoint):
    prefix = "/things"

    @route("GET", "")
    async def everything(self) -> str:
        """Say which route it is."""
        return "all"

    @route("GET", "/popular")
    async def popular(self) -> str:
        """Say which route it is."""
        return "popular"

    @route("GET", "/{name}")
    async def one(self, name: str) -> str:
        """Say which route it is."""
        return f"one {name}"

    @route("PUT", "/{thing}")
    async def change(self, thing: str) -> str:
        """Say which route it is."""
        return f"change {thing}"

    @route("GET", "/{name}/{number}")
    async def numbered(self, name: str, number: int) -> str:
        """Say which route it is."""
        return f"numbered {name} {number}"

    @route("GET", "/popular/today")
    async def today(self) -> str:
        """Say which route it is."""
        return "today"

    @route("GET", "/switch", scope=Scope.WRITE)
    async def switch(self) -> str:
        """Change something."""
        raise NotFoundError


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/things", "all"),
        ("GET", "/things/popular", "popular"),
        ("GET", "/things/%70opular", "popular"),
        ("GET", "/things/other", "one other"),
        ("PUT", "/things/popular", "change popular"),
        ("GET", "/things/popular/today", "today"),
        ("GET", "/things/popular/7", "numbered popular 7"),
        ("GET", "/things/a%2Fb", "one a/b"),
        ("GET", "/things/..%2F..", "one ../.."),
        ("GET", "/things/%252e", "one %2e"),
    ],
)
async def test_the_most_literal_route_answers(serve, method, path, answer):
    async with serve(Paths()) as served:
        assert (await served.ask(method, "", raw_path=path)).json == answer


@pytest.mark.parametrize(
    "path", ["/", "//", "/things/", "/things//", "//things", "/things/a/1/2", "/thing", "/things/%ff", "/%2Fthings"]
)
async def test_any_other_path_is_unknown(serve, path):
    async with serve(Paths()) as served:
        answer = await served.get("", raw_path=path)

    assert answer.status == 404
    assert answer.error["message"].startswith("Could not find /")


async def test_a_parameter_may_be_empty_only_if_its_type_says_so(serve):
    async with serve(Owned()) as served:
        answer = await served.get("", raw_path="/owned//seven")
        nameless = await served.get("", raw_path="/owned/me/")

    assert answer.json == "nobody has seven"
    assert nameless.status == 404


async def test_another_method_is_refused_with_those_that_there_are(serve):
    async with serve(Paths()) as served:
        answer = await served.ask("DELETE", "/things/popular")
        odd = await served.ask("PROPFIND", "/things")

    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, PUT")
    assert answer.error == {"handled": True, "message": "Method Not Allowed"}
    assert (odd.status, odd.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_options_names_the_methods_and_no_origins(serve):
    async with serve(Paths()) as served:
        answer = await served.ask("OPTIONS", "/things/x", headers={"Origin": "http://elsewhere"})
        unknown = await served.ask("OPTIONS", "/nix")

    assert (answer.status, answer.headers["Allow"], answer.body) == (204, "GET, HEAD, OPTIONS, PUT", b"")
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    assert unknown.status == 404


async def test_head_has_the_headers_of_get_and_no_body(serve):
    async with serve(Paths()) as served:
        head, get = await served.ask("HEAD", "/things"), await served.get("/things")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == "5"


async def test_head_changes_nothing(serve):
    async with serve(Paths()) as served:
        assert (await served.ask("HEAD", "/things/switch")).status == 200
        assert (await served.get("/things/switch")).status == 404


def test_two_routes_that_nothing_tells_apart_are_refused_as_a_whole():
    class Twin(Endpoint):
        @route("GET", "/new")
        async def new(self) -> str:
            """Be new."""
            return ""

        @route("GET", "/things/{other}")
        async def other(self, other: str) -> str:
            """Be known already."""
            return other

    router = Router()
    router.declare("paths", [Paths])

    with pytest.raises(DuplicateRouteError, match=r"/things/\{other\}"):
        router.declare("twin", [Twin])

    assert router.routes("twin") == []
    assert len(router.routes("paths")) == len(Paths.routes)


def test_objects_that_do_not_match_the_declared_classes_are_refused():
    router = Router()
    router.declare("paths", [Paths])

    with pytest.raises(TypeError, match="Paths"):
        router.bind("paths", [])
    with pytest.raises(TypeError, match="Owned"):
        router.bind("paths", [Paths(), Owned()])


class Rest(str):
    __slots__ = ()
    takes_rest: ClassVar = True
    json_schema: ClassVar = {"type": "string"}

    @classmethod
    def parse(cls, text):
        return cls(text)


class Pages(Endpoint):
    prefix = "/pages"
    needs_key = False

    @route("GET", "/{path}")
    async def page(self, path: Rest) -> str:
        """Tell what is left of the path."""
        return str(path)


@pytest.mark.parametrize("rest", ["", "a", "a/b.js", "a//b/", "a%2Fb"])
async def test_a_parameter_may_take_the_rest_of_a_path_and_a_class_may_do_without_a_key(serve, rest):
    async with serve(Pages()) as served:
        answer = await served.ask("GET", None, raw_path=f"/pages/{rest}", headers={"X-Api-Key": "wrong"})
        beside = await served.get("/pagesandmore", headers={"X-Api-Key": "wrong"})

    assert (answer.status, answer.json) == (200, rest.replace("%2F", "/"))
    assert beside.status == 401


def test_nobody_opens_all_paths():
    with pytest.raises(TypeError, match="open to everybody"):

        class Everything(Endpoint):
            needs_key = False
