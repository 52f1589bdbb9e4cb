"""Large torrent files, which are parsed in a process of their own."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from functools import partial

import psutil
import pytest

from tests.daemon.hostile.torrents import MOST_BYTES, many, multi, single, torrent
from tests.plugins.libtorrent.large import enlarged
from triblerd.testing import wait_for
from triblerd_libtorrent.api import EngineError, MetainfoError
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_libtorrent.parsing import TorrentParser
from triblerd_libtorrent.testing import TorrentVersion, make_torrent

LARGE = many(5000, path="d%d")
SLOW = multi(*[{"length": 0, "path": [f"d{number}", "f"]} for number in range(80_000)], {"length": 128, "path": ["a"]})
"""Each file has a folder of its own, for which the engine looks at all folders before it: 15 s of processor time."""


@asynccontextmanager
async def parser_of(**limits):
    parser = TorrentParser(**limits)
    try:
        yield parser
    finally:
        await parser.close()


@pytest.fixture
async def parser():
    async with parser_of() as parser:
        yield parser


@pytest.mark.parametrize("version", TorrentVersion)
async def test_another_process_reads_the_same_as_this_one(parser, tmp_path, version):
    content = {"a/x": b"x", "a/y": b"", "big": b"x" * 100_000}
    made = enlarged(make_torrent(tmp_path, content, version=version, trackers=("http://one/", "http://two/")))

    metainfo = await parser.parse(made.metainfo)

    assert metainfo == parse_metainfo(made.metainfo)
    assert type(metainfo.infohash) is type(made.infohash)
    assert parser.pid


async def test_another_process_reads_all_of_many_files(parser):
    assert await parser.parse(LARGE) == parse_metainfo(LARGE)


async def test_a_small_torrent_needs_no_other_process(parser):
    await parser.parse(single())
    await parser.parse(single(comment="x" * 100_000))

    assert parser.pid is None


@pytest.mark.parametrize(
    "raw",
    [LARGE[:-1], many(3000, path=".."), b"d4:infol" + b"i0e" * 1_000_000 + b"ee", single(pieces=b"x" * 1_000_001)],
)
async def test_the_reason_of_a_refusal_is_the_same(parser, raw):
    with pytest.raises(MetainfoError) as here:
        parse_metainfo(raw)

    with pytest.raises(MetainfoError) as there:
        await parser.parse(raw)

    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (many(260_000), "The torrent has more than 250000 files"),
        (torrent({}, **{"announce-list": [[f"udp://h{n}:1"] for n in range(1001)]}), "more than 1000 trackers"),
        (torrent({}, **{"url-list": [f"http://h{n}/" for n in range(1001)]}), "more than 1000 web seeds"),
    ],
)
async def test_more_than_anybody_needs_is_refused(parser, raw, text):
    raw = raw.replace(b"4:infode", b"4:info" + single()[len(b"d4:info") : -1])

    with pytest.raises(MetainfoError, match=text):
        await parser.parse(raw)


async def test_one_that_takes_too_long_is_refused_and_the_next_one_read():
    async with parser_of(cpu_seconds=1) as parser:
        with pytest.raises(MetainfoError, match="takes more than 1 s of processor time"):
            await parser.parse(SLOW)

        assert len((await parser.parse(LARGE)).files) == 5001


async def test_one_that_takes_too_much_memory_is_refused_and_the_next_one_read():
    async with parser_of(memory_bytes=80 * 1024**2) as parser:
        with pytest.raises(MetainfoError, match="takes too much memory"):
            await parser.parse(many(240_000))

        assert len((await parser.parse(LARGE)).files) == 5001


async def test_a_process_that_died_is_replaced(parser):
    await parser.parse(LARGE)
    os.kill(parser.pid, signal.SIGKILL)

    assert len((await parser.parse(LARGE)).files) == 5001


async def test_a_process_that_dies_at_work_is_replaced_once(parser):
    work = asyncio.create_task(parser.parse(SLOW))
    for _ in range(2):
        pid = await wait_for(lambda: parser.pid, what="the process")
        os.kill(pid, signal.SIGSEGV)
        await wait_for(partial(_has_another, parser, pid), what="its end")

    with pytest.raises(MetainfoError, match="Invalid torrent file: the engine cannot read it"):
        await work
    assert len((await parser.parse(LARGE)).files) == 5001


def _has_another(parser: TorrentParser, pid: int) -> bool:
    return parser.pid != pid


async def test_nobody_gets_the_answer_of_one_who_has_left(parser):
    await parser.parse(LARGE)
    work = asyncio.create_task(parser.parse(SLOW))
    await wait_for(lambda: psutil.Process(parser.pid).cpu_times().user > 0.5, what="work")

    work.cancel()

    assert len((await parser.parse(LARGE)).files) == 5001


async def test_those_who_wait_are_served_in_turn_up_to_a_number(parser):
    works = [asyncio.create_task(parser.parse(LARGE)) for _ in range(70)]

    results = await asyncio.gather(*works, return_exceptions=True)

    assert sum(isinstance(result, EngineError) for result in results) == 6
    assert sum(not isinstance(result, Exception) for result in results) == 64


async def test_the_process_ends_when_it_has_nothing_to_do():
    async with parser_of(idle_seconds=0.05) as parser:
        await parser.parse(LARGE)
        process = psutil.Process(parser.pid)
        assert process.is_running()

        await wait_for(lambda: not process.is_running(), what="its end")

        assert parser.pid is None


async def test_a_closed_parser_starts_nothing(parser):
    await parser.close()

    with pytest.raises(EngineError, match="stopping"):
        await parser.parse(LARGE)


async def test_the_process_is_not_hit_by_ctrl_c_and_ends_with_a_killed_daemon(daemon_process):
    async with daemon_process("downloads") as daemon:
        sending = asyncio.create_task(
            daemon.request("PUT", "/downloads", data=SLOW, headers={"Content-Type": "application/x-bittorrent"})
        )
        children = await wait_for(lambda: psutil.Process(daemon.pid).children(), what="the process")
        assert os.getpgid(children[0].pid) != os.getpgid(daemon.pid)

        daemon.kill()
        await asyncio.gather(sending, return_exceptions=True)

        await wait_for(lambda: not children[0].is_running(), what="its end", limit_seconds=20)


async def test_the_largest_file_is_read_or_refused(parser):
    raw = many(330_000)[: MOST_BYTES - 10]

    with pytest.raises(MetainfoError):
        await parser.parse(raw)


def test_it_makes_do_with_less_memory_where_less_is_allowed():
    command = f"ulimit -v 1000000 && exec {sys.executable} -m triblerd_libtorrent.parser_process {2 << 30}"

    ended = subprocess.run(["sh", "-c", command], input=b"", capture_output=True, check=False)  # noqa: S607

    assert (ended.returncode, ended.stderr) == (0, b"")
