"""What an import does, whatever the program was."""

import fcntl
import shutil
from typing import Any

from tests.plugins.downloads.conftest import item_of, service, wait_for_status
from tests.plugins.upgrader.blown_up import blow_up
from tests.plugins.upgrader.conftest import run_import
from tests.plugins.upgrader.samples import PROGRAMS, ROOT, copy_state
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.api import Bencodable, TorrentEngine, bdecode_dictionary, bencode

ALPHA = "d73e71db1231cf8b32308ff083d9306445986969"
BETA = "33f939cc7e658585b98f51dce97f750f39e3d57c"
DELTA = "cc41c14e8bc3fefe47d339fd9153aaf9fe6a14f3"


def verdicts(report):
    """Return what became of each download."""
    return {row["infohash"]: row["verdict"] for row in report if row["infohash"]}


def row_of(report, infohash):
    """Return what is told of one download."""
    return next(row for row in report if row["infohash"] == infohash)


async def test_a_dry_run_tells_what_the_import_does_and_changes_nothing(sample, start_upgrader):
    _, data, body = sample("transmission-3.0")
    (data / "alpha.bin").unlink()
    before = sorted(data.rglob("*"))
    async with start_upgrader() as daemon:
        dry, planned = await run_import(daemon, {**body, "dry_run": True})
        left = sorted(data.rglob("*"))
        listed = (await daemon.get("/downloads"))["downloads"]

        real, done = await run_import(daemon, body)

    assert (dry["dry_run"], listed, left) == (True, [], before)
    assert (real["dry_run"], done) == (False, planned)
    assert real["counts"] == dry["counts"]


async def test_what_was_imported_is_there_already_when_it_is_imported_again(sample, start_upgrader):
    _, _, body = sample("qbittorrent-4.5")
    async with start_upgrader() as daemon:
        await run_import(daemon, body)
        await daemon.patch(f"/downloads/{ALPHA}", json={"state": "stop"})
        await wait_for_status(daemon, ALPHA, "STOPPED")
        again, report = await run_import(daemon, body)
        item = await item_of(daemon, ALPHA)

    assert set(verdicts(report).values()) == {"present"}
    assert again["counts"]["present"] == len(PROGRAMS["qbittorrent-4.5"]["downloads"])
    assert item["status"] == "STOPPED"


async def test_the_same_torrents_of_two_programs_are_the_same_downloads(sample, start_upgrader):
    _, _, first = sample("qbittorrent-4.5")
    async with start_upgrader() as daemon:
        await run_import(daemon, first)
        _, _, second = sample("tribler-8.4")
        _, report = await run_import(daemon, second)

    assert set(verdicts(report).values()) == {"present"}


async def test_what_is_missing_is_skipped_stopped_or_checked(sample, start_upgrader):
    _, data, body = sample("qbittorrent-4.5")
    (data / "alpha.bin").unlink()
    (data / "beta/one.bin").write_bytes(b"short")
    async with start_upgrader() as daemon:
        _, skipped = await run_import(daemon, body)
        left_out = [await item_of(daemon, ALPHA), await item_of(daemon, BETA)]

        _, stopped = await run_import(daemon, {**body, "missing": "stop"})
        states = [(await wait_for_status(daemon, one, "STOPPED"))["status"] for one in (ALPHA, BETA)]

        await daemon.delete(f"/downloads/{ALPHA}", json={"remove_data": False})
        _, checked = await run_import(daemon, {**body, "missing": "check"})
        item = await wait_for_status(daemon, ALPHA, "DOWNLOADING")

    reason = f"alpha.bin is missing or too short in {data}"
    assert (row_of(skipped, ALPHA)["verdict"], row_of(skipped, ALPHA)["reason"], left_out) == (
        "skipped",
        reason,
        [None] * 2,
    )
    assert row_of(skipped, BETA)["reason"] == f"beta/one.bin is missing or too short in {data}"
    assert (row_of(stopped, ALPHA)["verdict"], row_of(stopped, ALPHA)["notes"], states) == (
        "checked",
        ["it is stopped"],
        ["STOPPED"] * 2,
    )
    assert (row_of(checked, ALPHA)["verdict"], item["progress"]) == ("checked", 0)


async def test_directories_that_are_not_here_are_told_of(sample, start_upgrader):
    _, _, body = sample("transmission-4.1")
    async with start_upgrader() as daemon:
        view, report = await run_import(daemon, {**body, "replace": {}})

    assert set(verdicts(report).values()) == {"skipped"}
    assert view["missing_directories"] == {ROOT: 7, f"{ROOT}/incomplete": 2}
    assert view["counts"]["skipped"] == len(PROGRAMS["transmission-4.1"]["downloads"])


async def test_changed_files_are_trusted_and_told_of_or_checked(sample, start_upgrader):
    _, data, body = sample("transmission-4.1", with_times=False)
    async with start_upgrader() as daemon:
        _, trusted = await run_import(daemon, body)
        for infohash in verdicts(trusted):
            await daemon.delete(f"/downloads/{infohash}", json={"remove_data": False})
        _, checked = await run_import(daemon, {**body, "recheck_changed": True})
        await wait_for_status(daemon, ALPHA, "SEEDING")

    assert row_of(trusted, ALPHA)["verdict"] == "imported"
    note = "alpha.bin is otherwise than when the program last looked; trusted, since the sizes are right"
    assert note in row_of(trusted, ALPHA)["notes"]
    assert row_of(checked, ALPHA)["verdict"] == "checked"
    assert data.exists()


async def test_what_the_engine_finds_otherwise_is_told_of(sample, start_upgrader):
    state, data, body = sample("qbittorrent-4.5")
    # Its file is that of another download, which gets another name before the engine looks.
    [other] = blow_up("qbittorrent-4.5", state, data, 1)
    resume = state / "BT_backup" / f"{other}.fastresume"
    fields: dict[bytes, Bencodable] = {
        b"mapped_files": [b"delta.bin.!qB"],
        b"save_path": b"/srv/torrents/incomplete",
        b"qBt-savePath": b"",
    }
    known, _ = bdecode_dictionary(resume.read_bytes())
    resume.write_bytes(bencode({**known, **fields}))
    async with start_upgrader() as daemon:
        _, report = await run_import(daemon, body)

    assert row_of(report, other)["verdict"] == "checked"
    assert "delta.bin.!qB" in row_of(report, other)["reason"]
    assert row_of(report, DELTA)["verdict"] == "imported"


async def test_files_that_are_moved_already_are_found_there(sample, start_upgrader):
    _, data, body = sample("qbittorrent-4.5")
    (data / "incomplete/delta.bin.!qB").rename(data / "delta.bin.!qB")
    async with start_upgrader() as daemon:
        _, report = await run_import(daemon, body)
        item = await item_of(daemon, DELTA)

    assert row_of(report, DELTA)["notes"][-1] == f"its files are in {data} already"
    assert (item["destination"], (data / "delta.bin").exists()) == (str(data), True)


async def test_pieces_whose_data_are_not_kept_are_fetched_again(sample, start_upgrader):
    _, data, body = sample("tribler-7.13")
    for parts in data.glob(".*.parts"):
        parts.unlink()
    gamma = "3e19a6b014e6c359e09a59156be4654cd750158a"
    async with start_upgrader() as daemon:
        _, report = await run_import(daemon, body)
        status = service(daemon, Downloads).get(gamma).status

    assert "2 pieces reach into files that are neither wanted nor there" in row_of(report, gamma)["notes"][-1]
    assert status.num_pieces == 1


async def test_the_queue_is_that_of_the_program(sample, start_upgrader):
    _, _, body = sample("qbittorrent-4.5")
    async with start_upgrader() as daemon:
        _, report = await run_import(daemon, body)
        downloads = service(daemon, Downloads).all()
        engine = service(daemon, TorrentEngine)
        queued = sorted(
            (one for one in downloads if engine.status(one.infohash).queue_position >= 0),
            key=lambda one: engine.status(one.infohash).queue_position,
        )

    theta = "6d89692f35f94bc61ab2d47612c5e066bc8c431e"
    assert [one.infohash for one in downloads][:2] == [DELTA, theta]
    assert [one.infohash for one in queued][:2] == [DELTA, theta]
    [queue] = [row for row in report if row["what"] == "queue"]
    assert queue["reason"].endswith("only 5 seed at once here: see the setting libtorrent.active_seeds")


async def test_settings_are_taken_over_if_they_are_asked_for(sample, start_upgrader):
    _, _, body = sample("qbittorrent-4.5")
    async with start_upgrader() as daemon:
        dry, _ = await run_import(daemon, {**body, "dry_run": True, "settings": True})
        without, _ = await run_import(daemon, body)
        taken, report = await run_import(daemon, {**body, "settings": True})
        limit = service(daemon, TorrentEngine).session_rate_limits()

    assert without["settings"] == []
    assert set(taken["settings"]) == set(dry["settings"])
    assert "libtorrent.max_download_rate" in taken["settings"]
    assert limit == (524288, 1048576)
    assert any(row["what"].startswith("setting ") or "qBittorrent.conf" in row["what"] for row in report)


async def test_a_program_that_runs_is_left_alone_unless_forced(sample, start_upgrader):
    state, _, body = sample("qbittorrent-4.5")
    with (state / "lockfile").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        async with start_upgrader() as daemon:
            refused = await daemon.post("/upgrader/import", json=body, status=409)
            found = await daemon.get("/upgrader/import/states", params={"path": body["path"]})
            view, _ = await run_import(daemon, {**body, "force": True})

    assert "qbittorrent seems to run" in refused["error"]
    assert found["states"][0]["running"]
    assert view["counts"]["imported"] == 10


async def test_of_several_states_the_user_chooses(sample, start_upgrader, tmp_path):
    _, _, body = sample("qbittorrent-4.5")
    folder = tmp_path / "several"
    for name in ("qbittorrent-4.5", "transmission-4.1"):
        shutil.copytree(copy_state(name, tmp_path / f"copy-{name}"), folder / "config" / name)
    async with start_upgrader() as daemon:
        found = await daemon.get("/upgrader/import/states", params={"path": str(folder)})
        refused = await daemon.post("/upgrader/import", json={**body, "path": str(folder)}, status=409)
        view, _ = await run_import(daemon, {**body, "path": str(folder), "program": "transmission"})

    assert {one["program"]: one["downloads"] for one in found["states"]} == {"qbittorrent": 10, "transmission": 9}
    assert "several states" in refused["error"]
    assert view["path"] == str(folder / "config" / "transmission-4.1")


async def test_there_is_one_import_at_a_time_and_it_can_be_ended_and_gone_on_with(sample, start_upgrader):
    state, data, body = sample("qbittorrent-5.1-sqlite")
    infohashes = blow_up("qbittorrent-5.1-sqlite", state, data, 250)
    async with start_upgrader() as daemon:
        await daemon.post("/upgrader/import", json=body)
        second = await daemon.post("/upgrader/import", json=body, status=409)

        async def has_begun():
            view = await daemon.get("/upgrader/import")
            return view["phase"] == "downloads" and view["done"]

        await wait_for(has_begun)
        await daemon.delete("/upgrader/import")
        cancelled = await wait_for(lambda: ended(daemon))
        taken = len((await daemon.get("/downloads"))["downloads"])
        view, _ = await run_import(daemon, body)
        none = await daemon.delete("/upgrader/import", status=409)

    assert second["error"] == "an import runs already"
    assert cancelled["state"] == "cancelled"
    assert 0 < taken < len(infohashes) + 10
    assert view["counts"]["imported"] == len(infohashes) + 10
    assert none["error"] == "no import runs"


async def ended(daemon):
    """Return the import once it does not run."""
    view = await daemon.get("/upgrader/import")
    return view if view["state"] != "running" else None


async def test_the_report_is_there_after_a_restart(sample, start_upgrader):
    _, _, body = sample("transmission-4.1")
    async with start_upgrader() as daemon:
        none = await daemon.get("/upgrader/import", status=404)
        view, report = await run_import(daemon, body)
    async with start_upgrader() as daemon:
        again, after = await daemon.get("/upgrader/import"), await daemon.get("/upgrader/import/report")
        part = await daemon.get("/upgrader/import/report", params={"first": 2, "limit": 1, "verdict": "imported"})

    assert none["error"] == "there was no import yet"
    assert (again["state"], again["counts"], after["rows"]) == ("finished", view["counts"], report)
    assert (part["total"], part["rows"]) == (9, [row for row in report if row["verdict"] == "imported"][1:2])


async def test_what_is_asked_wrongly_is_refused(sample, start_upgrader, tmp_path):
    state, _, body = sample("qbittorrent-4.5")
    wrong: dict[str, dict[str, Any]] = {
        "path must be an absolute directory, not 'relative'": {"path": "relative"},
        f"{tmp_path}/nothing is no directory": {"path": f"{tmp_path}/nothing"},
        f"{tmp_path}/data holds no state of any program that is known here": {"path": f"{tmp_path}/data"},
        f"{state} holds no state of deluge": {"program": "deluge"},
        "replace: 'x' is no absolute path": {"replace": {"/a": "x"}},
        "replace: 'a' is no absolute path, neither of this system nor of Windows": {"replace": {"a": "/x"}},
    }
    async with start_upgrader() as daemon:
        for error, fields in wrong.items():
            answer = await daemon.post("/upgrader/import", json={**body, **fields}, status=400)
            assert answer["error"] == error
        for fields in ({"path": 1}, {"missing": "eat"}, {"program": "word"}, {"include": "secrets"}, {"path": ""}):
            await daemon.post("/upgrader/import", json={**body, **fields}, status=400)
        await daemon.get("/upgrader/import/states", params={"path": "relative"}, status=400)
        await daemon.get("/upgrader/import/report", params={"first": 0}, status=400)


async def test_paths_are_confined_to_the_configured_directories(sample, start_upgrader, tmp_path):
    _, data, body = sample("transmission-4.1")
    async with start_upgrader(api={"file_roots": [str(tmp_path / "state"), str(data)]}) as daemon:
        answer = await daemon.post("/upgrader/import", json=body, status=400)
    roots = [str(tmp_path / "transmission-4.1"), str(data / "incomplete")]
    async with start_upgrader(api={"file_roots": roots}) as daemon:
        _, report = await run_import(daemon, body)

    assert answer["error"] == f"path {body['path']} is outside of the allowed directories"
    assert row_of(report, ALPHA)["reason"] == f"save_path {data} is outside of the allowed directories"
    stays = f"it stays where it is when it is complete, and does not go to {data}"
    assert (row_of(report, DELTA)["verdict"], row_of(report, DELTA)["notes"][-1]) == ("imported", stays)


async def test_nothing_is_written_through_a_link_out_of_the_destination(sample, start_upgrader, tmp_path):
    _, data, body = sample("transmission-3.0")
    shutil.move(data / "beta", tmp_path / "elsewhere")
    (data / "beta").symlink_to(tmp_path / "elsewhere")
    async with start_upgrader() as daemon:
        _, report = await run_import(daemon, body)

    assert row_of(report, BETA)["reason"] == f"The link {data / 'beta'} leads out of the destination"
    assert not (tmp_path / "elsewhere/nested/empty.bin").exists()


async def test_only_administrators_import(sample, start_upgrader):
    _, _, body = sample("transmission-4.1")
    headers = {"X-Api-Key": "mine"}
    async with start_upgrader(api={"keys": {"bot": {"key": "mine", "scope": "write"}}}) as daemon:
        await daemon.post("/upgrader/import", json=body, headers=headers, status=403)
        await daemon.get("/upgrader/import/states", params={"path": body["path"]}, headers=headers, status=403)
        await daemon.delete("/upgrader/import", headers=headers, status=403)
        report = await daemon.get("/upgrader/import/report", headers=headers)

    assert report == {"total": 0, "rows": []}
