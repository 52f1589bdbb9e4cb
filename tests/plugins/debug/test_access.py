"""Nothing of ``/debug`` is for anybody but administrators."""

from triblerd.http.endpoint import Scope
from triblerd_debug.endpoint import DebugEndpoint

KEYS = {"watcher": {"key": "r" * 32, "scope": "read"}, "user": {"key": "w" * 32, "scope": "write"}}


def test_every_route_wants_the_admin_scope():
    assert {route.scope for route in DebugEndpoint.routes} == {Scope.ADMIN}


async def test_keys_of_lesser_scopes_are_refused_everywhere(start_daemon):
    async with start_daemon("debug", config={"api": {"keys": KEYS}}) as daemon:
        for route in DebugEndpoint.routes:
            for name, refusal in (
                ("watcher", "This key allows only reading"),
                ("user", "This key does not allow administration"),
            ):
                headers = {"X-Api-Key": str(KEYS[name]["key"])}
                answer = await daemon.request(route.method, route.path, headers=headers)
                assert (answer.status, answer.json()) == (403, {"error": refusal}), route.path
        assert (await daemon.get("/debug/profiler")) == {"state": "STOPPED"}


async def test_without_a_key_nothing_is_told(daemon):
    for route in DebugEndpoint.routes:
        answer = await daemon.request(route.method, route.path, headers={"X-Api-Key": "wrong"})
        assert (answer.status, answer.json()) == (401, {"error": "Unauthorized access"}), route.path


async def test_what_there_is_not_is_an_unknown_path(daemon):
    for path in ("/debug/memory/dump", "/debug", "/debug/profiler/", "/debug/threads/1"):
        answer = await daemon.get(path, status=404)
        assert answer == {"error": {"handled": True, "message": f"Could not find {path}"}}


async def test_a_wrong_method_is_told_which_are_right(daemon):
    answer = await daemon.request("POST", "/debug/profiler")

    assert answer.status == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) >= {"GET", "PUT", "DELETE"}
