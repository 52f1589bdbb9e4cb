"""The main job, by the real program: whole downloads from a real peer, in every way that the API offers."""

import random
from functools import partial

import pytest

from tests.daemon.conftest import blocks_read
from tests.plugins.downloads.conftest import item_of, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import Seeder, TorrentVersion

ALBUM = {name: random.Random(name).randbytes(6 * 16 * 1024) for name in ("a.bin", "disc 2/b.bin", "disc 2/c.bin")}
"""Files of whole pieces, so that none comes along with its neighbour."""


@pytest.mark.parametrize("version", TorrentVersion)
async def test_a_torrent_of_each_generation_comes_in_every_way(start_program, swarm, saved, tmp_path, version):
    torrents = [swarm.seed(ALBUM | {"number": n.encode()}, name=f"album {n}", version=version) for n in "1234"]
    by_file, by_url, by_magnet, by_upload = torrents
    (tmp_path / "a file.torrent").write_bytes(by_file.metainfo)
    uris = [
        f"file://{tmp_path}/a%20file.torrent",
        f"{swarm.url}/moved?to={by_url.infohash}.torrent",
        swarm.seeder.magnet(by_magnet),
    ]
    async with start_program("downloads") as daemon:
        for torrent, uri in zip(torrents, uris, strict=False):
            assert await daemon.put("/downloads", json={"uri": uri}) == {"started": True, "infohash": torrent.infohash}
        await upload(daemon, by_upload)

        for torrent in torrents:
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
            item = await wait_for(partial(with_metadata, daemon, torrent))
            assert (item["name"], item["size"], item["progress"]) == (torrent.name, torrent.size, 1.0)
            kept = await wait_for(partial(whole_torrent_file, daemon, torrent))
            assert info_of(kept) == info_of(torrent.metainfo)

    for torrent in torrents:
        assert same_files(saved / torrent.name, torrent.folder / torrent.name)


async def test_selected_files_come_first_and_the_rest_when_it_is_wanted(start_program, swarm, saved):
    torrent = swarm.seed(ALBUM, name="album")
    path = f"/downloads/{torrent.infohash}"
    async with start_program("downloads") as daemon:
        await daemon.put("/downloads", json={"uri": swarm.seeder.magnet(torrent), "selected_files": [1]})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        files = (await daemon.get(f"{path}/files"))["files"]
        missing = [name for name in ALBUM if not (saved / "album" / name).exists()]
        await daemon.patch(path, json={"selected_files": [9]}, status=400)

        await wait_for(partial(has_no_peer, daemon, torrent), what="the seeder to be left")
        await daemon.patch(path, json={"selected_files": []})
        await wait_for(lambda: same_files(saved / "album", torrent.folder / "album"), what="all files")

    assert [(file["name"], file["included"], file["progress"]) for file in files] == [
        ("a.bin", False, 0.0),
        ("disc 2/b.bin", True, 1.0),
        ("disc 2/c.bin", False, 0.0),
    ]
    assert missing == ["a.bin", "disc 2/c.bin"]


async def test_the_whole_life_of_a_download(start_program, swarm, saved, tmp_path):
    swarm.seeder.limit(400_000)
    content = random.Random(1).randbytes(1_500_000)
    torrent = swarm.seed(content, name="film.mkv")
    path = f"/downloads/{torrent.infohash}"
    archive = tmp_path / "archive"
    archive.mkdir()
    async with start_program("downloads") as daemon:
        await upload(daemon, torrent)
        await wait_for(lambda: has_begun(daemon, torrent), what="the first piece")

        await daemon.patch(path, json={"state": "stop"})
        paused = await wait_for_status(daemon, torrent.infohash, "STOPPED")
        assert 0 < paused["progress"] < 1
        assert paused["speed_down"] == 0

        swarm.seeder.limit(0)
        await daemon.patch(path, json={"state": "resume"})
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        damage(saved / "film.mkv", offset=700_000)
        await daemon.patch(path, json={"state": "recheck"})
        await wait_for(lambda: (saved / "film.mkv").read_bytes() == content, what="the mended file")
        await wait_for_status(daemon, torrent.infohash, "SEEDING")

        await daemon.patch(path, json={"state": "move_storage", "dest_dir": str(archive)})
        await wait_for(lambda: not (saved / "film.mkv").exists(), what="the move")
        assert (await wait_for_status(daemon, torrent.infohash, "SEEDING"))["destination"] == str(archive)
        assert (archive / "film.mkv").read_bytes() == content

        assert await daemon.delete(path, json={"remove_data": True}) == {
            "removed": True,
            "infohash": torrent.infohash,
        }
        assert (await daemon.get("/downloads"))["downloads"] == []
        await daemon.patch(path, json={"state": "resume"}, status=404)

    assert list(archive.iterdir()) == []


async def test_what_the_daemon_has_it_gives_to_others(start_program, swarm, tmp_path):
    torrent = swarm.seed(ALBUM, name="album", version=TorrentVersion.HYBRID)
    async with start_program("downloads", "settings") as daemon:
        await upload(daemon, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        swarm.seeder.close()  # the daemon is the only one who has it now
        port = await peer_port(daemon)

        with Seeder(tmp_path / "unused") as leecher:
            leecher.leech(torrent, tmp_path / "leeched", "127.0.0.1", port)
            await wait_for(lambda: leecher.progress(torrent) == 1.0, what="the other peer's download")

        async def has_uploaded():
            return (await item_of(daemon, torrent.infohash))["ratio"] > 0.9

        await wait_for(has_uploaded)

    assert same_files(tmp_path / "leeched" / "album", torrent.folder / "album")


async def test_a_restart_keeps_everything(start_program, swarm):
    done, stopped, picked = (swarm.seed(ALBUM | {"n": name.encode()}, name=name) for name in ("done", "stop", "pick"))
    async with start_program() as daemon:
        await upload(daemon, done)
        await daemon.put("/downloads", json={"uri": stopped.magnet})  # no peer knows it, no metadata come
        await daemon.patch(f"/downloads/{stopped.infohash}", json={"state": "stop"})
        await upload(daemon, picked, selected_files="0")
        await daemon.patch(f"/downloads/{picked.infohash}", json={"upload_limit": 5000})
        await daemon.post("/settings", json={"libtorrent": {"max_upload_rate": 70_000}})
        await wait_for_status(daemon, picked.infohash, "SEEDING")
        before = await wait_for_status(daemon, done.infohash, "SEEDING")

        await daemon.restart()

        after = await wait_for_status(daemon, done.infohash, "SEEDING")
        await wait_for_status(daemon, picked.infohash, "SEEDING")
        listed = await daemon.get("/downloads")
        files = (await daemon.get(f"/downloads/{picked.infohash}/files"))["files"]
        assert await blocks_read(daemon) == 0

    assert [item["infohash"] for item in listed["downloads"]] == [done.infohash, stopped.infohash, picked.infohash]
    assert listed["checkpoints"] == {"total": 3, "loaded": 3, "all_loaded": True}
    assert listed["downloads"][1]["status"] == "STOPPED"
    assert [file["included"] for file in files] == [True, False, False, False]
    assert {item["max_upload_speed"] for item in listed["downloads"]} == {70_000}
    kept = ("name", "size", "destination", "time_added", "progress", "total_pieces")
    assert [after[key] for key in kept] == [before[key] for key in kept]


async def test_files_are_hashed_when_they_are_checked_and_not_at_a_start(start_program, swarm):
    torrent = swarm.seed(ALBUM, name="album")
    async with start_program("downloads") as daemon:
        await upload(daemon, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.restart()
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        assert await blocks_read(daemon) == 0

        await daemon.patch(f"/downloads/{torrent.infohash}", json={"state": "recheck"})

        await wait_for(lambda: all_was_read(daemon, torrent), what="the check")


async def test_two_clients_hear_of_a_download_from_beginning_to_end(start_program, swarm):
    torrent = swarm.seed(ALBUM, name="album")
    async with start_program() as daemon, daemon.stream() as first, daemon.stream() as second:
        for stream in (first, second):
            assert set((await stream.next())["kwargs"]) == {"public_key", "version"}
        await upload(daemon, torrent)
        for stream in (first, second):
            assert await stream.next("torrent_finished") == {
                "topic": "torrent_finished",
                "args": [],
                "kwargs": {"infohash": torrent.infohash, "name": "album", "hidden": False},
            }

        await daemon.put("/shutdown")

        for stream in (first, second):
            await heard_to_the_end(stream)
        assert first.seen == second.seen
        assert await daemon.wait_for_exit() == 0

    topics = [message["topic"] for message in first.seen]
    assert topics[:2] == ["events_start", "torrent_finished"]
    assert set(topics[2:]) == {"tribler_shutdown_state"}
    for message in first.seen[2:]:
        assert set(message) == {"topic", "args", "kwargs"}
        assert [type(argument) for argument in message["args"]] == [str]
        assert message["kwargs"] == {}


async def heard_to_the_end(stream):
    with pytest.raises(EOFError):
        await stream.next("a topic that never comes")


async def with_metadata(daemon, torrent):
    """Return the row of a download once it has its size: a tiny one is complete before its metadata are on disk."""
    item = await item_of(daemon, torrent.infohash)
    return item if item["size"] else None


async def whole_torrent_file(daemon, torrent):
    """Return the torrent file once it has the hashes of the pieces, which come apart from a magnet's metadata."""
    answer = await daemon.request("GET", f"/downloads/{torrent.infohash}/torrent")
    return answer.body if layers_of(answer.body) == layers_of(torrent.metainfo) else None


async def all_was_read(daemon, torrent):
    return await blocks_read(daemon) >= torrent.size / (16 * 1024)


async def has_no_peer(daemon, torrent):
    return (await item_of(daemon, torrent.infohash))["num_connected_seeds"] == 0


async def has_begun(daemon, torrent):
    return (await item_of(daemon, torrent.infohash))["progress"] > 0


async def peer_port(daemon):
    """Return the port where the daemon's peers reach it."""
    ports = (await daemon.get("/settings"))["ports"]
    (port,) = [port for port in ports if port != daemon.port]
    return port


def damage(path, offset):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"damage")


def info_of(metainfo):
    """Return what a torrent file says from its info dictionary on, which no client may change."""
    return metainfo[metainfo.index(b"4:info") :].split(b"12:piece layers")[0].rstrip(b"e")


def layers_of(metainfo):
    return metainfo.partition(b"12:piece layers")[2]


def same_files(ours, theirs):
    found = {path.relative_to(ours): path.read_bytes() for path in ours.rglob("*") if path.is_file()}
    return found == {path.relative_to(theirs): path.read_bytes() for path in theirs.rglob("*") if path.is_file()}
