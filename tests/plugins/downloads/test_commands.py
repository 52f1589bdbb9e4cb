"""``triblerd add|list|show|pause|resume|remove|watch`` beside a running daemon."""

import asyncio
import json
import os
import signal
import subprocess

import click
import pytest

from triblerd.testing import wait_for
from triblerd_downloads.commands import parse_indices

CONTENT = bytes(range(251)) * 1200


async def test_a_magnet_link_is_added_watched_and_complete(start_daemon, triblerd, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")

    async with start_daemon("downloads", "events"):
        infohash = (await triblerd("add", seeder.magnet(torrent), "--destination", "films")).strip()
        lines = [
            json.loads(line)
            for line in (await triblerd("watch", infohash[:6], "--until-complete", "--json")).splitlines()
        ]

    assert infohash == torrent.infohash
    assert lines[-1]["status"] == "SEEDING"
    assert lines[-1]["progress"] == 1
    assert (tmp_path / "films" / "film").read_bytes() == CONTENT


async def test_a_torrent_file_is_added_with_a_selection_and_shown(start_daemon, triblerd, seeder, tmp_path):
    torrent = seeder.seed_new({"a": b"a" * 50_000, "b": b"b" * 20_000}, name="album")
    (tmp_path / "album.torrent").write_bytes(torrent.metainfo)

    async with start_daemon("downloads"):
        added = json.loads(await triblerd("add", "album.torrent", "--select", "1", "--paused", "--json", "-d", "music"))
        shown = json.loads(await triblerd("show", added["infohash"][:8], "--json"))
        for_people = await triblerd("show", added["infohash"])
        table = await triblerd("list")

    assert shown["status"] == "STOPPED"
    assert shown["destination"] == str(tmp_path / "music")
    assert [file["included"] for file in shown["files"]] == [False, True]
    assert "0     no" in for_people
    assert "1     yes" in for_people
    assert f"{torrent.infohash}  STOPPED" in table


async def test_downloads_are_added_and_listed_by_category_and_tag(start_daemon, triblerd, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")
    (tmp_path / "film.torrent").write_bytes(torrent.metainfo)

    async with start_daemon("downloads") as daemon:
        await daemon.put("/categories/films", json={"save_path": str(tmp_path / "films")})
        labels = ("--category", "films", "--tag", "new", "--tag", "good")
        await triblerd("add", "film.torrent", "--paused", *labels)
        await triblerd("add", "b" * 40, "-d", "other", "--tag", "new")
        shown = await triblerd("show", torrent.infohash)
        films = json.loads(await triblerd("list", "--category", "films", "--json"))
        new = json.loads(await triblerd("list", "--tag", "new", "--json"))
        others = json.loads(await triblerd("list", "--category", "", "--json"))

    assert [(row["infohash"], row["tags"]) for row in films] == [(torrent.infohash, ["new", "good"])]
    assert [row["infohash"] for row in new] == [torrent.infohash, "b" * 40]
    assert [row["infohash"] for row in others] == ["b" * 40]
    assert f"Directory: {tmp_path / 'films'}\nCategory:  films\nTags:      new, good\n" in shown


async def test_adding_what_is_there_already_says_so_and_changes_nothing(start_daemon, command, tmp_path):
    async with start_daemon("downloads", config={"download_defaults": {"saveas": str(tmp_path)}}) as daemon:

        async def add(tag):
            process = await asyncio.create_subprocess_exec(
                *command, "add", "b" * 40, "--tag", tag, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            return [stream.decode() for stream in await process.communicate()]

        new = await add("new")
        again = await add("seen")
        (row,) = (await daemon.get("/downloads"))["downloads"]

    assert new == ["b" * 40 + "\n", ""]
    assert again == ["b" * 40 + "\n", "b" * 40 + " was there already; the options do not change it\n"]
    assert row["tags"] == ["new"]


async def test_a_download_is_paused_resumed_and_removed_with_its_data(start_daemon, triblerd, seeder, tmp_path):
    torrent = seeder.seed_new(CONTENT, name="film")

    async with start_daemon("downloads") as daemon:
        await triblerd("add", seeder.magnet(torrent), "-d", "films")
        await triblerd("watch", "--until-complete")

        async def status():
            return json.loads(await triblerd("list", "--json"))[0]["status"]

        await triblerd("pause", torrent.infohash)
        await wait_for(lambda: is_in(daemon, "STOPPED"))
        assert await status() == "STOPPED"
        await triblerd("resume", torrent.infohash[:5])
        await wait_for(lambda: is_in(daemon, "SEEDING"))
        await triblerd("remove", torrent.infohash, "--data")

        assert json.loads(await triblerd("list", "--json")) == []
    assert not (tmp_path / "films" / "film").exists()


async def is_in(daemon, status):
    return [row["status"] for row in (await daemon.get("/downloads"))["downloads"]] == [status]


def started(command, output):
    with output.open("wb") as file:
        return subprocess.Popen(command, stdout=file)


async def test_watching_goes_on_until_it_is_interrupted(start_daemon, command, tmp_path):
    async with start_daemon("downloads", "events") as daemon:
        watching = started([*command, "watch", "--json"], tmp_path / "watched")
        await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{'a' * 40}&dn=unknown"})
        await wait_for((tmp_path / "watched").read_text)
        watching.send_signal(signal.SIGINT)
        await wait_for(lambda: watching.poll() is not None)

    assert watching.returncode == 0
    assert json.loads((tmp_path / "watched").read_text().splitlines()[0])["infohash"] == "a" * 40


async def test_mistakes_are_named(start_daemon, triblerd):
    async with start_daemon("downloads") as daemon:
        for digit in "12":
            await daemon.put("/downloads", json={"uri": f"magnet:?xt=urn:btih:{'c' * 39}{digit}"})

        assert "No download begins with ab" in await triblerd("show", "ab", code=1)
        assert "2 downloads begin with cc: " in await triblerd("show", "cc", code=2)
        assert "missing.torrent is neither a file" in await triblerd("add", "missing.torrent", code=2)
        assert "is no list of numbers" in await triblerd("add", "x", "--select", "one", code=2)
        assert "this download does not exist" in await triblerd("pause", "f" * 40, code=1)
        assert "There is no download ffff" in await triblerd("watch", "f" * 40, code=1)


def test_commands_of_a_plugin_that_is_off_are_missed(command):
    subprocess.run([*command, "plugins", "disable", "downloads"], check=True, stdout=subprocess.DEVNULL)

    done = subprocess.run([*command, "list"], check=False, capture_output=True, text=True, env=dict(os.environ))

    assert done.returncode == 2
    assert "The commands of the plugin downloads are missing: it is turned off" in done.stderr


@pytest.mark.parametrize(("text", "numbers"), [("0", [0]), ("0,2,5-7", [0, 2, 5, 6, 7]), (" 3 , 1", [3, 1])])
def test_files_are_selected_by_numbers_and_ranges(text, numbers):
    assert parse_indices(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1,,2"])
def test_what_is_no_list_of_numbers_is_refused(text):
    with pytest.raises(click.BadParameter):
        parse_indices(text)
