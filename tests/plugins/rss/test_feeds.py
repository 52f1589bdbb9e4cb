"""``/rss/feeds``: which feeds are followed, and how they are polled."""

import asyncio
import gzip
import time
import tomllib
from collections.abc import Mapping
from typing import Any

from tests.plugins.rss.conftest import entries, follow, poll
from tests.plugins.rss.feed_server import rss, show
from triblerd.testing import wait_for
from triblerd_rss.addresses import MOST_FEEDS, key_of
from triblerd_rss.fetching import MOST_BYTES


def stored_urls(daemon):
    return tomllib.loads((daemon.state_dir / "triblerd.conf").read_text())["rss"]["urls"]


async def shown(daemon):
    return (await daemon.get("/rss/feeds"))["feeds"]


async def test_a_list_of_feeds_is_stored_and_polled_at_once(start_rss, feeds):
    urls = [feeds.put(f"/{name}.xml", rss(show(number), title=name)) for number, name in enumerate("ab", 1)]
    async with start_rss() as daemon:
        answer = await daemon.put("/rss/feeds", json={"urls": [urls[0], f" {urls[1]} ", "", urls[0]]})
        written = stored_urls(daemon)

        await wait_for(lambda: len(feeds.asked) == 2)
        await wait_for(lambda: all_polled(daemon))
        found = await shown(daemon)

    assert [feed["url"] for feed in answer["feeds"]] == written == urls
    assert [(feed["title"], feed["entries"], feed["error"], feed["failures"]) for feed in found] == [
        ("a", 1, "", 0),
        ("b", 1, "", 0),
    ]
    assert all(feed["next_poll"] - feed["last_poll"] == 60 for feed in found)


async def all_polled(daemon):
    return all(feed["last_poll"] for feed in await shown(daemon))


async def test_the_same_list_again_polls_again(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        before = len(feeds.asked["/feed.xml"])

        await daemon.put("/rss/feeds", json={"urls": [url]})

        await wait_for(lambda: len(feeds.asked["/feed.xml"]) > before)


async def test_one_feed_is_added_shown_and_removed(start_rss, feeds):
    url, other = feeds.put("/feed.xml", rss(show(1))), feeds.put("/other.xml", rss(show(2)))
    async with start_rss() as daemon:
        await follow(daemon, other)
        added = await daemon.post("/rss/feeds", json={"url": url})
        again = await daemon.post("/rss/feeds", json={"url": url})
        await poll(daemon, url)
        one = await daemon.get(f"/rss/feeds/{added['feed']}")
        removed = await daemon.delete(f"/rss/feeds/{added['feed']}")
        left = stored_urls(daemon)
        await daemon.get(f"/rss/feeds/{added['feed']}", status=404)
        await wait_for(lambda: has_entries(daemon, 1))

    assert added["feed"] == again["feed"] == one["feed"] == key_of(url).hex()
    assert (one["url"], one["entries"]) == (url, 1)
    assert removed == {"removed": True, "feed": added["feed"]}
    assert left == [other]


async def has_entries(daemon, count):
    return len(await entries(daemon)) == count


REFUSED = {
    "urls parameter missing": {},
    "urls: expected array, got null": {"urls": None},
    "'file:///etc/passwd' is no http: or https: address": {"urls": ["http://a.example/", "file:///etc/passwd"]},
    "'nonsense' is no http: or https: address": {"urls": ["nonsense"]},
    "'http://' is no http: or https: address": {"urls": ["http://"]},
    "'http://[half/' is no http: or https: address": {"urls": ["http://[half/"]},
    "is no address: it has blanks, control characters": {"urls": ["http://a.example/\r\nX: y"]},
    "urls are at most 200, not 201": {"urls": [f"http://{n}.example/" for n in range(MOST_FEEDS + 1)]},
}


async def test_a_list_that_cannot_be_followed_changes_nothing(start_rss):
    async with start_rss() as daemon:
        answers = {
            text: (await daemon.put("/rss/feeds", json=body, status=400))["error"] for text, body in REFUSED.items()
        }
        left = await shown(daemon)

    assert {text: answer for text, answer in answers.items() if text not in answer} == {}
    assert left == []


async def test_bad_names_of_feeds_are_refused(start_rss):
    async with start_rss() as daemon:
        bad = await daemon.get("/rss/feeds/xyz", status=400)
        unknown = await daemon.post("/rss/feeds/0123456789abcdef/poll", status=404)
        empty = await daemon.post("/rss/feeds", json={"url": " "}, status=400)

    assert bad == {"error": "A feed is named by 16 hex digits"}
    assert unknown["error"]
    assert empty == {"error": "url parameter missing"}


async def test_what_has_not_changed_is_not_sent_again(start_rss, feeds):
    url = feeds.put(
        "/feed.xml", rss(show(1)), headers={"ETag": '"1"', "Last-Modified": "Mon, 01 Jan 2024 10:00:00 GMT"}
    )
    async with start_rss() as daemon:
        await follow(daemon, url)
        await poll(daemon, url)
    async with start_rss() as daemon:
        await poll(daemon, url)

    first, *others = feeds.asked["/feed.xml"]
    assert "If-None-Match" not in first
    assert others
    assert {(asked["If-None-Match"], asked["If-Modified-Since"]) for asked in others} == {
        ('"1"', "Mon, 01 Jan 2024 10:00:00 GMT")
    }


BAD_PAGES: Mapping[str, Mapping[str, Any]] = {
    "The server answered with HTTP status code 404": {"status": 404},
    "This is neither RSS nor Atom": {"body": "<html>Sign in</html>"},
    f"The feed has more than {MOST_BYTES} bytes": {"body": b" " * (MOST_BYTES + 1)},
    "The feed has more than": {"body": gzip.compress(b" " * 50_000_000), "headers": {"Content-Encoding": "gzip"}},
    "The server redirects more than 5 times": {"status": 302, "headers": {"Location": "/feed.xml"}},
    "The server redirects to a file: address": {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
    "The server redirects without saying where to": {"status": 301},
    "The feed cannot be fetched: ": {"body": b"no gzip", "headers": {"Content-Encoding": "gzip"}},
    "The server did not send the feed within 1 s": {"hangs": True},
}


async def test_a_feed_that_cannot_be_read_says_why_and_is_asked_less_often(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss(timeout=1) as daemon:
        await follow(daemon, url)
        said = {}
        for error, page in BAD_PAGES.items():
            feeds.put("/feed.xml", **{"body": b"", **page})
            said[error] = await poll(daemon, url)
        feeds.put("/feed.xml", rss(show(1)))
        well = await poll(daemon, url)

    assert {error: found["error"] for error, found in said.items() if not found["error"].startswith(error)} == {}
    assert [found["failures"] for found in said.values()] == list(range(1, 10))
    assert [found["next_poll"] - found["last_poll"] for found in said.values()] == [
        *(60 * 2**failures for failures in range(1, 6)),
        *[3600] * 4,
    ]
    assert (well["error"], well["failures"], well["entries"]) == ("", 0, 1)
    assert well["next_poll"] - well["last_poll"] == 60


async def test_nobody_listens_where_the_feed_was(start_rss):
    url = "http://127.0.0.1:1/feed.xml"
    async with start_rss() as daemon:
        await follow(daemon, url)
        found = await poll(daemon, url)

    assert "Cannot connect to host 127.0.0.1:1" in found["error"]


async def test_a_server_that_wants_to_be_left_alone_is(start_rss, feeds):
    url = feeds.put("/feed.xml", b"", status=429, headers={"Retry-After": "3600"})
    async with start_rss() as daemon:
        await follow(daemon, url)
        held = (await shown(daemon))[0]
        asked = len(feeds.asked["/feed.xml"])
        await daemon.put("/rss/feeds", json={"urls": [url]})
        await daemon.put("/rss/feeds", json={"urls": [url, feeds.put("/other.xml", rss())]})
        await wait_for(lambda: feeds.asked["/other.xml"])

    assert held["next_poll"] - held["last_poll"] == 3600
    assert len(feeds.asked["/feed.xml"]) == asked


async def test_redirects_are_followed_and_addresses_are_relative_to_their_end(start_rss, feeds):
    feeds.put("/new/feed.xml", rss("<item><title>x</title><link>a.torrent</link></item>"))
    url = feeds.put("/feed.xml", b"", status=301, headers={"Location": "/new/feed.xml"})
    async with start_rss() as daemon:
        await follow(daemon, url)
        found = await entries(daemon)

    assert found["x"]["torrent"] == f"{feeds.url}/new/a.torrent"


async def test_feeds_and_what_was_seen_survive_a_kill(daemon_process, settings, feeds):
    url = feeds.put("/feed.xml", rss(show(1), title="Mine"))
    async with daemon_process("rss", config=settings) as daemon:
        await follow(daemon, url)
        daemon.kill()
        feeds.pages.clear()
        await daemon.start()
        found, seen = await shown(daemon), await entries(daemon)

    assert [(feed["url"], feed["title"], feed["entries"]) for feed in found] == [(url, "Mine", 1)]
    assert len(seen) == 1


async def test_a_feed_that_left_the_settings_is_forgotten_at_the_next_start(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1)))
    async with start_rss() as daemon:
        await follow(daemon, url)
    conf = daemon.state_dir / "triblerd.conf"
    conf.write_text(conf.read_text().replace(url, "ftp://no.example/feed"))
    async with start_rss() as daemon:
        await wait_for(lambda: has_entries(daemon, 0))
        found = await shown(daemon)

    assert [(feed["url"], feed["error"]) for feed in found] == [
        ("ftp://no.example/feed", "The address is no http: or https: address")
    ]


async def test_a_shorter_interval_counts_at_once(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss("settings", interval=3600) as daemon:
        await follow(daemon, url)
        await daemon.post("/settings", json={"rss": {"interval": 10}})
        found = (await shown(daemon))[0]

    assert found["next_poll"] - found["last_poll"] == 10


async def test_a_slow_server_keeps_nobody_waiting(start_rss, feeds):
    url = feeds.put("/feed.xml", b"", hangs=True)
    async with start_rss() as daemon:
        await daemon.put("/rss/feeds", json={"urls": [url]})
        await wait_for(lambda: feeds.asked["/feed.xml"])
        polls = [asyncio.ensure_future(poll(daemon, url)) for _ in range(3)]
        await daemon.delete(f"/rss/feeds/{key_of(url).hex()}")
        left = await shown(daemon)
        feeds.released.set()
        await asyncio.gather(*polls)

    assert left == []
    assert len(feeds.asked["/feed.xml"]) <= 4


async def test_the_areas_figures_are_told(start_rss, feeds):
    good, bad = feeds.put("/feed.xml", rss(show(1), show(2))), f"{feeds.url}/none.xml?passkey=secret"
    async with start_rss("statistics", "debug", "state") as daemon:
        await follow(daemon, good, bad)
        figures = (await daemon.get("/statistics"))["statistics"]["rss"]
        report = await daemon.request("GET", "/debug/report")
        state = await daemon.get("/state")

    assert (figures["feeds"], figures["failing_feeds"], figures["entries"]) == (2, 1, 2)
    assert figures["failed_polls"] >= 1
    assert key_of(bad).hex() in report.body.decode()
    assert "secret" not in report.body.decode()
    assert "1 of 2 feeds cannot be read" in str(state)


async def test_a_bad_clock_does_not_end_polling(start_rss, feeds):
    """What was stored may say that the next poll is in ten years."""
    url = feeds.put("/feed.xml", b"", status=503, headers={"Retry-After": "999999999"})
    async with start_rss() as daemon:
        await follow(daemon, url)
        found = (await shown(daemon))[0]

    assert found["next_poll"] - time.time() <= 86400


async def test_a_key_that_may_look_sees_no_address_of_a_feed(start_daemon, settings, feeds):
    url = feeds.put("/feed.xml?passkey=secret", rss(show(1)))
    config = {**settings, "api": {"keys": {"guest": {"key": "guest-key", "scope": "read"}}}}
    async with start_daemon("rss", config=config) as daemon:
        added = await daemon.post("/rss/feeds", json={"url": url})
        paths = ["/feeds", f"/feeds/{added['feed']}", "/entries", "/rules", "/rules/none"]
        looks = [await daemon.request("GET", f"/rss{path}", headers={"X-Api-Key": "guest-key"}) for path in paths]
        tried = await daemon.request("POST", "/rss/rules/dry_run", json={}, headers={"X-Api-Key": "guest-key"})

    assert [answer.status for answer in (*looks, tried)] == [403] * 6
