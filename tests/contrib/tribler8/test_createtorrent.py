"""``/api/createtorrent``: the rows of the dialect, with real files, hashes and downloads."""

import base64
import json
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint

import pytest

import triblerd
from tests.plugins.downloads.conftest import mount_disk, wait_for_status
from tests.plugins.files.conftest import closed, nobody
from triblerd_libtorrent.api import bdecode_dictionary
from triblerd_libtorrent.metainfo import parse_metainfo
from triblerd_tribler8.createtorrent.placing import can_place

__all__ = ["closed", "mount_disk"]

PATH, DRY = "/api/createtorrent", "/api/createtorrent/dryrun"
TUNNELS = EntryPoint("tunnels", "tests.plugins.createtorrent.tunnels", "triblerd")
ONE, TWO = b"1" * 50_000, b"2" * 20_000


@pytest.fixture
def start(start_daemon, tmp_path):
    """Run the dialect with this area; downloads are saved into ``saved``."""

    @asynccontextmanager
    async def run(**config):
        settings = {"download_defaults": {"saveas": str(tmp_path / "saved")}, **config}
        async with start_daemon("tribler8", "createtorrent", "downloads", config=settings) as daemon:
            yield daemon

    return run


@pytest.fixture
def album(tmp_path):
    """Return a directory with two files in it, and a link to a third one outside of it."""
    folder = tmp_path / "data" / "album"
    (folder / "disc 1").mkdir(parents=True)
    (folder / "disc 1" / "01.flac").write_bytes(ONE)
    (folder / "cover.jpg").write_bytes(TWO)
    (tmp_path / "secret").write_bytes(b"s" * 1000)
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


async def create(daemon, **body):
    """Make a torrent; return what is in it, and its decoded file."""
    answer = await daemon.request("POST", PATH, json=body)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    raw = base64.b64decode(answer.json()["torrent"], validate=True)
    assert list(answer.json()) == ["torrent"]
    return parse_metainfo(raw), bdecode_dictionary(raw)[0]


async def refusal(daemon, status, body, path=PATH):
    """Return the text of a refusal, which has the dialect's form."""
    answer = await daemon.post(path, data=json.dumps(body).encode(), status=status)
    assert (list(answer), answer["error"]["handled"]) == (["error"], True)
    return answer["error"]["message"]


def paths(metainfo):
    return {file.path: file.size for file in metainfo.files if not file.is_pad}


async def test_a_single_file_is_linked_and_seeded(start, album, tmp_path):
    source = album / "cover.jpg"
    async with start() as daemon:
        made, content = await create(
            daemon,
            files=[str(source)],
            filenames=[""],
            name="",
            description="a cover",
            trackers=["http://a.test/announce", "", "udp://b.test:1/announce"],
            initial_nodes=["router.example 6881", "nothing", "host port", "a b c", "host 0", "::1 7"],
        )
        item = await wait_for_status(daemon, made.infohash, "SEEDING")

    target = tmp_path / "saved" / "cover.jpg"
    assert target.samefile(source)
    assert not target.is_symlink()
    assert (made.name, made.is_multi_file, made.infohash_v2) == ("cover.jpg", False, "")
    assert (item["destination"], item["progress"], item["safe_seeding"]) == (str(tmp_path / "saved"), 1.0, True)
    assert content[b"comment"] == b"a cover"
    assert content[b"created by"] == f"Tribler version: {triblerd.__version__}".encode()
    assert content[b"announce-list"] == [[b"http://a.test/announce"], [b"udp://b.test:1/announce"]]
    assert content[b"nodes"] == [[b"router.example", 6881], [b"::1", 7]]


async def test_a_directory_is_taken_as_a_whole_below_its_name_without_what_links_lead_out_to(start, album, tmp_path):
    async with start() as daemon:
        made, _ = await create(
            daemon,
            files=[str(album)],
            filenames=["music"],
            name="best of",
            export_dir=str(tmp_path / "new" / "seeds"),
            torrent_version="hybrid",
        )
        item = await wait_for_status(daemon, made.infohash, "SEEDING")

    folder = tmp_path / "new" / "seeds"
    assert paths(made) == {"best of/music/cover.jpg": 20_000, "best of/music/disc 1/01.flac": 50_000}
    assert made.infohash_v1
    assert made.infohash_v2
    assert item["destination"] == str(folder)
    assert (folder / "best of" / "music" / "disc 1" / "01.flac").samefile(album / "disc 1" / "01.flac")
    assert not list(folder.rglob("link"))


async def test_several_files_are_named_as_the_directory_that_has_them_all(start, album):
    async with start() as daemon:
        inside, _ = await create(
            daemon, files=[str(album / "cover.jpg"), str(album / "disc 1" / "01.flac")], filenames=["", "a/b.flac"]
        )
        whole, _ = await create(daemon, files=[str(album)], torrent_version="v2")
        apart, _ = await create(daemon, files=[str(album / "cover.jpg"), "/etc/hostname"], filenames="", trackers="")

    assert paths(inside) == {"album/a/b.flac": 50_000, "album/cover.jpg": 20_000}
    assert list(paths(whole)) == ["album/album/cover.jpg", "album/album/disc 1/01.flac"]
    assert (whole.infohash_v1, len(whole.infohash_v2)) == ("", 64)
    assert apart.name == "unknown"


async def test_what_is_there_by_that_name_is_left_alone_and_used(start, album, tmp_path):
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "cover.jpg").write_bytes(b"mine" * 100)
    async with start() as daemon:
        made, _ = await create(daemon, files=[str(album / "cover.jpg")])
        await wait_for_status(daemon, made.infohash, "SEEDING")

    assert made.size == 400
    assert (tmp_path / "saved" / "cover.jpg").read_bytes() == b"mine" * 100


async def test_files_of_another_file_system_are_copied(start, album, mount_disk):
    disk = mount_disk("disk", "size=4m")
    async with start() as daemon:
        made, _ = await create(daemon, files=[str(album / "cover.jpg")], export_dir=str(disk))
        await wait_for_status(daemon, made.infohash, "SEEDING")

    assert (disk / "cover.jpg").read_bytes() == TWO
    assert [path.name for path in disk.iterdir() if path.name.endswith(".new")] == []


async def test_files_have_to_be_named(start):
    async with start() as daemon:
        nothing: list[dict[str, object]] = [{}, {"files": []}, {"files": None}, {"files": ""}]
        for body in nothing:
            assert await refusal(daemon, 400, body) == "files parameter missing"
        assert await refusal(daemon, 400, {"files": "album"}) == "files: expected array | null, got str"
        assert await refusal(daemon, 400, {"files": ["album"]}) == "files must be absolute paths"
        assert await refusal(daemon, 400, []) == "Bad JSON"


async def test_what_is_missing_or_empty_is_told(start, tmp_path):
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty").touch()
    async with start() as daemon:
        missing = await refusal(daemon, 500, {"files": [str(tmp_path / "missing")]})
        nothing = await refusal(daemon, 500, {"files": [str(tmp_path / "nothing")]})
        empty = await refusal(daemon, 500, {"files": [str(tmp_path / "empty")]})

    assert missing == f"OSError: Path does not exist: {tmp_path / 'missing'}"
    assert nothing == empty == "RuntimeError: invalid length of torrent"
    assert not (tmp_path / "saved" / "empty").exists()


async def test_names_that_lead_elsewhere_are_refused(start, album):
    cover = str(album / "cover.jpg")
    async with start() as daemon:
        for name in ("..", ".", "a/b", "/a", "a\\b", "a\0"):
            assert await refusal(daemon, 400, {"files": [cover], "name": name}) == "invalid name"
        for name in ("../a", "a/../../b", "/a", "a//b", "a/.", "..", "a\\b", "a\0"):
            message = await refusal(daemon, 400, {"files": [cover], "filenames": [name]})
            assert message == f"filenames: {name} is no relative path without .. in it"


async def test_what_does_not_fit_together_is_refused(start, album):
    files = [str(album / "cover.jpg"), str(album / "disc 1" / "01.flac")]
    async with start() as daemon:
        for filenames in (["a"], ["a", "b", "c"]):
            message = await refusal(daemon, 400, {"files": files, "filenames": filenames})
            assert message == "filenames: there must be as many as files"
        assert (
            await refusal(daemon, 400, {"files": files, "filenames": ["a", "a"]}) == "filenames: two files would be a"
        )
        assert (await refusal(daemon, 400, {"files": files, "torrent_version": "v3"})).startswith("torrent_version: ")


async def test_the_directory_has_to_be_absolute_and_allowed(start, album, tmp_path):
    roots = {"file_roots": [str(tmp_path / "data")]}
    async with start(api=roots) as daemon:
        body = {"files": [str(album / "cover.jpg")]}
        relative = await refusal(daemon, 400, {**body, "export_dir": "seeds"})
        outside = await refusal(daemon, 400, body)
        source = await refusal(daemon, 400, {"files": [str(tmp_path / "secret")], "export_dir": str(tmp_path / "data")})

    assert relative == "export_dir must be an absolute path"
    assert outside == f"export_dir {tmp_path / 'saved'} is outside of the allowed directories"
    assert source == f"files: {tmp_path / 'secret'} is outside of the allowed directories"


async def test_nothing_is_put_behind_a_link_and_nothing_stays_of_what_failed(start, album, tmp_path):
    saved, outside = tmp_path / "saved", tmp_path / "outside"
    (saved / "best").mkdir(parents=True)
    outside.mkdir()
    (saved / "best" / "z").symlink_to(outside)
    files = [str(album / "cover.jpg"), str(album / "disc 1" / "01.flac")]
    async with start() as daemon:
        message = await refusal(daemon, 500, {"files": files, "filenames": ["a/b/cover", "z/song"], "name": "best"})

    assert message == f"OSError: A link leads out of its directory: {saved / 'best' / 'z'}"
    assert list(outside.iterdir()) == []
    assert [path.name for path in (saved / "best").iterdir()] == ["z"]


async def test_names_that_clients_change_cannot_be_seeded(start, album, tmp_path):
    async with start() as daemon:
        message = await refusal(daemon, 500, {"files": [str(album / "cover.jpg")], "filenames": ["c\u202eover"]})

    assert "has a name that clients change" in message
    assert not (tmp_path / "saved").exists()


async def test_a_name_is_tried_out(start, tmp_path):
    (tmp_path / "there").touch()
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "album").mkdir()
    async with start(api={"file_roots": [str(tmp_path)]}) as daemon:

        async def could(**body):
            return (await daemon.post(DRY, json=body))["success"]

        assert await could(name="other")
        assert not await could(name="album")
        assert await could(name="album", export_dir=str(tmp_path / "not" / "yet"))
        assert not await could(name="there", export_dir=str(tmp_path))
        assert not await could(name="a", export_dir=str(tmp_path / "there" / "below"))
        assert not await could(name="a", export_dir="relative")
        assert not await could(name="a", export_dir="/etc")
        for body in ({}, {"name": ""}, {"name": None}, {"name": "a/b"}, {"name": ".."}):
            assert await refusal(daemon, 400, body, DRY) == "invalid name"
    assert not (tmp_path / "not").exists()


async def test_a_name_is_free_nowhere_that_nothing_can_be_written(start, mount_disk, tmp_path):
    disk, saved = mount_disk("readonly", "ro,size=1m"), tmp_path / "saved"
    saved.mkdir()
    before = saved.stat().st_mtime_ns
    folders = [str(disk), str(disk / "not" / "yet"), "/proc", "/proc/self/nothing", "/sys/kernel", "/dev/null"]
    async with start() as daemon:
        tried = {
            folder: (await daemon.post(DRY, json={"name": "album", "export_dir": folder}))["success"]
            for folder in (*folders, str(saved))
        }

    assert tried == {**dict.fromkeys(folders, False), str(saved): True}
    assert (list(saved.iterdir()), saved.stat().st_mtime_ns) == ([], before)


def test_a_name_is_free_nowhere_that_is_closed(closed):
    with nobody(closed):
        assert not can_place(closed, "album")
        assert not can_place(closed / "not" / "yet", "album")
    assert can_place(closed, "album")


async def test_it_is_seeded_whatever_the_flag_says_and_as_anonymously_as_downloads_are(start_daemon, album, tmp_path):
    config = {"download_defaults": {"saveas": str(tmp_path / "saved"), "anonymity_enabled": True, "number_hops": 2}}
    cover = {"files": [str(album / "cover.jpg")]}
    plugins = ("tribler8", "settings", "createtorrent", "downloads", "tunnels")
    async with start_daemon(*plugins, config=config, extra_plugins=[TUNNELS]) as daemon:
        anonymous = await refusal(daemon, 500, cover)
        await daemon.post("/settings", json={"download_defaults": {"anonymity_enabled": False}})
        await daemon.post(f"{PATH}?download=0", json=cover)
        [item] = (await daemon.get("/api/downloads"))["downloads"]

    assert "there is no session of 2 hops" in anonymous
    assert (item["name"], item["hops"], item["user_stopped"]) == ("cover.jpg", 0, False)


async def test_it_is_not_ready_without_its_area_or_the_downloads(start_daemon, album):
    for plugins in (("tribler8",), ("tribler8", "createtorrent")):
        async with start_daemon(*plugins) as daemon:
            message = await refusal(daemon, 404, {"files": [str(album)]})
        assert message == f"Required components not initialized to serve {PATH}", plugins
    assert list(album.parent.iterdir()) == [album]
