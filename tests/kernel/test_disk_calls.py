import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from triblerd.disk_calls import DiskCalls, DiskTimeoutError
from triblerd.testing import wait_for


@pytest.fixture
def stuck():
    """A disk that does not answer before the test says so."""
    answer = threading.Event()
    yield answer
    answer.set()


async def test_what_a_call_returns_or_raises_comes_out():
    disk = DiskCalls()

    assert await disk.run(lambda: 7, limit_seconds=5) == 7
    with pytest.raises(FileNotFoundError):
        await disk.run(Path("/nowhere/at/all").stat)


async def test_a_call_that_hangs_is_left_behind(stuck):
    disk = DiskCalls()

    with pytest.raises(DiskTimeoutError, match=r"does not answer within 0\.05 s"):
        await disk.run(stuck.wait, limit_seconds=0.05)

    assert await disk.run(lambda: 7) == 7


async def test_the_systems_own_time_limit_is_an_error_of_the_system():
    def give_up():
        raise TimeoutError(110, "Connection timed out")

    with pytest.raises(TimeoutError, match="Connection timed out"):
        await DiskCalls().run(give_up, limit_seconds=5)


async def test_only_so_many_calls_hang_at_a_time_and_the_next_ones_are_refused(stuck):
    disk = DiskCalls(most=2)
    for _ in range(2):
        with pytest.raises(DiskTimeoutError):
            await disk.run(stuck.wait, limit_seconds=0.05)
    begun = threading.active_count()

    with pytest.raises(DiskTimeoutError):
        await disk.run(lambda: 7, limit_seconds=0.05)
    assert threading.active_count() <= begun

    stuck.set()
    assert await wait_for(lambda: disk.run(lambda: 7, limit_seconds=5)) == 7


async def test_who_is_cancelled_does_not_wait(stuck):
    disk = DiskCalls(most=1)
    task = asyncio.create_task(disk.run(stuck.wait))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    stuck.set()
    assert await disk.run(lambda: 7, limit_seconds=5) == 7


def test_a_program_ends_while_a_call_hangs():
    program = """
import asyncio, threading
from triblerd.disk_calls import DiskCalls, DiskTimeoutError
async def main():
    try:
        await DiskCalls().run(threading.Event().wait, limit_seconds=0.01)
    except DiskTimeoutError:
        print("left")
asyncio.run(main())
"""
    assert subprocess.check_output([sys.executable, "-c", program], timeout=15) == b"left\n"
