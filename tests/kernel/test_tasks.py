import asyncio
import inspect

import pytest

from triblerd.errors import UnavailableError
from triblerd.tasks import Tasks


@pytest.fixture
def faults():
    return []


@pytest.fixture
async def tasks(faults):
    tasks = Tasks("owner", lambda name, error: faults.append((name, str(error))))
    yield tasks
    await tasks.close()


async def test_a_task_is_listed_by_its_owners_name_until_it_ends(tasks):
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    task = tasks.start("waits", wait())
    assert [info.name for info in tasks.running()] == ["owner.waits"]

    gate.set()
    await task
    await asyncio.sleep(0)
    assert tasks.running() == []


async def test_a_failed_task_is_reported_and_ends_alone(tasks, faults, caplog):
    async def fail() -> None:
        msg = "no luck"
        raise OSError(msg)

    await tasks.start("fails", fail())

    assert faults == [("owner.fails", "no luck")]
    assert "owner.fails" in caplog.text


async def test_a_periodic_task_goes_on_after_a_failed_round(tasks, faults):
    rounds = asyncio.Queue[int]()

    async def work() -> None:
        rounds.put_nowait(rounds.qsize())
        msg = "once more"
        raise ValueError(msg)

    tasks.every(0.001, "works", work)

    async with asyncio.timeout(5):
        for _ in range(3):
            await rounds.get()
    assert faults[0] == ("owner.works", "once more")


async def test_closing_cancels_every_task(tasks):
    cancelled = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    tasks.start("one", forever())
    tasks.start("two", forever())
    await asyncio.sleep(0)

    await tasks.close()

    assert cancelled == [True, True]


async def test_a_task_that_ignores_its_cancellation_is_named(tasks, caplog):
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = tasks.start("stubborn", stubborn())
    await asyncio.sleep(0)

    await tasks.close(limit_seconds=0.01)

    assert "owner.stubborn ignores its cancellation" in caplog.text
    release.set()
    await task


async def test_a_task_that_is_cancelled_before_it_begins_leaves_no_warning(tasks):
    async def never() -> None:
        pytest.fail("it was begun")

    work = never()
    task = tasks.start("never", work)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)

    assert inspect.getcoroutinestate(work) == inspect.CORO_CLOSED


async def test_what_is_to_be_finished_answers_its_caller(tasks, faults):
    async def add(number: int) -> int:
        await asyncio.sleep(0)
        return 40 // number

    assert await tasks.finish("adds", add(2)) == 20
    with pytest.raises(ZeroDivisionError):
        await tasks.finish("adds", add(0))

    await asyncio.sleep(0)
    assert tasks.running() == []
    assert faults == []


@pytest.mark.parametrize(("number", "expected"), [(2, []), (0, [("owner.adds", "integer division or modulo by zero")])])
async def test_what_is_to_be_finished_goes_on_without_its_caller(tasks, faults, number, expected):
    gate, done = asyncio.Event(), asyncio.Event()

    async def add() -> float:
        await gate.wait()
        done.set()
        return 40 // number

    caller = asyncio.create_task(tasks.finish("adds", add()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    (task,) = tasks.waiting()
    gate.set()
    await task

    assert done.is_set()
    assert faults == expected


@pytest.mark.parametrize("steps", [1, 2, 4])
async def test_what_cannot_be_finished_as_its_owner_stops_says_so(tasks, steps):
    async def never() -> None:
        await asyncio.Event().wait()

    caller = asyncio.create_task(tasks.finish("waits", never()))
    for _ in range(steps):
        await asyncio.sleep(0)
    await tasks.close()

    with pytest.raises(UnavailableError, match="owner is being stopped"):
        await caller
