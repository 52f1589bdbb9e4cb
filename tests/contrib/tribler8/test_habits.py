"""What clients of version 8 take for granted, and what of it they would rather not find again."""

import json
from urllib.parse import quote

import pytest

from tests.contrib.tribler8.downloads.conftest import album, put_file, start, start_downloads, wait_for_state
from triblerd.config import ApiConfig
from triblerd_downloads.api import DownloadState

__all__ = ["album", "start", "start_downloads"]

UNAUTHORIZED = {"error": {"handled": True, "message": "Unauthorized access"}}
NUMBERED = {
    0: "ALLOCATING_DISKSPACE",
    1: "WAITING_FOR_HASHCHECK",
    2: "HASHCHECKING",
    3: "DOWNLOADING",
    4: "SEEDING",
    5: "STOPPED",
    6: "STOPPED_ON_ERROR",
    7: "METADATA",
    8: "LOADING",
    9: "EXIT_NODES",
    10: "MOVING",
    11: "QUEUED",
}
AREAS = ("files", "libtorrent", "metadata", "search", "statistics")
"""Those whose routes are the same in both dialects."""
ROUTES = {
    "/api/createtorrent": "POST",
    "/api/createtorrent/dryrun": "POST",
    "/api/downloads": "GET PUT",
    "/api/downloads/{infohash}": "DELETE PATCH",
    "/api/downloads/{infohash}/torrent": "GET",
    "/api/downloads/{infohash}/files": "GET",
    "/api/downloads/{infohash}/stream/{fileindex}": "GET",
    "/api/downloads/{infohash}/trackers": "PUT DELETE",
    "/api/downloads/{infohash}/tracker_force_announce": "PUT",
    "/api/events": "GET",
    "/api/events/info": "GET",
    "/api/files/browse": "GET",
    "/api/files/list": "GET",
    "/api/files/create": "GET",
    "/api/libtorrent/settings": "GET",
    "/api/libtorrent/session": "GET",
    "/api/logging": "GET",
    "/api/metadata/torrents/{infohash}/health": "GET",
    "/api/metadata/torrents/popular": "GET",
    "/api/metadata/torrents/health": "GET",
    "/api/metadata/search/local": "GET",
    "/api/metadata/search/completions": "GET",
    "/api/metadata/torrents/{infohash}/tags": "PUT DELETE PATCH",
    "/api/recommender/clicked": "PUT",
    "/api/search/remote": "PUT",
    "/api/rss": "PUT",
    "/api/settings": "GET POST",
    "/api/shutdown": "PUT",
    "/api/statistics/tribler": "GET",
    "/api/statistics/ipv8": "GET",
    "/api/statistics/dirspace": "PUT",
    "/api/torrentinfo/uri": "POST",
    "/api/torrentinfo/file": "PUT",
    "/api/versioning/versions": "GET",
    "/api/versioning/versions/current": "GET",
    "/api/versioning/versions/check": "GET",
    "/api/versioning/versions/{version}": "DELETE",
    "/api/versioning/upgrade": "POST",
    "/api/versioning/upgrade/available": "GET",
    "/api/versioning/upgrade/working": "GET",
    "/ui/{path}": "GET",
}
RUBBISH = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": NaN}', b"d8:announce")


@pytest.mark.parametrize(
    ("headers", "query"),
    [({"X-Api-Key": "{}"}, ""), ({"Cookie": "api_key={}"}, ""), ({}, "?key={}"), ({}, "?apikey={}")],
    ids=["header", "cookie", "key", "apikey"],
)
async def test_a_key_is_taken_wherever_clients_put_it(start, headers, query):
    async with start() as daemon:
        key, daemon.key = daemon.key, ""
        answers = []
        for word in (key, f"{key}x"):
            carried = {name: value.format(word) for name, value in headers.items()}
            answers.append(await daemon.request("GET", f"/api/downloads{query.format(word)}", headers=carried))
        none = await daemon.request("GET", "/api/downloads")
        unknown = await daemon.request("GET", "/api/nothing")
        daemon.key = key

    assert [answer.status for answer in answers] == [200, 401]
    assert answers[1].json() == none.json() == unknown.json() == UNAUTHORIZED


async def test_without_a_key_in_the_settings_everybody_is_let_in_and_pages_never_need_one(start):
    async with start(api={"key": ""}) as daemon:
        daemon.key = ""
        await daemon.get("/api/downloads")
    async with start(api={"key": "secret"}) as daemon:
        daemon.key = ""
        open_to_all = ("/docs", "/docs/openapi.json", "/static/swagger/swagger-ui.css")
        pages = [await daemon.request("GET", path) for path in open_to_all]
        like_them = [await daemon.request("GET", path) for path in ("/docsx", "/staticx", "/uix", "/api/docs")]

    assert [page.status for page in pages] == [200] * 3
    assert [page.status for page in like_them] == [401] * 4


@pytest.mark.parametrize("word", ["schlüssel", "鍵 &=;,"])
async def test_a_key_may_be_any_text_wherever_it_is_carried(start_daemon, word):
    async with start_daemon("tribler8", "settings", config={"api": {"key": word}}) as daemon:
        daemon.key = ""
        for key, status in ((word, 200), (word[:-1] or "x", 401), (f"{word}\u0308", 401), (word.encode().hex(), 401)):
            quoted = quote(key)
            for path, headers in (
                ("/api/settings", {"X-Api-Key": key}),
                (f"/api/settings?key={quoted}", {}),
                (f"/api/settings?apikey={quoted}", {}),
                ("/api/settings", {"Cookie": f"api_key={quote_cookie(key)}"}),
            ):
                answer = await daemon.request("GET", path, headers=headers)
                assert answer.status == status, (key, path, headers)


def quote_cookie(key):
    """Return a value as browsers and aiohttp write what has signs that end one."""
    return f'"{key}"' if set(key) & set(" ;,") else key


def test_programs_find_the_daemon_where_they_look_for_it():
    """Sonarr's setting has this port before anybody types one."""
    assert (ApiConfig().http_host, ApiConfig().http_port, ApiConfig().http_enabled) == ("127.0.0.1", 20100, True)


async def test_every_route_of_version_8_is_there(start_daemon):
    async with start_daemon("tribler8", *AREAS) as daemon:
        paths = (await daemon.get("/docs/openapi.json"))["paths"]

    served = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert {(method, path) for path, methods in ROUTES.items() for method in methods.split()} - served == set()


async def test_no_client_is_led_to_a_page_when_it_asks_for_what_is_not_there(start):
    async with start() as daemon:
        answers = [await daemon.request("GET", path) for path in ("/api/nothing", "/nothing", "/downloads/")]

    assert [answer.status for answer in answers] == [404] * 3
    assert answers[0].json() == {"error": {"handled": True, "message": "Could not find /api/nothing"}}


def test_each_state_has_the_number_and_the_name_of_version_8():
    assert {state.value: state.extended_name for state in DownloadState} == NUMBERED


async def test_checkpoints_tell_how_many_downloads_came_back(start, album):
    async with start() as daemon:
        await put_file(daemon, album)
    async with start() as daemon:
        item = await wait_for_state(daemon, album.infohash, "DOWNLOADING")
        checkpoints = (await daemon.get("/api/downloads"))["checkpoints"]

    assert checkpoints == {"total": 1, "loaded": 1, "all_loaded": True}
    assert item["error"] == ""


async def test_rubbish_is_refused_in_one_form_without_a_traceback_by_every_route(start, album):
    async with start("createtorrent", "files", "metadata", "rss", "search", "statistics", "torrentinfo") as daemon:
        await put_file(daemon, album)
        paths = (await daemon.get("/docs/openapi.json"))["paths"]
        asked = [
            (method.upper(), path.replace("{infohash}", album.infohash))
            for path, operations in paths.items()
            for method, operation in operations.items()
            if path.startswith("/api/") and "requestBody" in operation
        ]
        for method, path in asked:
            for body in RUBBISH:
                answer = await daemon.request(method, path, data=body)
                if answer.status != 200:  # what a body is optional for
                    error = json.loads(answer.body)["error"]
                    assert (error["handled"], type(error["message"])) == (True, str), (method, path, body)
                    assert "Traceback" not in error["message"]
        assert await wait_for_state(daemon, album.infohash, "DOWNLOADING")

    assert len(asked) > 10


async def test_a_key_in_an_address_is_written_into_no_log(daemon_process):
    async with daemon_process("tribler8", "downloads", "logging") as daemon:
        key, daemon.key = daemon.key, ""
        for name in ("key", "apikey"):
            await daemon.get(f"/api/downloads?{name}={key}")
            await daemon.get(f"/api/nothing?{name}={key}", status=404)
        shown = await daemon.request("GET", f"/api/logging?key={key}")
        daemon.key = key
        output = daemon.output

    assert shown.status == 200
    assert key.encode() not in shown.body
    assert key not in output
