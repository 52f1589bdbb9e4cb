"""The web interface of version 8: every call as it makes it, and what its pages do one after the other."""

import base64
import json
from typing import Any

import pytest

from tests.contrib.tribler8.clients.event_source import event_source
from tests.contrib.tribler8.clients.others import WebInterface
from tests.contrib.tribler8.clients.web_pages import (
    OVERLAY_PAGES,
    PAGES,
    download,
    downloads,
    files_below,
    made,
    offered,
    picked,
    settings,
    tried,
)
from tests.contrib.tribler8.clients.wire import RefusedError, error_text
from tests.contrib.tribler8.downloads.conftest import album, start, start_downloads, wait_for_state
from tests.plugins.ipv8.neighbour import Neighbour
from triblerd.testing import wait_for
from triblerd_libtorrent.api import bencode
from triblerd_metadata.api import MetadataStore, NewEntry

__all__ = ["album", "start", "start_downloads"]

ALL = ("createtorrent", "events", "files", "logging", "metadata", "rss", "search", "statistics", "torrentinfo")
MORE = ("upgrader", "versioning", "watch_folder")


async def replay(daemon, page, pages, **filled):
    """Make calls and read each answer as the interface does."""
    for call in pages:
        body = call.body and json.loads(json.dumps(call.body).replace("{folder}", filled.get("folder", "")))
        try:
            answer = await page.send(call.method, call.path.format(**filled), body, Content_Type="application/json")
            call.reads(answer)
        except Exception as error:
            msg = f"{call.method} {call.path}: {error!r}"
            raise AssertionError(msg) from error
    assert (await daemon.request("GET", "/healthz")).status == 200


async def test_every_page_gets_what_it_reads(start, album, tmp_path):
    async with start(*ALL, *MORE) as daemon, WebInterface(daemon) as page:
        film = NewEntry(infohash=b"\1" * 20, title="big film", category="Video")
        await daemon.daemon.container.services().find(MetadataStore).add([film])
        infohash = await page.upload(album.metainfo, destination=str(tmp_path / "saved"))
        folder = tmp_path / "picked"
        folder.mkdir()

        await replay(daemon, page, PAGES, infohash=infohash, folder=str(folder))

        found = await page.send("GET", "/api/metadata/search/local?fts_text=big%20film&first=1&last=50")
        log = await daemon.request("GET", "/api/logging", headers=page.headers)
    assert [one["name"] for one in found["results"]] == ["big film"]
    assert log.headers["content-type"].startswith("text/plain")
    assert (folder / "new").is_dir()


async def test_pages_that_show_the_overlay_get_what_they_read(start_daemon):
    async with Neighbour() as neighbour:
        config = {"ipv8": {"bootstrap": [f"127.0.0.1:{neighbour.port}"], "statistics": True}}
        plugins = ("tribler8", "tunnels", "statistics", "discovery", "metadata", "search")
        async with start_daemon(*plugins, config=config) as daemon, WebInterface(daemon) as page:
            await wait_for(lambda: has_peers(page))
            await replay(daemon, page, OVERLAY_PAGES)


async def has_peers(page):
    overlays = (await page.send("GET", "/api/ipv8/overlays"))["overlays"]
    return any(overlay["peers"] for overlay in overlays)


async def test_the_dialog_that_adds_a_torrent_works_from_file_to_removal(start, album, tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    changes: list[dict[str, Any]] = [
        {"upload_limit": 51200},
        {"download_limit": 102400},
        {"seeding_ratio": 1.5},
        {"seeding_ratio_default": True},
        {"auto_managed": True},
        {"queue_position": "queue_top"},
        {"queue_position": "queue_bottom"},
        {"auto_managed": False},
        {"selected_files": [0, 1]},
        {"state": "stop"},
        {"state": "resume"},
        {"state": "recheck"},
        {"anon_hops": 0},
    ]
    async with start("torrentinfo", "events") as daemon, WebInterface(daemon) as page:
        async with event_source(daemon) as events:
            topic, started = await events.next()
            shown = await page.send(
                "PUT", "/api/torrentinfo/file", album.metainfo, Content_Type="application/x-bittorrent"
            )
            offered(shown)
            raw = album.metainfo[:-1] + b"14:selected_files" + bencode([1]) + b"e"
            options = {"anon_hops": "0", "safe_seeding": "true", "destination": str(tmp_path / "saved")}
            infohash = await page.upload(raw, **options, completed_dir="", auto_managed="false", only_metadata="false")
            _, changed = await events.next("torrent_status_changed")
            [item] = await page.downloads(infohash, peers=1, pieces=1, availability=1)
            listed = await page.send("GET", f"/api/downloads/{infohash}/files")
            answers = [await page.change(infohash, **change) for change in changes]
            await page.change(infohash, state="move_storage", dest_dir=str(place), completed_dir=str(place))
            moved = await wait_for(lambda: one_at(page, place))
            removed = await page.send("DELETE", f"/api/downloads/{infohash}", {"remove_data": 1})
            left = await page.downloads()
        lines = events.raw.split(b"\n")

    assert (topic, type(started["version"])) == ("events_start", str)
    assert shown["infohash"] == infohash == changed["infohash"] == album.infohash
    assert {"peers", "pieces", "availability"} <= item.keys()
    assert [file["included"] for file in listed["files"]] == [False, True]
    assert answers == [{"modified": True, "infohash": infohash}] * len(changes)
    assert moved["completed_dir"] in {"", str(place)}
    assert (removed, left) == ({"removed": True, "infohash": infohash}, [])
    assert all(line.startswith((b"event: ", b"data: {")) for line in lines if line)


async def test_the_page_that_makes_torrents_picks_files_tries_a_name_and_seeds(start, tmp_path):
    data, seeds = tmp_path / "data", tmp_path / "seeds"
    (data / "album" / "disc 1").mkdir(parents=True)
    (data / "album" / "cover.jpg").write_bytes(b"1" * 20_000)
    (data / "album" / "disc 1" / "01.flac").write_bytes(b"2" * 50_000)
    seeds.mkdir()
    async with start("createtorrent", "files", "settings", "torrentinfo") as daemon, WebInterface(daemon) as page:
        settings(await page.send("GET", "/api/settings"))  # where it proposes to seed from
        shown: Any = picked(await page.send("GET", f"/api/files/browse?path={data}&files=1"))
        [folder] = [row for row in shown["paths"] if row["dir"] and row["name"] != ".."]
        inside: Any = files_below(await page.send("GET", f"/api/files/list?path={folder['path']}&recursively=1"))
        paths = [row["path"] for row in inside["paths"]]
        wanted = {
            "name": "best of",
            "description": "",
            "files": paths,
            "filenames": [path.removeprefix(f"{data}/") for path in paths],
            "trackers": ["http://127.0.0.1:9/announce"],
            "export_dir": str(seeds),
            "initial_nodes": ["127.0.0.1 9"],
            "torrent_version": "hybrid",
        }
        trial = {"name": wanted["name"], "export_dir": wanted["export_dir"]}
        before: Any = tried(await page.send("POST", "/api/createtorrent/dryrun", trial))
        answer: Any = made(await page.send("POST", "/api/createtorrent?download=1", wanted))
        raw = base64.b64decode(answer["torrent"], validate=True)
        after: Any = tried(await page.send("POST", "/api/createtorrent/dryrun", trial))
        seen: Any = offered(await page.send("PUT", "/api/torrentinfo/file", raw))
        item = await wait_for_state(daemon, seen["infohash"], "SEEDING")
        with pytest.raises(RefusedError) as refused:
            await page.send("POST", "/api/createtorrent?download=1", {**wanted, "files": [], "filenames": []})

    download(item)
    assert (before, after) == ({"success": True}, {"success": False})
    assert (item["name"], item["destination"], item["size"]) == ("best of", str(seeds), 70_000)
    assert [file["name"] for file in seen["files"]] == ["album/cover.jpg", "album/disc 1/01.flac"]
    assert (seeds / "best of" / "album" / "cover.jpg").read_bytes() == b"1" * 20_000
    assert error_text(refused.value) == (400, "files parameter missing")


async def one_at(page, place):
    """Return the only download once it is at a place."""
    [item] = await page.downloads()
    return item if item["destination"] == str(place) else None


async def test_the_page_of_settings_changes_one_value_and_posts_whole_sections_back(start):
    async with start("settings", "rss", "watch_folder", "versioning") as daemon, WebInterface(daemon) as page:
        before = (await page.send("GET", "/api/settings"))["settings"]
        wanted = json.loads(json.dumps(before))
        wanted["libtorrent"]["max_upload_rate"] = 102400
        wanted["libtorrent"]["download_defaults"]["seeding_mode"] = "ratio"
        wanted["watch_folder"]["directory"] = "/srv/watched"
        wanted["ui"] = {"lang": "en_US", "theme": "system", "columns": json.dumps({"name": True}), "dev_mode": None}

        answer = await page.send("POST", "/api/settings", wanted, Content_Type="application/json")

        after = await page.send("GET", "/api/settings")
        for section in wanted:
            assert await page.send("POST", "/api/settings", {section: wanted[section]}) == {"modified": True}
        again = await page.send("GET", "/api/settings")
    assert answer == {"modified": True}
    assert after == again == {"settings": wanted}
    settings(after)


async def test_the_pages_are_read_by_one_who_signs_in_by_the_address(start, album):
    """The interface is opened as ``/ui/#/downloads?key=...``; a key in a query is as good as its cookie."""
    async with start("events") as daemon, WebInterface(daemon) as page:
        await page.upload(album.metainfo)
        await wait_for_state(daemon, album.infohash, "DOWNLOADING")
        key, page.key = page.key, ""
        by_key = await page.send("GET", f"/api/downloads?key={key}")
        page.key = key
        by_cookie = await page.send("GET", "/api/downloads")

    downloads(by_key)
    assert by_key["downloads"][0]["infohash"] == by_cookie["downloads"][0]["infohash"]
