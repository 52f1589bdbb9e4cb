import asyncio
from typing import ClassVar

import pytest

from triblerd.events import Event, EventBus
from triblerd.services import Measurements
from triblerd.store import Transaction
from triblerd.tasks import Tasks


class Rang(Event):
    topic: ClassVar[str] = "rang"
    kept: ClassVar[bool] = True


def bus_with_rang():
    bus = EventBus()
    bus.declare("bell", [Rang])
    return bus


def measurements(daemon):
    return daemon.daemon.container.services().find(Measurements)


def test_events_are_counted_by_topic_and_what_nobody_heard_is_kept():
    bus = bus_with_rang()

    bus.publish(Rang())
    bus.publish(Rang())

    figures = bus.figures()
    assert (figures.published, figures.kept, figures.listeners) == ({"rang": 2}, ["rang"], 0)


def test_what_a_full_queue_loses_is_counted():
    bus = bus_with_rang()

    with bus.subscribe(Rang, limit=1):
        bus.publish(Rang())
        bus.publish(Rang())

        assert (bus.figures().lost, bus.figures().listeners) == (1, 1)


def test_a_listener_that_raises_is_counted(caplog):
    bus = bus_with_rang()
    bus.listen(lambda event: event.nothing)

    bus.publish(Rang())

    assert bus.figures().failed == 1
    assert "A listener failed" in caplog.text


async def test_a_task_tells_where_it_waits_innermost_first():
    tasks = Tasks("owner", lambda _name, _error: None)

    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = tasks.start("waits", outer())
    await asyncio.sleep(0)

    waiting = tasks.waiting()[task]
    await tasks.close()
    assert (waiting.name, waiting.owner) == ("owner.waits", "owner")
    assert waiting.age_seconds is not None
    functions = [frame.rpartition(" ")[2].rpartition(".")[2] for frame in waiting.frames]
    assert functions == ["wait", "inner", "outer", "_watched"]
    assert waiting.frames[0].startswith("asyncio.locks:")


async def test_a_task_that_waits_in_a_generator_tells_of_it():
    class Bell:
        def __await__(self):
            yield from asyncio.sleep(60).__await__()

    async def wait() -> None:
        await Bell()

    tasks = Tasks("owner", lambda _name, _error: None)
    task = tasks.start("waits", wait())
    await asyncio.sleep(0)

    waiting = tasks.waiting()[task]
    await tasks.close()
    assert [frame.rpartition(".")[2] for frame in waiting.frames][:2] == ["__await__", "wait"]


async def test_a_task_that_waits_for_the_next_of_a_stream_tells_of_it():
    bus = bus_with_rang()

    async def listen() -> None:
        with bus.subscribe(Rang) as rings:
            async for _ in rings:
                pass

    tasks = Tasks("owner", lambda _name, _error: None)
    task = tasks.start("listens", listen())
    await asyncio.sleep(0)

    waiting = tasks.waiting()[task]
    await tasks.close()
    functions = [frame.rpartition(".")[2] for frame in waiting.frames]
    assert functions[:4] == ["wait", "next", "__aiter__", "listen"]


async def test_the_daemon_lists_the_tasks_of_plugins_and_those_of_nobody(start_daemon, write_plugin):
    plugin = write_plugin(
        "bell",
        """
        @hookimpl
        @asynccontextmanager
        async def triblerd_lifespan(context):
            context.tasks.every(60, "ring", lambda: asyncio.sleep(0))
            yield Running()
        """,
    )
    async with start_daemon("bell", extra_plugins=[plugin]) as daemon:
        tasks = {task.name: task for task in measurements(daemon).tasks()}

    assert tasks["bell.ring"].owner == "bell"
    assert "asyncio.tasks" in tasks["bell.ring"].frames[0]
    assert tasks["kernel.backups"].owner == "kernel"
    assert tasks["bell.lifespan"].owner is None


async def test_the_store_tells_its_size_its_tables_and_its_commits(start_daemon):
    async with start_daemon() as daemon:
        store = daemon.daemon.container.store()
        table = await store.view("bell").table("tones", bytes)
        before = measurements(daemon).store()

        await asyncio.gather(*(table.put(b"%d" % number, b"tone") for number in range(5)))

        after = measurements(daemon).store()
    tables = {found.name: found for found in after.tables}
    assert tables["bell/tones"].entries == 5
    assert tables["bell/tones"].size >= 4096
    assert after.file_size >= 8192
    assert after.map_size >= after.file_size
    assert after.jobs - before.jobs == 5
    assert 1 <= after.commits.count - before.commits.count <= 5
    assert (after.failed, after.waiting) == (0, 0)


async def test_a_write_that_fails_is_counted(start_daemon):
    def fail(_transaction: Transaction) -> None:
        raise OSError

    async with start_daemon() as daemon:
        store = daemon.daemon.container.store()
        with pytest.raises(OSError):  # noqa: PT011 - it says nothing
            await store.view("bell").write(fail)

        assert measurements(daemon).store().failed == 1
