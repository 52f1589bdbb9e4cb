from triblerd_hello.api import Greeted

from triblerd.testing import StartDaemon, wait_for


async def test_a_greeting_is_answered_counted_and_announced(start_daemon: StartDaemon) -> None:
    async with start_daemon("hello") as daemon:
        with daemon.events(Greeted) as events:
            answer = await daemon.post("/hello", json={"name": "Ada"})
            event = await events.next()

        assert answer == {"greeting": "Hello, Ada!"}
        assert event == Greeted(name="Ada", count=1)
        assert await daemon.get("/hello") == {"count": 1, "saved": 0}


async def test_greetings_are_counted_across_restarts(start_daemon: StartDaemon) -> None:
    async with start_daemon("hello") as daemon:
        await daemon.post("/hello", json={"name": "Ada"})

    async with start_daemon("hello") as daemon:
        assert await daemon.get("/hello") == {"count": 1, "saved": 1}


async def test_the_background_task_saves_the_count(start_daemon: StartDaemon) -> None:
    async with start_daemon("hello", config={"hello": {"save_interval": 1}}) as daemon:
        await daemon.post("/hello", json={"name": "Ada"})

        async def is_saved() -> bool:
            return bool(await daemon.get("/hello") == {"count": 1, "saved": 1})

        await wait_for(is_saved)


async def test_a_wrong_body_is_refused_with_the_field_named(start_daemon: StartDaemon) -> None:
    async with start_daemon("hello") as daemon:
        assert await daemon.post("/hello", json={}, status=400) == {"error": "name parameter missing"}
        assert await daemon.post("/hello", json={"name": "Hello"}, status=409) == {"error": "Hello is no name"}


async def test_a_changed_greeting_is_used_at_once(start_daemon: StartDaemon) -> None:
    async with start_daemon("hello", "settings") as daemon:
        await daemon.post("/settings", json={"hello": {"greeting": "Salut"}})
        answer = await daemon.post("/hello", json={"name": "Ada"})

    assert answer == {"greeting": "Salut, Ada!"}
