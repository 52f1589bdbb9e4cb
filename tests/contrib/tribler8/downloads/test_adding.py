"""``PUT /api/downloads``."""

import pytest
from aiohttp import web

from tests.contrib.tribler8.clients.event_source import event_source
from tests.contrib.tribler8.downloads.conftest import GONE, UPLOADED, error_of, listed, put_file, wait_for_state
from tests.contrib.tribler8.test_torrentinfo import serving
from tests.plugins.downloads.conftest import connect, item_of
from triblerd.testing import wait_for
from triblerd_libtorrent.api import bencode
from triblerd_libtorrent.testing import make_torrent

MAGNET = f"magnet:?xt=urn:btih:{GONE}"
SAFE = "Cannot set anonymous download without safe seeding enabled"

BODIES = [
    ({}, 400, "uri parameter missing"),
    ({"uri": ""}, 400, "uri parameter missing"),
    ({"uri": None}, 400, "uri parameter missing"),
    ({"uri": MAGNET, "anon_hops": 1, "safe_seeding": False}, 400, SAFE),
    ({"uri": MAGNET, "anon_hops": 4, "safe_seeding": True}, 400, "anon_hops must be in the range 0..3"),
    ({"uri": "magnet:?dn=x"}, 500, "missing info-hash from URI [libtorrent:22]"),
    ({"uri": "magnet:?xt=urn:btih:zz"}, 500, "invalid info-hash [libtorrent:39]"),
    ({"uri": "gopher://x"}, 500, "invalid uri"),
    ({"uri": "file:///nowhere/x.torrent"}, 500, "Cannot read /nowhere/x.torrent: No such file or directory"),
    ({"uri": "http://127.0.0.1:9/x"}, 500, None),
    ({"uri": MAGNET, "anon_hops": "many"}, 400, None),
    ({"uri": MAGNET, "safe_seeding": "perhaps"}, 400, None),
    ({"uri": MAGNET, "selected_files": 7}, 400, None),
    ({"uri": MAGNET, "selected_files": ["x"]}, 400, None),
    ({"uri": MAGNET, "only_metadata": "maybe"}, 400, None),
    ({"uri": MAGNET, "destination": "relative"}, 400, None),
    ({"uri": MAGNET, "completed_dir": "relative"}, 400, None),
    ({"uri": 7}, 400, None),
    ([], 400, None),
    (b"{", 400, "Bad JSON"),
    (b"", 400, "Bad JSON"),
]
UPLOADS = [
    (b"", {}, 500, "corrupt torrent file ("),
    (b"no torrent", {}, 500, "corrupt torrent file ("),
    (b"d14:selected_filesli0ee", {}, 500, "corrupt torrent file ("),
    (b"d14:selected_files3:onee", {}, 400, "selected_files must be a list of integers"),
    (b"de", {"anon_hops": "x"}, 400, "anon_hops"),
    (b"de", {"anon_hops": "1", "safe_seeding": "false"}, 400, SAFE),
]


async def test_what_cannot_be_added_is_refused_with_the_text_of_version_8(start):
    async with start() as daemon:
        for body, status, text in BODIES:
            parts = {"data": body} if isinstance(body, bytes) else {"json": body}
            told = error_of(await daemon.request("PUT", "/api/downloads", **parts))
            assert told == (status, text or told[1]), body
            assert told[1], body
        for raw, options, status, text in UPLOADS:
            answer = await daemon.request("PUT", "/api/downloads", data=raw, params=options, headers=UPLOADED)
            told = error_of(answer)
            assert (told[0], told[1][: len(text)]) == (status, text), raw

        assert (await daemon.get("/downloads"))["downloads"] == []


async def test_what_is_left_out_is_as_the_defaults_say(start, album, tmp_path):
    done = tmp_path / "done"
    defaults = {"auto_managed": True, "completed_dir": str(done), "safeseeding_enabled": False}
    async with start(download_defaults=defaults) as daemon:
        await daemon.put("/api/downloads", json={"uri": MAGNET, "anon_hops": -1, "destination": None})
        await put_file(daemon, album)
        items = (await daemon.get("/api/downloads"))["downloads"]

    seen = [(item["auto_managed"], item["completed_dir"], item["hops"], item["safe_seeding"]) for item in items]
    assert seen == [(True, str(done), 0, False)] * 2


async def test_anonymous_by_default_is_not_added_in_the_clear(start, album):
    async with start(download_defaults={"anonymity_enabled": True, "number_hops": 2}) as daemon:
        refused = error_of(await daemon.request("PUT", "/api/downloads", json={"uri": MAGNET}))
        file = error_of(
            await daemon.request(
                "PUT", "/api/downloads", data=album.metainfo, headers=UPLOADED, params={"anon_hops": -1}
            )
        )
        asked = error_of(await daemon.request("PUT", "/api/downloads", json={"uri": MAGNET, "anon_hops": 1}))
        unsafe = error_of(await daemon.request("PUT", "/api/downloads", json={"uri": MAGNET, "safe_seeding": 0}))
        assert (await daemon.get("/api/downloads"))["downloads"] == []
        plain = await daemon.put("/api/downloads", json={"uri": MAGNET, "anon_hops": 0})

    advice = "Turn it on, GET /plugins/tunnels tells what it lacks; or"
    need = "Anonymous downloads need the tunnels plugin; there is no session of"
    assert refused == file == (400, f"{need} 2 hops. {advice} turn download_defaults.anonymity_enabled off")
    assert asked == (400, f"{need} 1 hop. {advice} set anon_hops to 0")
    assert unsafe == (400, SAFE)
    assert plain == {"started": True, "infohash": GONE}


async def test_every_wish_of_both_forms_is_taken(start, album, tmp_path):
    place, done = str(tmp_path / "place"), str(tmp_path / "done")
    wishes = {"destination": place, "completed_dir": done, "auto_managed": True, "safe_seeding": False}
    async with start() as daemon:
        await daemon.put("/api/downloads", json={"uri": MAGNET, **wishes})
        texts = {**wishes, "auto_managed": "yes", "safe_seeding": "FALSE", "anon_hops": "0"}
        await put_file(daemon, album, **texts)
        items = (await daemon.get("/api/downloads"))["downloads"]

    assert [{name: item[name] for name in wishes} for item in items] == [wishes] * 2


@pytest.mark.parametrize(("word", "stops"), [(True, True), (False, False), ("false", False), ("0", False), (1, True)])
async def test_only_metadata_is_a_flag_in_whatever_words(start, album, word, stops):
    path = album.folder / "x.torrent"
    path.write_bytes(album.metainfo)
    async with start() as daemon:
        await daemon.put("/api/downloads", json={"uri": path.as_uri(), "only_metadata": word})
        item = await listed(daemon, album.infohash)

    assert item["user_stopped"] is stops


async def test_of_an_uploaded_file_every_word_but_a_no_is_a_yes(start, album):
    seen = {}
    async with start() as daemon:
        for word in ("true", "1", "maybe", "false", "False"):
            await put_file(daemon, album, only_metadata=word)
            seen[word] = (await listed(daemon, album.infohash))["user_stopped"]
            await daemon.delete(f"/api/downloads/{album.infohash}", json={"remove_data": False})

    assert seen == {"true": True, "1": True, "maybe": True, "false": False, "False": False}


async def test_a_link_selects_files_and_may_stand_behind_another(start, seeder):
    torrent = seeder.seed_new({"a.bin": b"a" * 20_000, "b.bin": b"b" * 20_000})

    async def leads_on(_):
        return web.Response(status=302, headers={"Location": f"{seeder.magnet(torrent)}&so=1"})

    async with serving({"/film": leads_on}) as url, start() as daemon:
        answer = await daemon.put("/api/downloads", json={"uri": f"{url}/film"})
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        files = (await daemon.get(f"/api/downloads/{torrent.infohash}/files"))["files"]

    assert answer == {"started": True, "infohash": torrent.infohash}
    assert [file["included"] for file in files] == [False, True]


async def test_a_new_one_gets_the_trackers_of_the_file_and_a_copy_is_kept(start, tmp_path):
    tracker, copies = "http://127.0.0.1:9/announce", tmp_path / "copies"
    (tmp_path / "trackers.txt").write_text(f"{tracker}\n")
    public = make_torrent(tmp_path, b"x" * 100, name="public")
    private = make_torrent(tmp_path, b"x" * 100, name="private", private=True)
    defaults = {"trackers_file": str(tmp_path / "trackers.txt"), "torrent_folder": str(copies)}
    async with start(download_defaults=defaults) as daemon:
        for torrent in (public, private):
            await put_file(daemon, torrent)
            await wait_for((copies / f"{torrent.name} [{torrent.infohash}].torrent").is_file)
        urls = {
            item["name"]: [one["url"] for one in item["trackers"] if not one["url"].startswith("[")]
            for item in (await daemon.get("/api/downloads"))["downloads"]
        }

    assert urls == {"public": [tracker], "private": []}


async def test_a_duplicate_stays_as_it_is_and_gets_new_trackers(start, album, tmp_path):
    tracker = "http://127.0.0.1:9/announce"
    async with start() as daemon:
        await put_file(daemon, album)
        again = {"uri": f"{album.magnet}&tr={tracker}", "destination": str(tmp_path / "other")}
        answer = await daemon.put("/api/downloads", json=again)

        async def trackers():
            item = await listed(daemon, album.infohash)
            return [one["url"] for one in item["trackers"]][:1] == [tracker] and item

        item = await wait_for(trackers)

    assert answer == {"started": True, "infohash": album.infohash}
    assert item["destination"] == str(tmp_path / "saved")


async def test_an_empty_selection_is_no_file_and_none_at_all_is_every_file(start, album):
    path = album.folder / "x.torrent"
    path.write_bytes(album.metainfo)
    wishes: list[dict[str, list[int] | None]] = [
        {"selected_files": []},
        {"selected_files": None},
        {},
        {"selected_files": [1, 99]},
    ]
    seen = []
    async with start() as daemon:
        for wish in wishes:
            await daemon.put("/api/downloads", json={"uri": path.as_uri(), **wish})
            files = (await daemon.get(f"/api/downloads/{album.infohash}/files"))["files"]
            seen.append([file["included"] for file in files])
            await daemon.delete(f"/api/downloads/{album.infohash}", json={"remove_data": False})

    assert seen == [[False, False], [True, True], [True, True], [False, True]]


@pytest.mark.parametrize(("selection", "included"), [([], [False, False]), ([1], [False, True])])
async def test_a_magnet_link_of_which_nothing_is_wanted_fetches_nothing_but_its_metadata(
    start, seeder, selection, included
):
    torrent = seeder.seed_new({"a.bin": b"a" * 20_000, "b.bin": b"b" * 20_000})
    async with start() as daemon:
        await daemon.put("/api/downloads", json={"uri": seeder.magnet(torrent), "selected_files": selection})
        await connect(daemon, seeder, torrent)
        await wait_for_state(daemon, torrent.infohash, "SEEDING")
        files = (await daemon.get(f"/api/downloads/{torrent.infohash}/files"))["files"]

    assert [file["included"] for file in files] == included
    assert [file["progress"] == 1 for file in files] == included


async def test_the_selection_of_an_uploaded_file_is_taken_out_of_it(start, album):
    path = f"/api/downloads/{album.infohash}"
    async with start() as daemon:
        for chosen, included in (([0], [True, False]), ([], [False, False])):
            raw = album.metainfo[:-1] + b"14:selected_files" + bencode(chosen) + b"e"
            answer = await daemon.put("/api/downloads", data=raw, headers={"Content-Type": "application/x-bittorrent"})
            files = (await daemon.get(f"{path}/files"))["files"]
            stored = await daemon.request("GET", f"{path}/torrent")
            await daemon.delete(path, json={"remove_data": False})

            assert answer == {"started": True, "infohash": album.infohash}
            assert [file["included"] for file in files] == included
            assert stored.body == album.metainfo


async def test_web_interfaces_are_asked_when_that_is_wanted(start):
    async with start("settings", "events", tribler8={"ask_download_settings": True}) as daemon:
        async with event_source(daemon) as events:
            await events.next("events_start")
            answer = await daemon.put("/api/downloads", json={"uri": MAGNET, "cli": True})
            event = await events.next()
        missing = error_of(await daemon.request("PUT", "/api/downloads", json={"cli": True}))
        before = (await daemon.get("/downloads"))["downloads"]
        await daemon.put("/api/downloads", json={"uri": MAGNET, "cli": False})
        await daemon.post("/settings", json={"tribler8": {"ask_download_settings": False}})
        again = await daemon.put("/api/downloads", json={"uri": MAGNET, "cli": True})

        assert await item_of(daemon, GONE)
    assert answer == {"started": False, "infohash": ""}
    assert event == ("ask_add_download", {"uri": MAGNET})
    assert missing == (400, "uri parameter missing")
    assert before == []
    assert again == {"started": True, "infohash": GONE}
