import asyncio

import pytest

from tests.plugins.downloads.conftest import TORRENT_TYPE, item_of, service, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_downloads.api import Downloads
from triblerd_libtorrent.testing import make_torrent

NOTHING = {"save_path": "", "seeding_ratio": None, "seeding_time": None}


@pytest.fixture
def torrents(tmp_path):
    """Offer three torrents."""
    return [make_torrent(tmp_path, bytes([number]) * 20_000, name=f"film{number}") for number in range(3)]


async def test_a_category_is_made_changed_listed_and_removed(start_downloads, tmp_path):
    films = str(tmp_path / "films")
    async with start_downloads() as daemon:
        made = await daemon.put("/categories/films", json={"save_path": films, "seeding_ratio": 2})
        await daemon.put("/categories/B%C3%BCcher%20%26%20mehr", json={})
        changed = await daemon.patch("/categories/films", json={"seeding_ratio": None, "seeding_time": 60})
        listed = await daemon.get("/categories")
        removed = await daemon.delete("/categories/films")
        left = await daemon.get("/categories")

    assert made == {"name": "films", "save_path": films, "seeding_ratio": 2, "seeding_time": None, "downloads": 0}
    assert changed == {"name": "films", "save_path": films, "seeding_ratio": None, "seeding_time": 60, "downloads": 0}
    assert listed == {"categories": [{"name": "Bücher & mehr", **NOTHING, "downloads": 0}, changed]}
    assert removed == {"removed": True, "name": "films"}
    assert [item["name"] for item in left["categories"]] == ["Bücher & mehr"]


async def test_a_category_that_is_put_again_forgets_what_is_left_out(start_downloads):
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={"seeding_ratio": 2})
        again = await daemon.put("/categories/films", json={"seeding_time": 5})

    assert (again["seeding_ratio"], again["seeding_time"]) == (None, 5)


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("/categories/a%2Fb", {}, "category must have 1 to 100 characters, without slashes and control characters"),
        ("/categories/%20", {}, "category must have 1 to 100 characters, without slashes and control characters"),
        ("/categories/a%0Ab", {}, "category must have 1 to 100 characters, without slashes and control characters"),
        (f"/categories/{'x' * 101}", {}, None),
        ("/categories/x", {"save_path": "films"}, "save_path must be an absolute path, not 'films'"),
        ("/categories/x", {"save_path": "/a\0"}, None),
        ("/categories/x", {"save_path": 5}, None),
        ("/categories/x", {"seeding_ratio": -1}, "seeding_ratio must be finite and not negative"),
        ("/categories/x", {"seeding_time": "inf"}, "seeding_time must be finite and not negative"),
        ("/categories/x", [], None),
    ],
)
async def test_what_cannot_be_a_category_is_refused(start_downloads, path, body, error):
    async with start_downloads() as daemon:
        answer = await daemon.put(path, json=body, status=400)
        listed = await daemon.get("/categories")

    assert answer["error"] == error if error else answer["error"]
    assert listed == {"categories": []}


async def test_the_directory_of_a_category_lies_within_the_roots(start_downloads, tmp_path):
    async with start_downloads(api={"file_roots": [str(tmp_path)]}) as daemon:
        refused = await daemon.put("/categories/films", json={"save_path": "/srv/films"}, status=400)
        await daemon.put("/categories/films", json={"save_path": str(tmp_path / "films")})
        changed = await daemon.patch("/categories/films", json={"save_path": "/srv/films"}, status=400)

    assert refused == changed == {"error": "save_path /srv/films is outside of the allowed directories"}


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_category_that_is_not_there_is_not_found(start_downloads, method):
    async with start_downloads() as daemon:
        answer = await daemon.request(method, "/categories/films", json={})

    assert (answer.status, answer.json()) == (404, {"error": "this category does not exist"})


async def test_a_download_is_saved_where_its_category_says(start_downloads, torrents, tmp_path):
    films = tmp_path / "films"
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={"save_path": str(films)})
        await upload(daemon, torrents[0], category="films")
        await upload(daemon, torrents[1], category="films", destination=str(tmp_path / "elsewhere"))
        await daemon.put("/downloads", json={"uri": torrents[2].magnet, "category": "films"})
        items = [await item_of(daemon, torrent.infohash) for torrent in torrents]
        listed = await daemon.get("/categories")

    assert [item["category"] for item in items] == ["films"] * 3
    assert [item["destination"] for item in items] == [str(films), str(tmp_path / "elsewhere"), str(films)]
    assert films.is_dir()
    assert listed["categories"][0]["downloads"] == 3


async def test_an_unknown_category_is_refused_and_nothing_is_added(start_downloads, torrents):
    text = {"error": "category 'films' does not exist"}
    async with start_downloads() as daemon:
        by_uri = await daemon.put("/downloads", json={"uri": torrents[0].magnet, "category": "films"}, status=400)
        by_file = await daemon.put(
            "/downloads", data=torrents[0].metainfo, params={"category": "films"}, headers=TORRENT_TYPE, status=400
        )
        await upload(daemon, torrents[1])
        changed = await daemon.patch(f"/downloads/{torrents[1].infohash}", json={"category": "films"}, status=400)
        listed = await daemon.get("/downloads")

    assert by_uri == by_file == changed == text
    assert [item["infohash"] for item in listed["downloads"]] == [torrents[1].infohash]


async def test_a_download_changes_its_category_and_stays_where_it_is(start_downloads, torrents, tmp_path):
    infohash = torrents[0].infohash
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={"save_path": str(tmp_path / "films")})
        await upload(daemon, torrents[0])
        await daemon.patch(f"/downloads/{infohash}", json={"category": "films"})
        given = await item_of(daemon, infohash)
        await daemon.patch(f"/downloads/{infohash}", json={"state": "stop"})
        kept = await item_of(daemon, infohash)
        await daemon.patch(f"/downloads/{infohash}", json={"category": ""})
        taken = await item_of(daemon, infohash)

    assert [item["category"] for item in (given, kept, taken)] == ["films", "films", ""]
    assert given["destination"] == str(tmp_path / "saved")


async def test_files_go_to_the_directory_of_the_category_when_asked(start_downloads, torrents, tmp_path):
    films, torrent = tmp_path / "films", torrents[0]
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={"save_path": str(films)})
        await upload(daemon, torrent, destination=str(tmp_path))  # where its file is already
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await daemon.patch(f"/downloads/{torrent.infohash}", json={"category": "films", "move_to_category": True})
        item = await item_of(daemon, torrent.infohash)
        await upload(daemon, torrents[1])
        refused = await daemon.patch(f"/downloads/{torrents[1].infohash}", json={"move_to_category": 1}, status=400)

    assert item["destination"] == str(films)
    assert (films / torrent.name).stat().st_size == 20_000
    assert refused == {"error": "move_to_category: the download has no category"}


async def test_a_removed_category_leaves_its_downloads(start_downloads, torrents, tmp_path):
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={"save_path": str(tmp_path / "films")})
        await upload(daemon, torrents[0], category="films", tags="new")
        await daemon.delete("/categories/films")
        item = await item_of(daemon, torrents[0].infohash)

    assert (item["category"], item["tags"], item["destination"]) == ("", ["new"], str(tmp_path / "films"))


async def test_no_download_is_left_with_a_category_that_was_removed_meanwhile(start_downloads, torrents):
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={})
        adding = [
            daemon.request("PUT", "/downloads", data=t.metainfo, params={"category": "films"}, headers=TORRENT_TYPE)
            for t in torrents
        ]
        answers = await asyncio.gather(*adding, daemon.request("DELETE", "/categories/films"))
        listed = await daemon.get("/downloads")

    assert {answer.status for answer in answers[:-1]} <= {200, 400}
    assert {item["category"] for item in listed["downloads"]} <= {""}


async def test_categories_and_tags_survive_kill_9(daemon_process, torrents, tmp_path):
    settings = {"download_defaults": {"saveas": str(tmp_path / "saved")}}
    async with daemon_process("downloads", config=settings) as daemon:
        await daemon.put("/categories/films", json={"seeding_ratio": 1.5})
        await daemon.put("/categories/books", json={})
        await upload(daemon, torrents[0], category="films", tags="new,good")
        await daemon.patch(f"/downloads/{torrents[0].infohash}", json={"seeding_time": 90})
        await upload(daemon, torrents[1], category="books")
        await daemon.delete("/categories/books")
        daemon.kill()
        await daemon.start()
        first, second = (await daemon.get("/downloads"))["downloads"]
        categories = await daemon.get("/categories")

    assert (first["category"], first["tags"], first["seeding_time"]) == ("films", ["new", "good"], 90)
    assert second["category"] == ""
    assert [(item["name"], item["seeding_ratio"]) for item in categories["categories"]] == [("films", 1.5)]


async def test_a_download_stops_at_the_limits_of_its_category(start_downloads, torrents):
    async with start_downloads(downloads={"limits_interval": 0.1}) as daemon:
        await daemon.put("/categories/short", json={"seeding_time": 0.5})
        await daemon.put("/categories/long", json={"seeding_time": 3600})
        folder = str(torrents[0].folder)
        await upload(daemon, torrents[0], category="short", destination=folder)
        await upload(daemon, torrents[1], category="long", destination=folder)
        await upload(daemon, torrents[2], category="short", destination=folder)
        await daemon.patch(f"/downloads/{torrents[2].infohash}", json={"seeding_time": 3600})

        downloads = service(daemon, Downloads)
        await wait_for(lambda: downloads.get(torrents[0].infohash).record.has_seeded_enough)
        for torrent in torrents[1:]:
            await wait_for_status(daemon, torrent.infohash, "SEEDING")
        await wait_for_status(daemon, torrents[0].infohash, "STOPPED")
        others = [(await item_of(daemon, torrent.infohash))["status"] for torrent in torrents[1:]]

    assert others == ["SEEDING", "SEEDING"]
