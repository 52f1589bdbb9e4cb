"""``/ui``: the files of a web interface, for everybody, and nothing else of the machine."""

import asyncio
import http.client
import json
from dataclasses import dataclass

import pytest

NOT_THERE = {"error": {"handled": True, "message": "Could not find /ui/missing.js"}}


@dataclass
class Seen:
    status: int
    headers: dict[str, str]
    body: bytes


async def see(daemon, path, method="GET", **headers):
    """Send a path as it is, without a key, and follow nothing."""

    def ask():
        link = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=10)
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        seen = Seen(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        link.close()
        return seen

    return await asyncio.to_thread(ask)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "interface"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>An interface</title>")
    (folder / "assets" / "app.js").write_text("start();")
    (folder / "assets" / "app.tsx").write_text("start();")
    (folder / "assets" / "ä b.css").write_text("p {}")
    (tmp_path / "secret").write_text("a secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "way").symlink_to(tmp_path)
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "inside").symlink_to(folder / "index.html")
    return folder


@pytest.fixture
async def daemon(start_daemon, folder):
    async with start_daemon("tribler8", config={"tribler8": {"ui_directory": str(folder)}}) as daemon:
        yield daemon


async def test_files_are_served_without_a_key_and_as_what_they_are(daemon):
    for path, media_type, content in (
        ("/ui/", "text/html", b"<!doctype html><title>An interface</title>"),
        ("/ui/index.html", "text/html", b"<!doctype html><title>An interface</title>"),
        ("/ui/inside", "text/html", b"<!doctype html><title>An interface</title>"),
        ("/ui/assets/app.js", "application/javascript", b"start();"),
        ("/ui/assets/app.tsx", "application/javascript", b"start();"),
        ("/ui/assets/%C3%A4%20b.css", "text/css", b"p {}"),
    ):
        answer = await see(daemon, path)

        assert (answer.status, answer.headers["content-type"], answer.body) == (200, media_type, content)


async def test_a_browser_keeps_what_has_not_changed(daemon, folder):
    first = await see(daemon, "/ui/assets/app.js")
    by_tag = await see(daemon, "/ui/assets/app.js", **{"If-None-Match": first.headers["etag"]})
    by_time = await see(daemon, "/ui/assets/app.js", **{"If-Modified-Since": first.headers["last-modified"]})
    head = await see(daemon, "/ui/assets/app.js", "HEAD")
    (folder / "assets" / "app.js").write_text("start(again);")
    changed = await see(daemon, "/ui/assets/app.js", **{"If-None-Match": first.headers["etag"]})

    assert (by_tag.status, by_time.status, by_tag.body) == (304, 304, b"")
    assert (head.status, head.headers["content-length"], head.body) == (200, "8", b"")
    assert (changed.status, changed.body) == (200, b"start(again);")
    assert first.headers["cache-control"] == "no-cache"


async def test_nothing_else_of_the_machine_is_served(daemon, tmp_path):
    for path in (
        "missing.js",
        "assets",
        "assets/",
        "link",
        "way/secret",
        "circle",
        "..%2Fsecret",
        "assets/..%2F..%2Fsecret",
        "%2Fetc%2Fpasswd",
        "/etc/passwd",
        "a%00b",
        "x" * 5000,
        f"/{tmp_path}/secret",
    ):
        answer = await see(daemon, f"/ui/{path}")

        assert answer.status == 404, path
        assert json.loads(answer.body)["error"]["handled"] is True
        assert b"a secret" not in answer.body
    assert json.loads((await see(daemon, "/ui/missing.js")).body) == NOT_THERE
    assert (await see(daemon, "/ui/", "POST")).status == 405


async def test_the_root_leads_there_and_keeps_the_key_of_the_address(daemon):
    for path, where in (("/", "/ui/"), ("/?key=abc", "/ui/?key=abc"), ("/ui?a=b", "/ui/?a=b")):
        answer = await see(daemon, path)

        assert (answer.status, answer.headers["location"]) == (302, where)


async def test_everything_else_needs_the_key_as_before(daemon):
    assert (await see(daemon, "/api/settings")).status == 401
    assert (await see(daemon, "/nowhere")).status == 401
    missing = await daemon.get("/nowhere", status=404)
    assert missing == {"error": {"handled": True, "message": "Could not find /nowhere"}}


async def test_without_a_web_interface_there_is_nothing(start_daemon, folder):
    async with start_daemon("tribler8", "settings") as daemon:
        before = [await see(daemon, path) for path in ("/", "/ui", "/ui/", "/ui/index.html")]
        await daemon.post("/settings", json={"tribler8": {"ui_directory": str(folder)}})
        after = await see(daemon, "/ui/")
        await daemon.post("/settings", json={"tribler8": {"ui_directory": "relative"}}, status=400)

    assert [answer.status for answer in before] == [404] * 4
    assert json.loads(before[0].body) == {"error": {"handled": True, "message": "Could not find /"}}
    assert after.status == 200
