"""What is done when a download is complete: once, after its move, and also when the daemon dies."""

import itertools
import random
import sys

import pytest

from tests.plugins.downloads.conftest import connect, item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.api import TorrentChecked, TorrentEngine
from triblerd_libtorrent.testing import Seeder, make_torrent

CONTENT = random.Random(9).randbytes(300_000)


@pytest.fixture
def program(tmp_path):
    """Return a program that writes a line to ``runs``, and the lines that it has written."""
    runs = tmp_path / "runs"
    code = f"import os; open({str(runs)!r}, 'a').write(os.environ['TRIBLERD_PATH'] + chr(10))"

    def lines():
        return runs.read_text().splitlines() if runs.exists() else []

    return [sys.executable, "-c", code], lines


async def over(daemon, infohash, count=1):
    """Wait until so many jobs of a download are over; return all of its jobs."""

    async def are_over():
        jobs = (await daemon.get(f"/downloads/{infohash}/completions"))["completions"]
        return jobs if sum(job["state"] != "waiting" for job in jobs) >= count else None

    return await wait_for(are_over)


async def test_a_program_is_run_and_a_server_told_once(start_downloads, seeder, program, receiver, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    arguments, lines = program
    completion = {"program": arguments, "webhook_url": receiver.url, "webhook_secret": "x"}
    async with start_downloads(completion=completion) as daemon:
        await daemon.put("/categories/films", json={})
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent), "category": "films", "tags": ["new"]})
        jobs = await over(daemon, torrent.infohash, 2)
        checked: list[TorrentChecked] = []
        service(daemon, TorrentEngine).listen(TorrentChecked, checked.append)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})
        await wait_for(lambda: checked)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
    async with start_downloads(completion=completion) as daemon:
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        later = await daemon.get(f"/downloads/{torrent.infohash}/completions")

    path = str(tmp_path / "saved" / "film")
    assert sorted((job["action"], job["state"], job["result"]) for job in jobs) == [
        ("program", "done", "exit code 0"),
        ("webhook", "done", "HTTP status code 200"),
    ]
    assert [(job["attempts"], job["path"], job["next_attempt"]) for job in jobs] == [(1, path, None)] * 2
    assert lines() == [path]
    ((headers, body),) = receiver.calls
    assert (body["category"], body["tags"], body["size"]) == ("films", ["new"], 300_000)
    assert headers["X-Triblerd-Signature"].startswith("sha256=")
    assert later == {"completions": jobs}


async def test_nothing_is_done_for_what_was_added_complete(start_downloads, program, tmp_path):
    arguments, lines = program
    torrents = [make_torrent(tmp_path, bytes([number]) * 20_000, name=f"film{number}") for number in range(2)]
    async with start_downloads(completion={"program": arguments}) as daemon:
        for torrent in torrents:
            await upload(daemon, torrent, destination=str(tmp_path))
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{torrents[0].infohash}", json={"state": "recheck"})
        await wait_for_status(daemon, torrents[0].infohash, "SEEDING")
        jobs = await daemon.get(f"/downloads/{torrents[0].infohash}/completions")

    assert (jobs, lines()) == ({"completions": []}, [])


async def test_it_is_done_after_the_move_and_not_before(start_downloads, seeder, program, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    arguments, lines = program
    config = {"downloads": {"incomplete_dir": str(tmp_path / "incomplete")}, "completion": {"program": arguments}}
    saved = tmp_path / "saved"
    async with start_downloads(**config) as daemon:
        await upload(daemon, torrent)
        (saved / "film").write_text("in the way")
        await connect(daemon, seeder, torrent)

        async def has_error():
            return (await item_of(daemon, torrent.infohash))["error"]

        await wait_for(has_error)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        before = lines()
        (saved / "film").unlink()
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "resume"})
        await over(daemon, torrent.infohash)

    assert (before, lines()) == ([], [str(saved / "film")])
    assert (saved / "film").read_bytes() == CONTENT


async def test_it_is_done_again_when_more_was_selected_and_is_complete(start_downloads, seeder, program, tmp_path):
    torrent = seeder.seed_new({"a": CONTENT, "b": CONTENT[::-1]}, name="album")
    arguments, lines = program
    async with start_downloads(completion={"program": arguments}) as daemon:
        await upload(daemon, torrent, selected_files="0")
        await connect(daemon, seeder, torrent)
        await over(daemon, torrent.infohash)
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"selected_files": []})
        await wait_for_status(daemon, torrent.infohash, "DOWNLOADING")
        with Seeder(tmp_path) as other:  # the first one is not met again for a minute
            other.seed(torrent)
            await connect(daemon, other, torrent)
            await over(daemon, torrent.infohash, 2)

    assert len(lines()) == 2


async def test_a_failed_program_is_shown_and_repeated_when_asked(start_downloads, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    flag = tmp_path / "flag"
    code = f"import os; raise SystemExit(0 if os.path.exists({str(flag)!r}) else 7)"
    async with start_downloads(completion={"program": [sys.executable, "-c", code]}) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        (failed,) = await over(daemon, torrent.infohash)
        flag.touch()
        repeated = await daemon.post(f"/downloads/{torrent.infohash}/completions")
        nothing = await daemon.post(f"/downloads/{torrent.infohash}/completions")
        (done,) = await over(daemon, torrent.infohash)

    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["result"] == f"{sys.executable} ended with exit code 7"
    assert (repeated, nothing) == ({"repeated": 1}, {"repeated": 0})
    assert (done["state"], done["result"]) == ("done", "exit code 0")


async def test_the_wait_for_the_next_call_of_a_webhook_doubles_each_time(start_downloads, seeder, receiver):
    torrent = seeder.seed_new(CONTENT, name="film")
    completion = {"webhook_url": receiver.url, "attempts": 5, "retry_delay": 0.2}
    receiver.answers = [500] * 5
    async with start_downloads(completion=completion) as daemon:
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await over(daemon, torrent.infohash)

    waits = [later - earlier for earlier, later in itertools.pairwise(receiver.times)]
    assert len(waits) == 4
    for wait, least in zip(waits, (0.2, 0.4, 0.8, 1.6), strict=True):
        assert wait > least * 0.95, waits  # the clocks of the two need not agree to the millisecond


async def test_time_limits_are_settings_that_count_at_once(start_downloads, seeder, receiver):
    torrent = seeder.seed_new(CONTENT, name="film")
    receiver.is_mute = True
    completion = {
        "program": [sys.executable, "-c", "import time; time.sleep(1000)"],
        "program_timeout": 0.4,
        "webhook_url": receiver.url,
        "webhook_timeout": 0.3,
        "attempts": 1,
    }
    async with start_downloads("settings") as daemon:
        await daemon.post("/settings", json={"completion": completion})
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        jobs = await over(daemon, torrent.infohash, 2)

    assert sorted((job["action"], job["state"], job["result"]) for job in jobs) == [
        ("program", "failed", f"{sys.executable} was ended, since it took longer than 0.4 s"),
        ("webhook", "failed", "the server did not answer within 0.3 s"),
    ]


async def test_a_webhook_is_called_again_and_then_given_up(start_downloads, seeder, receiver):
    torrents = [seeder.seed_new(bytes([number]) * 50_000, name=f"film{number}") for number in range(2)]
    completion = {"webhook_url": receiver.url, "attempts": 3, "retry_delay": 0.2}
    async with start_downloads(completion=completion) as daemon:
        receiver.answers = [503, 302, 200]
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrents[0])})
        (told,) = await over(daemon, torrents[0].infohash)
        receiver.answers = [500, 500, 404]
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrents[1])})
        (given_up,) = await over(daemon, torrents[1].infohash)

    assert (told["state"], told["attempts"]) == ("done", 3)
    assert (given_up["state"], given_up["attempts"]) == ("failed", 3)
    assert given_up["result"] == "the server answered with HTTP status code 404"
    assert [body["attempt"] for _, body in receiver.calls] == [1, 2, 3, 1, 2, 3]
    assert len({body["delivery"] for _, body in receiver.calls}) == 2


async def test_only_so_many_programs_run_at_once(start_downloads, seeder, tmp_path):
    torrents = [seeder.seed_new(bytes([number]) * 30_000, name=f"film{number}") for number in range(6)]
    code = """if True:
        import os, sys, time
        folder = sys.argv[1]
        os.mkdir(folder + "/" + os.environ["TRIBLERD_INFOHASH"])
        together = len(os.listdir(folder))
        time.sleep(0.3)
        os.rmdir(folder + "/" + os.environ["TRIBLERD_INFOHASH"])
        sys.exit(together > 2)
    """
    (tmp_path / "running").mkdir()
    program = [sys.executable, "-c", code, str(tmp_path / "running")]
    async with start_downloads(completion={"program": program, "at_once": 2}) as daemon:
        for torrent in torrents:
            await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        jobs = [await over(daemon, torrent.infohash) for torrent in torrents]

    assert [[job["state"] for job in some] for some in jobs] == [["done"]] * 6


async def test_what_waits_is_dropped_with_its_download(start_downloads, seeder, receiver):
    torrent = seeder.seed_new(CONTENT, name="film")
    completion = {"webhook_url": receiver.url, "retry_delay": 0.2}
    async with start_downloads(completion=completion) as daemon:
        receiver.answers = [500] * 100
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await wait_for(lambda: receiver.calls)
        await daemon.delete(f"/downloads/{torrent.infohash}", json={"remove_data": True})
        gone = await daemon.get(f"/downloads/{torrent.infohash}/completions", status=404)
        again = await daemon.post(f"/downloads/{torrent.infohash}/completions", status=404)
        await daemon.put("/downloads", json={"uri": torrent.magnet})
        fresh = await daemon.get(f"/downloads/{torrent.infohash}/completions")

    assert gone == again == {"error": "this download does not exist"}
    assert fresh == {"completions": []}


@pytest.mark.parametrize(
    "setting",
    [{"webhook_url": "file:///etc/passwd"}, {"program": "rm -rf"}, {"attempts": 0}, {"retry_delay": "nan"}],
)
async def test_settings_that_cannot_work_are_refused(start_daemon, setting):
    async with start_daemon("downloads", "settings") as daemon:
        answer = await daemon.post("/settings", json={"completion": setting}, status=400)

    assert f"completion.{next(iter(setting))}" in str(answer["error"])


async def test_a_program_is_set_by_admins_alone_and_at_once(start_daemon, seeder, program, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    arguments, lines = program
    config = {
        "api": {"keys": {"client": {"key": "k" * 32, "scope": "write"}}},
        "download_defaults": {"saveas": str(tmp_path / "saved")},
    }
    body = {"completion": {"program": arguments}}
    async with start_daemon("downloads", "settings", config=config) as daemon:
        refused = await daemon.request("POST", "/settings", json=body, headers={"X-Api-Key": "k" * 32})
        await daemon.post("/settings", json=body)
        await daemon.put("/downloads", json={"uri": seeder.magnet(torrent)})
        await over(daemon, torrent.infohash)

    assert refused.status == 403
    assert len(lines()) == 1
