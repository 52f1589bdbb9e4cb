"""Files that are no torrents, or not yet."""

import os
from pathlib import Path

from tests.contrib.watch_folder.conftest import downloads, folder, names_in, scan, wait_for_downloads, wait_for_folder

MANUAL = {"check_interval": 3600.0}


async def test_a_broken_file_gets_another_name_and_listeners_are_told(start, watched):
    (watched / "inner").mkdir()
    (watched / "inner/bad.torrent").write_bytes(b"no torrent")
    (watched / "inner/bad.torrent.corrupt").write_text("an older one")

    async with start("events") as daemon, daemon.stream() as stream:
        event = await stream.next("watch_folder_corrupt_file")
        await wait_for_folder(daemon, broken=1, waiting=0, files=0)

    assert event == {"topic": "watch_folder_corrupt_file", "args": ["bad.torrent"], "kwargs": {}}
    assert names_in(watched / "inner") == ["bad.torrent.corrupt", "bad.torrent.corrupt.2"]


async def test_links_that_lead_nowhere_are_broken(start, watched):
    texts = {
        "empty": "\n",
        "two": "magnet:?xt=urn:btih:" + "a" * 40 + "\nmagnet:?xt=urn:btih:" + "b" * 40 + "\n",
        "no_hash": "magnet:?dn=film\n",
        "no_link": "Film!\n",
        "long": "magnet:?xt=urn:btih:" + "a" * 40 + "&dn=" + "x" * 70_000 + "\n",
    }
    for name, text in texts.items():
        (watched / f"{name}.magnet").write_text(text)
    (watched / "binary.magnet").write_bytes(b"\xff\xfe\n")

    async with start() as daemon:
        await wait_for_folder(daemon, broken=6, waiting=0)

    assert names_in(watched) == sorted(f"{name}.magnet.corrupt" for name in [*texts, "binary"])


async def test_a_torrent_that_is_still_being_written_is_waited_for(start, watched, torrent):
    whole = torrent().metainfo
    file = watched / "film.torrent"

    async with start(settle_time=60) as daemon:
        for part in range(1, 6):
            file.write_bytes(whole[: part * len(whole) // 6])
            found = await scan(daemon)
            assert found["film.torrent"]["outcome"] == "waiting"
        file.write_bytes(whole)
        await wait_for_downloads(daemon, "film")
        report = await folder(daemon)

    assert report["broken"] == 0
    assert names_in(watched) == ["film.torrent"]


async def test_a_file_that_may_still_be_written_is_not_broken(start, watched, torrent):
    async with start(**MANUAL, settle_time=3600) as daemon:
        (watched / "half.torrent").write_bytes(torrent().metainfo[:60])
        found = [await scan(daemon) for _ in range(3)]
        report = await folder(daemon)

    assert [row["half.torrent"]["outcome"] for row in found] == ["waiting"] * 3
    assert "Invalid torrent file" in found[0]["half.torrent"]["reason"]
    assert (report["waiting"], report["broken"]) == (1, 0)


async def test_what_is_too_large_or_unreadable_is_said_and_left_alone(start, watched):
    with (watched / "huge.torrent").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    (watched / "far.magnet").write_text("http://127.0.0.1:1/film.torrent\n")

    async with start(**MANUAL) as daemon:
        found = await scan(daemon)
        again = await scan(daemon)
        problems = {Path(row["path"]).name: row["error"] for row in (await folder(daemon))["problems"]}
        (watched / "huge.torrent").unlink()
        await scan(daemon)
        after = await folder(daemon)

    assert {name: row["outcome"] for name, row in found.items()} == {"huge.torrent": "failed", "far.magnet": "failed"}
    assert again.keys() == found.keys()
    assert problems["huge.torrent"] == "It is larger than 16777216 bytes"
    assert problems["far.magnet"].startswith("Cannot fetch the torrent: ")
    assert [Path(row["path"]).name for row in after["problems"]] == ["far.magnet"]
    assert names_in(watched) == ["far.magnet"]


async def test_a_broken_file_does_not_keep_the_others_from_being_added(start, watched, torrent):
    (watched / "a.torrent").write_bytes(b"no torrent")
    (watched / "b.torrent").write_bytes(torrent().metainfo)
    os.mkfifo(watched / "c.torrent")

    async with start(**MANUAL) as daemon:
        await wait_for_downloads(daemon, "film")

        assert len(await downloads(daemon)) == 1
