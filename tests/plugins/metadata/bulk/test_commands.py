"""``triblerd metadata import`` and ``export`` beside a running daemon."""

import asyncio
import gzip
import json
import subprocess
import sys

import msgspec
import pytest

from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent
from triblerd_metadata.api import Entry
from triblerd_metadata.bulk.lines import encode_entries
from triblerd_metadata.bulk.sources import open_source
from triblerd_metadata.testing import make_torrents


def lines_of(torrents):
    return encode_entries(Entry(**msgspec.structs.asdict(torrent), rowid=1) for torrent in torrents)


@pytest.fixture
def command(tmp_path):
    """Return the words of a ``triblerd metadata`` on the state directory of the test."""
    return [sys.executable, "-m", "triblerd", "--state-dir", str(tmp_path / "state"), "metadata"]


@pytest.fixture
def run(command):
    """Run ``triblerd metadata`` while the event loop goes on, and return what it did."""

    async def run(*arguments, code=0, given=b""):
        words = [*command, *map(str, arguments)]
        done = await asyncio.to_thread(subprocess.run, words, input=given, capture_output=True, timeout=30, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert b"Traceback" not in done.stderr
        return done

    return run


@pytest.mark.parametrize("name", ["lines.json", "lines.json.gz"])
async def test_what_one_daemon_exports_another_one_imports(start_daemon, run, tmp_path, name):
    torrents = lines_of(make_torrents(3_000))
    async with start_daemon("metadata"):
        imported = await run("import", "-", given=torrents)
        await run("export", tmp_path / name)
    packed = (tmp_path / name).read_bytes()
    (tmp_path / "state").rename(tmp_path / "other")
    async with start_daemon("metadata"):
        again = await run("import", tmp_path / name)
        exported = await run("export", "-")

    assert imported.stdout == again.stdout == b"3,000 added\n"
    assert exported.stdout == torrents == (gzip.decompress(packed) if name.endswith(".gz") else packed)


async def test_what_is_refused_is_told_with_its_line(start_daemon, run, tmp_path):
    file = tmp_path / "lines.json"
    file.write_bytes(lines_of(make_torrents(1)) + b"\nrubbish\x1b\n" + b"{}\n" * 30)
    async with start_daemon("metadata"):
        done = await run("import", file)
        as_json = json.loads((await run("import", "--json", file)).stdout)

    told = done.stderr.decode().splitlines()
    assert done.stdout == b"1 added, 31 refused\n"
    assert told[0] == "line 3: JSON is malformed: invalid character (byte 0)"
    assert told[1] == "line 4: name and infohash are needed"
    assert told[-1] == "and 11 more, which --json shows"
    assert (as_json["kept"], len(as_json["refused"])) == (1, 31)
    assert as_json["refused"][-1]["what"] == "line 33"


async def test_the_torrents_below_a_directory_are_imported_but_not_private_ones(start_daemon, run, tmp_path):
    folder = tmp_path / "torrents" / "sub"
    folder.mkdir(parents=True)
    for name, is_private in (("public", False), ("private", True)):
        made = make_torrent(tmp_path, b"a" * 20_000, name=name, private=is_private)
        (folder / f"{name}.torrent").write_bytes(made.metainfo)
    (folder / "broken.torrent").write_bytes(b"no torrent")
    async with start_daemon("metadata", "libtorrent"):
        done = await run("import", tmp_path / "torrents")
        exported = await run("export", "-")

    assert done.stdout == b"1 added, 2 refused\n"
    assert f"{folder}/private.torrent: it is private" in done.stderr.decode()
    assert f"{folder}/broken.torrent: " in done.stderr.decode()
    assert json.loads(exported.stdout)["name"] == "public"


async def test_an_import_whose_daemon_is_killed_goes_on_where_it_was(daemon_process, run, command, tmp_path):
    count = 75_000  # three batches, of which two are sent at a time
    file = tmp_path / "lines.json"
    file.write_bytes(lines_of(make_torrents(count)))
    async with daemon_process("metadata") as daemon:
        process = await asyncio.create_subprocess_exec(
            *command, "import", str(file), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        await wait_for(lambda: position_of(daemon, file), 30, what="how far it came")
        daemon.kill()
        _, told = await process.communicate()
        await daemon.start()
        confirmed = await count_lines(daemon)
        done = json.loads((await run("import", "--json", file)).stdout)

    assert process.returncode != 0
    assert b"repeat the command to go on" in told
    assert 0 < confirmed < count
    assert done["added"] + done["kept"] < count
    assert confirmed + done["added"] == count


async def test_what_an_interrupted_import_took_over_is_told_by_the_next_one(start_daemon, run, tmp_path):
    file = tmp_path / "lines.json"
    file.write_bytes(lines_of(make_torrents(3)))
    async with start_daemon("metadata") as daemon:
        reached = {"source": open_source(file).identity, "position": file.stat().st_size, "number": 3, "more": 1}
        await daemon.post("/metadata/import", data=file.read_bytes(), params=reached)  # and Ctrl-C before the end
        done = await run("import", file)

    assert done.stdout == b"0 added, 3 taken over before\n"


async def position_of(daemon, file):
    answer = await daemon.request("GET", "/metadata/import", params={"source": open_source(file).identity})
    return answer.json()["position"]


async def count_lines(daemon):
    answer = await daemon.request("GET", "/metadata/export")
    return answer.body.count(b"\n")


async def test_of_a_damaged_file_the_lines_before_the_damage_are_imported_and_the_rest_from_the_whole_one(
    start_daemon, run, tmp_path
):
    file = tmp_path / "lines.json.gz"
    packed = gzip.compress(lines_of(make_torrents(3_000)))
    file.write_bytes(packed[: len(packed) // 2])
    async with start_daemon("metadata"):
        damaged = await run("import", file, code=2)
        stored = (await run("export", "-")).stdout.count(b"\n")
        file.write_bytes(packed)
        whole = json.loads((await run("import", "--json", file)).stdout)

    assert f"Error: {file} is damaged after line {stored}: " in damaged.stderr.decode()
    assert b"repeat the command to go on" in damaged.stderr
    assert 0 < stored < 3_000
    assert (whole["added"], whole["kept"]) == (3_000 - stored, stored)


async def test_an_export_replaces_a_file_only_when_told_to(start_daemon, run, tmp_path):
    file = tmp_path / "lines.json"
    file.write_bytes(b"mine")
    async with start_daemon("metadata"):
        refused = await run("export", file, code=1)
        kept = file.read_bytes()
        await run("export", "--force", file)

    assert b"--force replaces it" in refused.stderr
    assert kept == b"mine"
    assert file.read_bytes() == b""
    assert [path.name for path in tmp_path.glob("lines*")] == ["lines.json"]


async def test_a_file_that_is_not_there_is_named(run, tmp_path):
    done = await run("import", tmp_path / "none.json", code=1)

    assert f"{tmp_path}/none.json" in done.stderr.decode()


async def test_without_a_daemon_it_is_said_what_to_do(run, tmp_path):
    (tmp_path / "lines.json").write_bytes(b"")

    imported = await run("import", tmp_path / "lines.json", code=1)
    exported = await run("export", tmp_path / "out.json", code=1)

    assert b"Start one with `triblerd`" in imported.stderr
    assert b"Start one with `triblerd`" in exported.stderr
    assert not (tmp_path / "out.json").exists()
