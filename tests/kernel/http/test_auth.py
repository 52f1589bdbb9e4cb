"""Who may use the API, over a real socket."""

import pytest
from aiohttp import web

from tests.kernel.http.conftest import KEY
from triblerd.auth import ADDRESSES_KEPT, Auth, FailedAttempts
from triblerd.config import ApiConfig, ApiKey
from triblerd.errors import TooManyAttemptsError, UnauthorizedError
from triblerd.http.endpoint import Endpoint, Scope, route

WRONG = {"X-Api-Key": "wrong"}
NONE = {"X-Api-Key": ""}


class Doors(Endpoint):
    @route("GET", "/look")
    async def look(self) -> str:
        """Look."""
        return "seen"

    @route("PUT", "/look")
    async def change(self) -> str:
        """Change."""
        return "changed"

    @route("PUT", "/admin", scope=Scope.ADMIN)
    async def administrate(self) -> str:
        """Administrate."""
        return "done"

    @route("GET", "/docs")
    async def docs(self) -> str:
        """Need no key."""
        return "docs"

    @route("GET", "/docs/more")
    async def more(self) -> str:
        """Need no key."""
        return "more"

    @route("GET", "/docsomething")
    async def something(self) -> str:
        """Need a key."""
        return "something"


def cookie(key):
    return {**NONE, "Cookie": f"other=1; api_key={key}"}


def authorization(text):
    return {**NONE, "Authorization": text}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/look", {}, 200),
        ("/look", NONE, 401),
        ("/look", WRONG, 401),
        ("/look", {"X-Api-Key": KEY[:-1]}, 401),
        ("/look", {"X-Api-Key": KEY.upper()}, 401),
        ("/look", {"X-Api-Key": "schlüssel"}, 401),
        (f"/look?apikey={KEY}", NONE, 200),
        (f"/look?key={KEY}", NONE, 200),
        (f"/look?apikey=&key={KEY}", NONE, 200),
        ("/look", cookie(KEY), 200),
        ("/look", cookie("wrong"), 401),
        (f"/look?apikey={KEY}", WRONG, 401),
        (f"/look?apikey=wrong&key={KEY}", NONE, 401),
        ("/look?apikey=wrong", cookie(KEY), 401),
        ("/look?apikey=wrong", {}, 200),
        ("/look", authorization(f"Bearer {KEY}"), 200),
        ("/look", authorization(f"bearer  {KEY} "), 200),
        ("/look", authorization("Bearer wrong"), 401),
        ("/look", authorization("Bearer"), 401),
        ("/look", authorization(KEY), 401),
        ("/look", authorization(f"Basic {KEY}"), 401),
        ("/look", authorization("Bearer wrong") | cookie(KEY), 200),
        ("/look", authorization(f"Bearer {KEY}") | cookie("wrong"), 401),
        ("/look", authorization(f"Bearer {KEY}") | cookie(""), 200),
        (f"/look?key={KEY}", authorization("Bearer wrong"), 200),
        ("/nix", NONE, 401),
        ("/nix", {}, 404),
        ("/docs", NONE, 200),
        ("/docs", WRONG, 200),
        ("/docs/more", NONE, 200),
        ("/docs/nix", NONE, 404),
        ("/docsomething", NONE, 401),
        ("/%64ocs", NONE, 401),
    ],
)
async def test_the_first_carrier_that_holds_something_decides(serve, path, headers, status):
    async with serve(Doors()) as served:
        answer = await served.get("", raw_path=path, headers=headers)

    assert answer.status == status


async def test_a_refusal_has_the_form_of_its_dialect_and_no_challenge(serve):
    async with serve(Doors()) as served:
        answer = await served.get("/look", headers=NONE)
        answer8 = await served.get("/api/look", headers=NONE)

    assert answer.json == {"error": "Unauthorized access"}
    assert answer8.json == {"error": {"handled": True, "message": "Unauthorized access"}}
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://localhost:20100", "localhost:20100", 200),
        ("https://Box.example", "box.example:443", 200),
        ("http://evil.example", "localhost:20100", 403),
        ("http://localhost:8080", "localhost:20100", 403),
        ("null", "localhost:20100", 403),
        ("", "localhost:20100", 403),
        ("http://[", "localhost", 403),
    ],
)
async def test_a_page_of_another_origin_may_not_use_our_cookie(serve, origin, host, status):
    headers = {"Origin": origin, "Host": host}
    async with serve(Doors()) as served:
        by_cookie = await served.get("/look", headers=cookie(KEY) | headers)
        by_header = await served.get("/look", headers=headers)

    assert by_cookie.status == status
    assert by_header.status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:20100", 200),
        ("localhost.", 200),
        ("127.0.0.1:1", 200),
        ("127.1.2.3", 200),
        ("[::1]:20100", 200),
        ("box.lan:20100", 200),
        ("rebound.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.1.1", 403),
    ],
)
async def test_without_a_key_only_loopback_names_are_answered(serve, host, status):
    async with serve(Doors(), key="", allowed_hosts=("Box.lan",)) as served:
        answer = await served.ask("PUT", "/admin", headers={"Host": host})

    assert answer.status == status


async def test_without_a_key_other_pages_are_refused_too(serve):
    async with serve(Doors(), key="") as served:
        answer = await served.ask("PUT", "/admin", headers={"Origin": "http://evil.example"})

    assert answer.status == 403


@pytest.mark.parametrize(
    ("scope", "statuses"), [("read", [200, 403, 403]), ("write", [200, 200, 403]), ("admin", [200, 200, 200])]
)
async def test_a_named_key_may_do_what_its_scope_says(serve, scope, statuses):
    keys = {"other": ApiKey(key="other-key", scope="read"), "mine": ApiKey(key="my-key", scope=scope)}
    async with serve(Doors(), keys=keys) as served:
        headers = {"X-Api-Key": "my-key"}
        answers = [
            await served.ask(method, path, headers=headers)
            for method, path in [("GET", "/look"), ("PUT", "/look"), ("PUT", "/admin")]
        ]

    assert [answer.status for answer in answers] == statuses
    texts = [answer.error for answer in answers if answer.status == 403]
    assert (
        texts
        == {
            "read": ["This key allows only reading"] * 2,
            "write": ["This key does not allow administration"],
            "admin": [],
        }[scope]
    )


async def test_named_keys_change_while_requests_are_served(serve):
    async with serve(Doors(), keys={"a": ApiKey(key="a-key")}) as served:
        served.server._auth.replace_named_keys({"b": ApiKey(key="b-key")})
        statuses = [(await served.get("/look", headers={"X-Api-Key": key})).status for key in ("a-key", "b-key", KEY)]

    assert statuses == [401, 200, 200]


async def test_too_many_wrong_keys_lock_guesses_out_but_never_the_owner(serve):
    async with serve(Doors(), failed_attempts=3) as served:
        wrong = [await served.get("/look", headers={"X-Api-Key": f"wrong{number}"}) for number in range(5)]
        right, missing = await served.get("/look"), await served.get("/look", headers=NONE)

    assert [answer.status for answer in wrong] == [401, 401, 401, 429, 429]
    assert wrong[4].json == {"error": "Too many wrong keys came from this address"}
    assert 50 <= int(wrong[4].headers["Retry-After"]) <= 60
    assert (right.status, missing.status) == (200, 401)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
async def request_from(serve):
    """Return a real request as if it came from another address."""
    seen = []

    class Catcher(Endpoint):
        @route("GET", "/look")
        async def look(self, request: web.Request) -> str:
            """Keep the request."""
            seen.append(request)
            return ""

    async with serve(Catcher()) as served:
        await served.get("/look")
        yield lambda address, key=KEY: seen[0].clone(remote=address, headers={"X-Api-Key": key})


async def test_from_elsewhere_the_right_key_waits_too_until_the_minute_is_over(request_from):
    clock = Clock()
    auth = Auth(config=ApiConfig(key=KEY, failed_attempts=2), clock=clock)
    for host in (1, 2):
        with pytest.raises(UnauthorizedError):
            auth.scope_of(request_from(f"2001:db8::{host}", "wrong"), "/look")

    with pytest.raises(TooManyAttemptsError) as locked:
        auth.scope_of(request_from("2001:db8::3"), "/look")
    assert auth.scope_of(request_from("2001:db8:1::3"), "/look") is Scope.ADMIN
    clock.now = 59.0
    with pytest.raises(TooManyAttemptsError):
        auth.scope_of(request_from("2001:db8::3"), "/look")
    clock.now = 60.0
    assert auth.scope_of(request_from("2001:db8::3"), "/look") is Scope.ADMIN
    assert locked.value.retry_after == 60.0


def test_the_memory_of_failures_is_bounded():
    attempts = FailedAttempts(1)
    for number in range(ADDRESSES_KEPT + 10):
        attempts.add(f"10.0.{number >> 8}.{number & 255}")

    assert len(attempts._failures) == ADDRESSES_KEPT
    assert attempts.locked_seconds("10.0.0.1") == 0
    assert attempts.locked_seconds("10.0.0.200") > 0


class Plugins:
    """Stands for the hooks of plugins."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def call(self, owner, hook, **arguments):
        assert hook == "triblerd_authenticate"
        assert isinstance(arguments["request"], web.Request)
        self.asked.append(owner)
        answer = self.answers[owner]
        if isinstance(answer, Exception):
            raise answer
        return [answer]


async def test_only_named_plugins_sign_in_and_only_without_a_valid_key(request_from, caplog):
    hooks = Plugins(broken=ValueError("no"), silent=None, strange="owner", proxy="write", other="admin")
    config = ApiConfig(key=KEY, authenticators=("broken", "silent", "strange", "proxy"))
    auth = Auth(config=config, hooks=hooks)

    assert auth.scope_of(request_from("127.0.0.1", ""), "/look") is Scope.WRITE
    assert hooks.asked == ["broken", "silent", "strange", "proxy"]
    assert "broken failed to authenticate" in caplog.text
    hooks.asked.clear()
    assert auth.scope_of(request_from("127.0.0.1"), "/look") is Scope.ADMIN
    assert hooks.asked == []
