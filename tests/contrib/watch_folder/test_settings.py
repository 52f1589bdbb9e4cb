"""The section: the documented keys as clients send them, and folders with options."""

import pytest

from tests.contrib.watch_folder.conftest import wait_for_downloads, wait_for_folder

REFUSALS = (
    ({"hops": 4}, "films.hops: expected int <= 3"),
    ({"hops": "many"}, "films.hops: expected int | null, got str"),
    ({"destination": "films"}, "films: destination must be an absolute path, not 'films'"),
    ({"directory": ""}, "films.directory: expected str of length >= 1"),
    ({"directory": "a\0"}, "films: directory and destination must be paths, without NUL"),
    ({"category": "a/b"}, "films: category must have 1 to 100 characters, without slashes and control characters"),
    ({"tags": ["a,b"]}, "films: tags must have 1 to 100 characters each, without commas and control characters"),
    ({"tags": [str(number) for number in range(33)]}, "films: tags are at most 32, not 33"),
    ({"recursive": "perhaps"}, "films.recursive: expected bool, got str"),
    ({"safe_seeding": 5}, "films.safe_seeding: expected bool | null, got int"),
    ({"after": "burn"}, "films.after: invalid enum value 'burn'"),
    ({"colour": "red"}, "films: object contains unknown field colour"),
)


async def test_a_client_turns_it_on_as_it_always_did(start_daemon, tmp_path, torrent):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "film.torrent").write_bytes(torrent().metainfo)
    async with start_daemon("downloads", "settings") as daemon:
        before = (await daemon.get("/settings"))["settings"]["watch_folder"]
        await daemon.get("/watch_folder", status=404)

        change = {"watch_folder": {"enabled": True, "directory": str(folder)}}
        assert await daemon.post("/settings", json=change) == {"modified": True}
        await wait_for_downloads(daemon, "film")
        await daemon.post("/settings", json={"watch_folder": {"directory": str(tmp_path / "other")}})
        await wait_for_folder(daemon, directory=str(tmp_path / "other"), state="missing")

        await daemon.post("/settings", json={"watch_folder": {"enabled": False}})
        await daemon.get("/watch_folder", status=404)
        after = (await daemon.get("/settings"))["settings"]["watch_folder"]

    assert before == {"enabled": False, "directory": "", "check_interval": 10.0, "settle_time": 30.0, "folders": {}}
    assert after == {**before, "directory": str(tmp_path / "other")}


async def test_wrong_options_are_refused_by_the_name_of_their_key(start_daemon, tmp_path):
    async with start_daemon("downloads", "settings", "watch_folder") as daemon:
        for option, reason in REFUSALS:
            folders = {"good": {"directory": "/srv"}, "films": {"directory": str(tmp_path), **option}}
            answer = await daemon.post("/settings", json={"watch_folder": {"folders": folders}}, status=400)

            assert answer == {"error": f"watch_folder.folders.{reason}"}
        for key, value in {"check_interval": 0, "settle_time": -1, "directory": 5, "folders": {"": {}}}.items():
            answer = await daemon.post("/settings", json={"watch_folder": {key: value}}, status=400)

            assert answer["error"].startswith(f"watch_folder.{key}")


async def test_folders_are_shown_as_they_were_set_and_survive_a_restart(start_daemon, tmp_path):
    options = {"directory": str(tmp_path), "hops": 0, "after": "rename", "tags": ["new"]}
    async with start_daemon("downloads", "settings", "watch_folder") as daemon:
        await daemon.post("/settings", json={"watch_folder": {"folders": {"films": {**options, "paused": False}}}})

    async with start_daemon("downloads", "settings", "watch_folder") as daemon:
        settings = (await daemon.get("/settings"))["settings"]["watch_folder"]
        report = await wait_for_folder(daemon, "films", state="watching")
        await daemon.post("/settings", json={"watch_folder": settings})

    assert settings["folders"] == {"films": options}
    assert report["directory"] == str(tmp_path)


async def test_a_key_that_only_reads_starts_no_scan(start_daemon):
    config = {"api": {"keys": {"guest": {"key": "guest-key", "scope": "read"}}}}
    async with start_daemon("watch_folder", config=config) as daemon:
        daemon.key = "guest-key"

        assert await daemon.get("/watch_folder") == {"check_interval": 10.0, "folders": []}
        await daemon.post("/watch_folder/scan", status=403)


@pytest.mark.parametrize("word", ["perhaps", "2"])
async def test_a_flag_has_to_be_one(start_daemon, word):
    async with start_daemon("watch_folder") as daemon:
        answer = await daemon.post("/watch_folder/scan", params={"dry_run": word}, status=400)

        assert answer["error"].startswith("dry_run: expected bool")
        assert await daemon.post("/watch_folder/scan") == {"dry_run": False, "files": [], "folders": []}
