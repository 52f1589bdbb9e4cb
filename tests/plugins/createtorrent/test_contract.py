"""Every row of the contract of ``POST /createtorrent``."""

import os
import socket
import time

import pytest

from tests.plugins.createtorrent.conftest import create, handled, refusal
from tests.plugins.createtorrent.test_formats import decoded
from triblerd import __version__
from triblerd_createtorrent.layout import chosen_piece_length
from triblerd_libtorrent.metainfo import parse_metainfo


async def test_one_file_makes_a_torrent_of_its_name(start, files):
    folder = files({"album/01.flac": b"1" * 70_000})
    async with start() as daemon:
        before = int(time.time())
        made = await create(daemon, folder / "album/01.flac")

    assert [(file.path, file.size) for file in made.files] == [("01.flac", 70_000)]
    assert made.name == "01.flac"
    assert not made.is_multi_file
    assert not made.is_private
    assert made.infohash_v1
    assert not made.infohash_v2
    assert made.piece_length == chosen_piece_length(70_000)
    content = decoded(made.raw)
    assert content[b"created by"].decode() == f"triblerd {__version__}"
    assert before <= content[b"creation date"] <= time.time()
    for absent in (b"8:encoding", b"5:nodes", b"9:httpseeds", b"8:url-list", b"7:private", b"8:announce", b"7:comment"):
        assert absent not in made.raw


async def test_several_files_make_a_torrent_of_the_directory_that_has_them_all(start, files):
    folder = files({"album/b/2": b"2" * 10, "album/a/x/1": b"1" * 20, "album/other": b"no"})
    async with start() as daemon:
        made = await create(daemon, folder / "album/b/2", folder / "album/a/x/1")

    assert made.name == "album"
    assert [file.path for file in made.files] == ["album/a/x/1", "album/b/2"]


async def test_each_tracker_has_a_tier_and_the_description_is_the_comment(start, files):
    folder = files({"a": b"a"})
    urls = ["http://b.example/announce", "udp://a.example:80"]
    async with start() as daemon:
        made = await create(daemon, folder / "a", trackers=urls, description="Recorded live \N{SNOWMAN}")

    assert made.trackers == ((urls[0],), (urls[1],))
    assert made.raw.startswith(b"d8:announce25:http://b.example/announce13:announce-listll25:")
    assert made.comment == "Recorded live \N{SNOWMAN}"


async def test_empty_texts_and_lists_count_as_absent(start, files):
    folder = files({"a": b"a"})
    async with start() as daemon:
        made = await create(daemon, folder / "a", trackers=[], description="", export_dir="", name="")

    assert b"8:announce" not in made.raw
    assert b"7:comment" not in made.raw


async def test_directories_are_left_out_and_links_are_files_of_their_own_name(start, files, tmp_path):
    folder = files({"a": b"a", "sub/b": b"b"})
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_bytes(b"content")
    async with start() as daemon:
        made = await create(daemon, folder / "a", folder / "sub", folder / "link")

    assert [(file.path, file.size) for file in made.files] == [("files/a", 1), ("files/link", 7)]


async def test_empty_files_stand_beside_others(start, files):
    folder = files({"a": b"", "b": b"b", "z": b""})
    async with start() as daemon:
        made = await create(daemon, *(folder / name for name in "zab"))

    assert [(file.path, file.size) for file in made.files] == [("files/a", 0), ("files/b", 1), ("files/z", 0)]


async def test_files_of_one_name_in_two_directories_are_two(start, files):
    folder = files({"one/x": b"1", "two/x": b"2"})
    async with start() as daemon:
        made = await create(daemon, folder / "two/x", folder / "one/x", folder / "one" / ".." / "one/x")

    assert [file.path for file in made.files] == ["files/one/x", "files/two/x"]


@pytest.mark.parametrize(("body", "file_name"), [({"name": "album"}, "album.torrent"), ({}, "unknown.torrent")])
async def test_the_torrent_is_exported_under_the_name_that_is_asked_for(start, files, tmp_path, body, file_name):
    folder = files({"a": b"a"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file_name).write_bytes(b"of yesterday")
    async with start() as daemon:
        made = await create(daemon, folder / "a", export_dir=str(tmp_path / "out"), **body)

    assert [path.name for path in (tmp_path / "out").iterdir()] == [file_name]
    assert (tmp_path / "out" / file_name).read_bytes() == made.raw
    assert made.name == "a"


async def test_without_its_directory_nothing_is_exported_and_no_error_told(start, files, tmp_path):
    folder = files({"a": b"a"})
    async with start() as daemon:
        await create(daemon, folder / "a", export_dir=str(tmp_path / "missing"))

    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize(
    "field", ["trackers", "tiers", "web_seeds", "name", "description", "export_dir", "created_by", "source"]
)
async def test_an_empty_text_counts_as_absent(start, files, field):
    folder = files({"a": b"a"})
    async with start() as daemon:
        made = await create(daemon, folder / "a", creation_date=0)
        same = await create(daemon, folder / "a", creation_date=0, **{field: ""})

    assert same.raw == made.raw


MISSING = (400, "files parameter missing")


@pytest.mark.parametrize(
    "body", [{}, {"files": []}, {"files": ""}, {"files": None}, {"name": "x"}, {"files": [], "piece_length": 1}]
)
async def test_files_are_required(start, body):
    async with start() as daemon:
        assert await refusal(daemon, body) == MISSING


async def test_directories_alone_are_no_files(start, files):
    folder = files({"sub/a": b"a"})
    async with start() as daemon:
        assert await refusal(daemon, {"files": [str(folder), str(folder / "sub")]}) == MISSING


@pytest.mark.parametrize("paths", [["a"], ["/", "./a"], [""], ["file:///a"], ["/\0"]])
async def test_relative_paths_are_refused(start, paths):
    async with start() as daemon:
        assert await refusal(daemon, {"files": paths}) == (400, "files must be absolute paths")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "Bad JSON"),
        (b"{", "Bad JSON"),
        (b"[]", "Bad JSON"),
        (b'{"files": "/etc/hosts"}', "files: expected array | null, got str"),
        (b'{"files": [1]}', "files[0]: expected str, got int"),
        (b'{"files": ["/etc/hosts"], "trackers": "http://x/"}', "trackers: expected array | null, got str"),
        (b'{"files": ["/etc/hosts"], "tiers": "http://x/"}', "tiers: expected array | null, got str"),
        (b'{"files": ["/etc/hosts"], "web_seeds": "http://x/"}', "web_seeds: expected array | null, got str"),
        (b'{"files": ["/etc/hosts"], "description": 5}', "description: expected str | null, got int"),
    ],
)
async def test_what_does_not_fit_is_refused(start, body, error):
    async with start() as daemon:
        assert await refusal(daemon, body) == (400, error)


@pytest.mark.parametrize("name", ["a/b", "../a", "a\\b", "a\0b", ".", "..", "n" * 300])
async def test_a_name_may_not_lead_elsewhere(start, files, tmp_path, name):
    folder = files({"a": b"a"})
    body = {"files": [str(folder / "a")], "name": name, "export_dir": str(tmp_path)}
    async with start() as daemon:
        assert await refusal(daemon, body) == (400, "invalid name")


async def test_a_path_that_does_not_exist_is_named(start, files):
    folder = files({"a": b"a"})
    (folder / "dangling").symlink_to(folder / "nothing")
    async with start() as daemon:
        for path in (folder / "missing", folder / "dangling", folder / "a" / "below-a-file"):
            answer = await refusal(daemon, {"files": [str(folder / "a"), str(path)]})
            assert answer == handled("OSError", f"Path does not exist: {path}")


async def test_empty_files_alone_make_no_torrent(start, files):
    folder = files({"a": b"", "b": b""})
    async with start() as daemon:
        answer = await refusal(daemon, {"files": [str(folder / "a"), str(folder / "b")]})

    assert answer == handled("RuntimeError", "invalid length of torrent")


async def test_the_systems_text_says_why_a_file_is_unreadable(start, files):
    folder = files({"a": b"a"})
    (folder / "loop").symlink_to(folder / "loop")
    too_long = folder / ("n" * 300)
    async with start() as daemon:
        loop = await refusal(daemon, {"files": [str(folder / "loop")]})
        name = await refusal(daemon, {"files": [str(too_long)]})

    assert loop == handled("OSError", f"Too many levels of symbolic links: {folder / 'loop'}")
    assert name == handled("OSError", f"File name too long: {too_long}")


async def test_pipes_sockets_and_devices_are_no_files(start, files):
    folder = files({"a": b"a"})
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        async with start() as daemon:
            for path in (folder / "pipe", folder / "socket", "/dev/zero"):
                answer = await refusal(daemon, {"files": [str(folder / "a"), str(path)]})
                assert answer == handled("OSError", f"Not a regular file: {path}")


async def test_a_directory_in_the_place_of_the_exported_file_is_an_error(start, files, tmp_path):
    folder = files({"a": b"a"})
    (tmp_path / "a.torrent").mkdir()
    body = {"files": [str(folder / "a")], "name": "a", "export_dir": str(tmp_path)}
    async with start() as daemon:
        status, error = await refusal(daemon, body)
        (job,) = (await daemon.get("/createtorrent/jobs"))["jobs"]
        torrent = await daemon.request("GET", f"/createtorrent/jobs/{job['id']}/torrent")

    assert (status, error["code"]) == (500, "OSError")
    assert error["message"] == f"Cannot write {tmp_path / 'a.torrent'}: Is a directory"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.torrent", "files", "state"]
    assert parse_metainfo(torrent.body).infohash == job["infohash"]  # what was hashed is not lost


async def test_a_relative_directory_to_export_to_is_refused(start, files):
    folder = files({"a": b"a"})
    async with start() as daemon:
        answer = await refusal(daemon, {"files": [str(folder / "a")], "export_dir": "out"})

    assert answer == (400, "export_dir must be an absolute path")


async def test_paths_stay_inside_of_the_configured_directories(start, files, tmp_path):
    folder = files({"a": b"a"})
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    async with start(api={"file_roots": [str(folder)]}) as daemon:
        await create(daemon, folder / "a", export_dir=str(folder))
        for path in (tmp_path / "secret", tmp_path / "missing", folder / "link"):
            answer = await refusal(daemon, {"files": [str(path)]})
            assert answer == (400, f"files: {path} is outside of the allowed directories")
        answer = await refusal(daemon, {"files": [str(folder / "a")], "export_dir": str(tmp_path)})

    assert answer == (400, f"export_dir {tmp_path} is outside of the allowed directories")
    assert not (tmp_path / "unknown.torrent").exists()
