"""What is to be done for a complete download is done, whenever the daemon dies: at least once."""

import os
import random
import signal
import sys

from tests.plugins.downloads.completion.conftest import receiver
from tests.plugins.downloads.conftest import upload, wait_for_status
from triblerd.testing import wait_for

__all__ = ["receiver"]

CONTENT = random.Random(13).randbytes(1_500_000)


async def jobs_of(daemon, torrent):
    """Return what is or was to be done."""
    return (await daemon.get(f"/downloads/{torrent.infohash}/completions"))["completions"]


async def test_a_server_that_was_down_is_told_after_kill_9(start_program, swarm, receiver):
    torrent = swarm.seed(CONTENT, name="film")
    completion = {"webhook_url": receiver.url, "retry_delay": 0.2, "attempts": 20}
    receiver.answers = [503] * 3
    async with start_program(completion=completion) as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: len(receiver.calls) == 2)
        daemon.kill()
        await daemon.start()

        async def is_done():
            return [job["state"] for job in await jobs_of(daemon, torrent)] == ["done"]

        await wait_for(is_done)
        (job,) = await jobs_of(daemon, torrent)

    assert job["attempts"] == len(receiver.calls)
    assert len({body["delivery"] for _, body in receiver.calls}) == 1


async def test_a_program_that_the_end_of_the_daemon_broke_off_runs_again(start_program, swarm, tmp_path):
    torrent = swarm.seed(CONTENT, name="film")
    code = """if True:
        import os, sys, time
        open(sys.argv[1], "a").write(f"{os.environ['TRIBLERD_ATTEMPT']} {os.getpid()}\\n")
        time.sleep(0 if os.environ["TRIBLERD_ATTEMPT"] == "3" else 1000)
    """
    runs = tmp_path / "runs"
    completion = {"program": [sys.executable, "-c", code, str(runs)]}

    def attempts():
        return [line.split()[0] for line in runs.read_text().splitlines()] if runs.exists() else []

    async with start_program(completion=completion) as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: attempts() == ["1"])
        assert await daemon.stop(10) == 0
        await daemon.start()
        await wait_for(lambda: attempts() == ["1", "2"])
        daemon.kill()
        await daemon.start()
        await wait_for(lambda: attempts() == ["1", "2", "3"])

        async def is_done():
            return (await jobs_of(daemon, torrent))[0]["state"] == "done"

        await wait_for(is_done)

    os.kill(int(runs.read_text().splitlines()[1].split()[1]), signal.SIGKILL)  # it has outlived its daemon


async def test_a_program_that_ends_the_daemon_each_time_is_given_up(start_program, swarm):
    torrent = swarm.seed(CONTENT, name="film")
    code = "import os; os.kill(os.getppid(), 9)"
    async with start_program(completion={"program": [sys.executable, "-c", code], "attempts": 2}) as daemon:
        await upload(daemon, torrent)
        await daemon.wait_for_exit()
        await daemon.start(wait_started=False)
        await daemon.wait_for_exit()
        await daemon.start()

        async def is_over():
            return [job for job in await jobs_of(daemon, torrent) if job["state"] == "failed"]

        (job,) = await wait_for(is_over)

    assert job["result"] == "the daemon ended in each attempt"


async def test_it_is_done_although_the_daemon_dies_when_the_download_is_complete(start_program, swarm, receiver):
    torrents = [swarm.seed(random.Random(n).randbytes(1_200_000), name=f"film{n}") for n in range(4)]
    swarm.seeder.limit(1_500_000)
    chance = random.Random(14)
    async with start_program(completion={"webhook_url": receiver.url}) as daemon:
        for torrent in torrents:
            await upload(daemon, torrent)
        for _ in range(5):
            await wait_for(lambda: chance.random() < 0.02)
            daemon.kill()
            await daemon.start()
        for torrent in torrents:
            await wait_for_status(daemon, torrent.infohash, "SEEDING", limit_seconds=30)
        wanted = {torrent.infohash for torrent in torrents}
        await wait_for(lambda: {body["infohash"] for _, body in receiver.calls} == wanted)
