"""From a request to a handler's arguments, over a real socket."""

from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from msgspec import Meta

from tests.kernel.http.conftest import KEY
from triblerd.errors import InvalidInputError
from triblerd.http.endpoint import Deferred, Encoded, Endpoint, ExactOne, RawBody, route


class Hash(str):
    __slots__ = ()
    json_schema: ClassVar = {"type": "string", "pattern": "^[0-9a-f]{4}$"}

    @classmethod
    def parse(cls, text):
        if len(text) != 4:
            msg = "Invalid hash"
            raise InvalidInputError(msg)
        return cls(text.lower())


class Query(msgspec.Struct):
    first: Annotated[int, Meta(ge=1)] = 1
    get_peers: ExactOne = False
    sort_desc: bool = True
    hidden: bool | None = None
    tags: list[str] = []
    text: str | None = None
    count: int | None = None


class NeedsText(msgspec.Struct):
    text: str


class Nested(msgspec.Struct):
    files: list[int] = []


class Body(msgspec.Struct):
    uri: str
    anon_hops: Annotated[int, Meta(ge=0, le=3)] = 0
    safe: bool = False
    nested: Nested = msgspec.field(default_factory=Nested)


class Optional(msgspec.Struct):
    state: str = "as it was"


class Everything(Endpoint):
    prefix = "/x"

    @route("GET", "/query")
    async def query(self, query: Query) -> Query:
        """Show the query."""
        return query

    @route("GET", "/needs")
    async def needs(self, query: NeedsText) -> NeedsText:
        """Show the query."""
        return query

    @route("PUT", "/body")
    async def body(self, body: Body) -> Body:
        """Show the body."""
        return body

    @route("DELETE", "/optional")
    async def optional(self, body: Optional) -> Optional:
        """Show the body."""
        return body

    @route("DELETE", "/required")
    async def required(self, body: Body) -> Body:
        """Show the body."""
        return body

    @route("DELETE", "/one/{value}")
    async def one(self, value: Hash, body: Body) -> dict[str, Any]:
        """Show both."""
        return {"value": value, "uri": body.uri}

    @route("PUT", "/any")
    async def anything(self, body: dict[str, Any]) -> dict[str, Any]:
        """Show the body."""
        return body

    @route("PUT", "/raw", consumes="application/octet-stream")
    async def raw(self, body: RawBody) -> dict[str, int]:
        """Count the body."""
        return {"size": len(body)}

    @route("PUT", "/deferred")
    async def deferred(self, body: Deferred[Body]) -> dict[str, str]:
        """Look at the body late."""
        try:
            return {"uri": body.value().uri}
        except InvalidInputError as error:
            return {"refused": str(error)}

    @route("GET", "/hash/{value}")
    async def hash(self, value: Hash) -> dict[str, str]:
        """Show the hash."""
        return {"value": value, "type": type(value).__name__}

    @route("GET", "/int/{value}/{other}")
    async def numbers(self, value: int, other: str) -> dict[str, Any]:
        """Show both."""
        return {"value": value, "other": other}

    @route("GET", "/encoded", answers=Query)
    async def encoded(self) -> Encoded:
        """Answer what is JSON already."""
        return Encoded(b'{ "first": 1 }')

    @route("GET", "/text", media_type="text/plain")
    async def text(self) -> dict[str, str]:
        """Answer JSON that calls itself text."""
        return {"text": "ä"}

    @route("GET", "/bytes", media_type="application/x-bittorrent")
    async def torrent(self) -> bytes:
        """Answer bytes."""
        return b"d4:infoe"

    @route("GET", "/forms", also=("text/plain", "text/csv"))
    async def forms(self, media_type: str) -> bytes:
        """Answer in the form that is wanted."""
        return b"{}" if media_type == "application/json" else media_type.encode()

    @route("GET", "/nothing")
    async def nothing(self) -> None:
        """Answer nothing."""


@pytest.fixture
async def served(serve):
    async with serve(Everything()) as served:
        yield served


DEFAULTS: dict[str, object] = {
    "first": 1,
    "get_peers": False,
    "sort_desc": True,
    "hidden": None,
    "tags": [],
    "text": None,
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("first=3&unknown=4", {"first": 3}),
        ("get_peers=1", {"get_peers": True}),
        ("get_peers=yes", {"get_peers": True}),
        ("get_peers=2", {"get_peers": False}),
        ("get_peers=", {"get_peers": False}),
        ("sort_desc=0", {"sort_desc": False}),
        ("sort_desc=OFF&hidden=on", {"sort_desc": False, "hidden": True}),
        ("tags=a&tags=b%26c", {"tags": ["a", "b&c"]}),
        ("first=3&first=x", {"first": 3}),
        ("first=%2B3&count=null", {"first": 3}),
        ("count=-7", {"count": -7}),
        ("text=%C3%A4+b", {"text": "ä b"}),
        ("apikey=the-right-key", {}),
    ],
)
async def test_a_query_becomes_a_struct(served, query, expected):
    answer = await served.get("", raw_path=f"/x/query?{query}")

    assert answer.status == 200
    defaults: dict[str, object] = {
        "first": 1,
        "get_peers": False,
        "sort_desc": True,
        "hidden": None,
        "tags": [],
        "text": None,
        "count": None,
    }
    assert answer.json == defaults | expected


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/x/query?first=0", "first: expected int >= 1"),
        *((f"/x/query?first={text}", "first: expected int, got str") for text in ("x", "1.0", "1e2", "", "null")),
        ("/x/query?count=1.0", "count: expected int | null, got str"),
        ("/x/query?sort_desc=perhaps", "sort_desc: expected bool, got str"),
        ("/x/query?hidden=", "hidden: expected bool | null, got str"),
        ("/x/needs", "text parameter missing"),
        ("/x/hash/12", "Invalid hash"),
        *((f"/x/int/{text}/two", "value: expected int, got str") for text in ("1.0", "1e2", "%201", "0x1", "+")),
        ("/x/int/one/two", "value: expected int, got str"),
        ("/x/int/1/two%00", "other: expected text without NUL"),
    ],
)
async def test_what_is_wrong_with_a_query_or_a_path_is_named(served, target, text):
    answer = await served.get("", raw_path=target)

    assert (answer.status, answer.json) == (400, {"error": text})


async def test_a_segment_is_decoded_once_and_keeps_its_slashes(served):
    assert (await served.get("", raw_path="/x/int/-5/a%2Fb%2541")).json == {"value": -5, "other": "a/b%41"}
    assert (await served.get("", raw_path="/x/int/+7/a")).json == {"value": 7, "other": "a"}
    assert (await served.get("/x/hash/ABCD")).json == {"value": "abcd", "type": "Hash"}


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain", "x"])
async def test_a_body_is_json_whatever_the_content_type_says(served, content_type):
    body = b'{"uri": "magnet:", "anon_hops": 2.0, "safe": "true", "unknown": 1}'

    answer = await served.ask("PUT", "/x/body", data=body, headers={"Content-Type": content_type})

    assert answer.json == {"uri": "magnet:", "anon_hops": 2, "safe": True, "nested": {"files": []}}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "Bad JSON"),
        (b" \n", "Bad JSON"),
        (b"{}", "uri parameter missing"),
        (b'{"uri": 1}', "uri: expected str, got int"),
        (b'{"uri": null}', "uri: expected str, got null"),
        (b'{"uri": "", "anon_hops": 4}', "anon_hops: expected int <= 3"),
        (b'{"uri": "", "nested": {"files": [1, "x"]}}', "nested.files[1]: expected int, got str"),
        (b"{", "Bad JSON"),
        (b"[]", "Bad JSON"),
        (b"null", "Bad JSON"),
        (b'"uri"', "Bad JSON"),
        (b'{"uri": "a"} x', "Bad JSON"),
        (b"uri=magnet", "Bad JSON"),
        (b'\xef\xbb\xbf{"uri": ""}', "Bad JSON"),
        (b'{"uri": "\\ud800"}', "Bad JSON"),
        (b'{"uri": "\xff"}', "Bad JSON"),
        (b'{"uri": "\xed\xa0\x80"}', "Bad JSON"),
        (b'{"uri": "", "anon_hops": NaN}', "Bad JSON"),
        (b'{"uri": "", "z": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "Bad JSON"),
        (b'{"z": ' * 100_000, "Bad JSON"),
    ],
)
async def test_what_is_wrong_with_a_body_is_named(served, body, text):
    answer = await served.ask("PUT", "/x/body", data=body)

    assert (answer.status, answer.json) == (400, {"error": text})


@pytest.mark.parametrize("number", [b"9" * 400, b"1e400", b"-1e400", b"0.1"])
async def test_a_number_out_of_range_is_refused(served, number):
    answer = await served.ask("PUT", "/x/body", data=b'{"uri": "", "anon_hops": ' + number + b"}")

    assert answer.status == 400
    assert answer.error.startswith("anon_hops: ")


async def test_a_deletion_without_a_body_says_nothing(served):
    assert (await served.ask("DELETE", "/x/optional")).json == {"state": "as it was"}
    assert (await served.ask("DELETE", "/x/required")).error == "uri parameter missing"


async def test_what_a_body_lacks_is_told_before_what_is_wrong_with_the_path(served):
    assert (await served.ask("DELETE", "/x/one/12", data=b"{}")).error == "uri parameter missing"
    assert (await served.ask("DELETE", "/x/one/12", data=b'{"uri": ""}')).error == "Invalid hash"


async def test_free_json_deeper_than_the_stack_is_refused(served):
    answer = await served.ask("PUT", "/x/any", data=b'{"z": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")

    assert (answer.status, answer.error) == (400, "Bad JSON")


async def test_a_raw_body_is_taken_as_it_is(served):
    assert (await served.ask("PUT", "/x/raw", data=b"\xff\0" * 1000)).json == {"size": 2000}


async def test_a_deferred_body_is_judged_by_the_handler(served):
    assert (await served.ask("PUT", "/x/deferred", data=b'{"uri": "u"}')).json == {"uri": "u"}
    assert (await served.ask("PUT", "/x/deferred", data=b"{")).json == {"refused": "Bad JSON"}


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/x/encoded", "application/json", b'{ "first": 1 }'),
        ("/x/text", "text/plain; charset=utf-8", '{"text":"ä"}'.encode()),
        ("/x/bytes", "application/x-bittorrent", b"d4:infoe"),
    ],
)
async def test_an_answer_has_the_media_type_of_its_route_and_a_length(served, path, media_type, body):
    answer = await served.get(path)

    assert (answer.body, answer.headers["Content-Type"]) == (body, media_type)
    assert answer.headers["Content-Length"] == str(len(body))
    assert not {"Access-Control-Allow-Origin", "Content-Encoding", "Cache-Control"} & set(answer.headers)


async def test_nothing_is_answered_as_json_too(served):
    answer = await served.get("/x/nothing")

    assert (answer.status, answer.body) == (200, b"null")


async def test_the_body_of_a_get_is_ignored(served):
    assert (await served.ask("GET", "/x/query", data=b"{")).status == 200


@pytest.mark.parametrize(
    ("accept", "content_type", "body"),
    [
        ({}, "application/json", b"{}"),
        ({"Accept": "text/*;q=0.5, text/csv"}, "text/csv; charset=utf-8", b"text/csv"),
        ({"Accept": "text/plain"}, "text/plain; charset=utf-8", b"text/plain"),
    ],
)
async def test_an_answer_has_the_form_that_the_client_wants(served, accept, content_type, body):
    answer = await served.get("/x/forms", headers={**accept, "X-Api-Key": KEY})

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, content_type, body)
    assert answer.headers["Vary"] == "Accept"


async def test_a_form_that_an_answer_does_not_have_is_refused(served):
    answer = await served.get("/x/forms", headers={"Accept": "image/png", "X-Api-Key": KEY})

    assert (answer.status, answer.json) == (
        406,
        {"error": "This can be had as application/json, text/plain, text/csv"},
    )
    assert (await served.get("/x/text", headers={"Accept": "image/png", "X-Api-Key": KEY})).status == 200


def test_a_handler_of_an_answer_with_several_forms_takes_the_chosen_one():
    with pytest.raises(TypeError, match="media_type stands either in the path or in the signature"):

        class Forgetful(Endpoint):
            @route("GET", "/forgetful", also=("text/plain",))
            async def forget(self) -> None: ...
