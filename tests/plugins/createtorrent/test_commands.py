"""``triblerd create`` beside a running daemon."""

import asyncio
import json
import signal
from asyncio.subprocess import PIPE
from functools import partial
from importlib.metadata import EntryPoint

import pytest

from tests.plugins.createtorrent.conftest import hashing_processes
from tests.plugins.downloads.conftest import wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.metainfo import parse_metainfo

TUNNELS = EntryPoint("tunnels", "tests.plugins.createtorrent.tunnels", "triblerd")


@pytest.fixture
def triblerd_create(triblerd):
    """Run ``triblerd create``, as the fixture ``triblerd`` does."""
    return partial(triblerd, "create")


async def test_a_directory_becomes_a_torrent_file_beside_it(start, files, triblerd_create, tmp_path):
    files({"a": b"a" * 100, "sub/b": b"b"})
    async with start() as daemon:
        printed = await triblerd_create("files", "-t", "http://127.0.0.1:9/a", "--private", "--no-date")
        left = await daemon.get("/createtorrent/jobs")

    made = parse_metainfo((tmp_path / "files.torrent").read_bytes())
    assert printed == f"{made.infohash}  files.torrent\n"
    assert [file.path for file in made.files] == ["files/a", "files/sub/b"]
    assert made.trackers == (("http://127.0.0.1:9/a",),)
    assert made.is_private
    assert b"creation date" not in made.raw
    assert left == {"jobs": []}


async def test_programs_get_json_and_the_torrent_where_they_want_it(start, files, triblerd_create, tmp_path):
    folder = files({"a": b"a" * 100})
    options = ("--version", "hybrid", "--piece-length", 65536, "-c", "hello", "-w", "http://w/", "--source", "T")
    async with start("downloads") as daemon:
        printed = json.loads(await triblerd_create(folder / "a", "-o", "x.torrent", "--json", "--seed", *options))
        await wait_for_status(daemon, printed["infohash"], "SEEDING")

    made = parse_metainfo((tmp_path / "x.torrent").read_bytes())
    assert (printed["path"], printed["state"]) == (str(tmp_path / "x.torrent"), "finished")
    assert (made.piece_length, made.comment, made.web_seeds) == (65536, "hello", ("http://w/",))
    assert made.infohash_v2


async def test_an_existing_file_is_replaced_only_when_that_is_asked_for(start, files, triblerd_create, tmp_path):
    files({"a": b"a"})
    (tmp_path / "a.torrent").write_bytes(b"precious")
    async with start():
        refused = await triblerd_create("files/a", code=1)
        kept = (tmp_path / "a.torrent").read_bytes()
        await triblerd_create("files/a", "--force")

    assert refused == "Error: a.torrent exists; --force replaces it\n"
    assert kept == b"precious"
    assert parse_metainfo((tmp_path / "a.torrent").read_bytes()).name == "a"


async def test_mistakes_are_named(start, files, triblerd_create, tmp_path):
    files({"empty": b""})
    async with start():
        missing = await triblerd_create("missing", code=1)
        empty = await triblerd_create("files/empty", code=1)
        length = await triblerd_create("files/empty", "--piece-length", 5, code=1)

    assert missing == f"Error: Path does not exist: {tmp_path}/missing\n"
    assert empty == "Error: invalid length of torrent\n"
    assert length.startswith("Error: piece_length: expected a power of two")


async def test_seeding_has_the_hops_of_downloads_unless_others_are_named(
    start_daemon, files, triblerd_create, tmp_path
):
    files({"a": b"a" * 100})
    config = {"download_defaults": {"saveas": str(tmp_path / "saved"), "anonymity_enabled": True, "number_hops": 2}}
    plugins = ("createtorrent", "downloads", "tunnels")
    async with start_daemon(*plugins, config=config, extra_plugins=[TUNNELS]) as daemon:
        refused = await triblerd_create("files/a", "--seed", code=1)
        await triblerd_create("files/a", "--seed", "--hops", 0)
        listed = (await daemon.get("/downloads"))["downloads"]

    assert "there is no session of 2 hops" in refused
    assert [row["hops"] for row in listed] == [0]


async def test_ctrl_c_cancels_the_job(start, huge, command):
    async with start() as daemon:
        creating = await asyncio.create_subprocess_exec(*command, "create", str(huge), stdout=PIPE, stderr=PIPE)
        await wait_for(hashing_processes)
        creating.send_signal(signal.SIGINT)
        printed = b"".join(await creating.communicate())

        assert await daemon.get("/createtorrent/jobs") == {"jobs": []}
        assert hashing_processes() == []
    assert creating.returncode == 1
    assert b"Traceback" not in printed
