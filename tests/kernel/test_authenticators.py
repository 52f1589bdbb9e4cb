"""Plugins that sign requests in by other means than a key."""

NAMED_USER = """
    class Users:
        @hookimpl
        def triblerd_authenticate(self, request):
            return {"reader": "read", "owner": "admin", "broken": "king"}.get(request.headers.get("X-Remote-User"))

    @hookimpl
    @asynccontextmanager
    async def triblerd_lifespan(context):
        yield Running(hooks=[Users()])
"""


async def ask(daemon, user):
    daemon.key = ""
    reading = await daemon.request("GET", "/plugins", headers={"X-Remote-User": user})
    writing = await daemon.request("PATCH", "/plugins/users", json={"reload": True}, headers={"X-Remote-User": user})
    return reading.status, writing.status


async def test_a_plugin_that_the_settings_name_signs_requests_in(start_daemon, write_plugin):
    settings = {"api": {"authenticators": ["users"]}}
    async with start_daemon("users", config=settings, extra_plugins=[write_plugin("users", NAMED_USER)]) as daemon:
        assert await ask(daemon, "reader") == (200, 403)
        assert await ask(daemon, "owner") == (200, 200)
        assert await ask(daemon, "nobody") == (401, 401)


async def test_a_scope_that_does_not_exist_signs_nobody_in(start_daemon, write_plugin):
    settings = {"api": {"authenticators": ["users"]}}
    async with start_daemon("users", config=settings, extra_plugins=[write_plugin("users", NAMED_USER)]) as daemon:
        assert await ask(daemon, "broken") == (401, 401)


async def test_a_plugin_that_the_settings_do_not_name_is_not_asked(start_daemon, write_plugin):
    async with start_daemon("users", extra_plugins=[write_plugin("users", NAMED_USER)]) as daemon:
        assert await ask(daemon, "owner") == (401, 401)
