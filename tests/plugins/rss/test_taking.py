"""Rules at work: what they take, what becomes of it, and that nothing comes twice."""

import asyncio
import random

import pytest

from tests.plugins.rss.conftest import downloads, entries, follow, poll, takes
from tests.plugins.rss.feed_server import infohash, item, magnet, rss, show
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import make_torrent
from triblerd_rss.addresses import key_of
from triblerd_rss.api import Feeds, RssEntryTaken

TITLE = "Some.Show.S01E{:02}.1080p"


async def wait_for_takes(daemon, rule, states):
    """Wait until the entries that a rule took are in these states, by title."""

    async def found():
        return await takes(daemon, rule) == states

    await wait_for(found, what=f"{states} of {rule}")


async def put_rule(daemon, name="shows", **rule):
    return await daemon.put(f"/rss/rules/{name}", json={"must_contain": ["some show"], **rule})


async def test_a_rule_takes_what_comes_after_it_and_nothing_twice(start_rss, feeds, tmp_path):
    url = feeds.put("/feed.xml", rss(show(1)))
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, destination=str(tmp_path / "shows"), tags=["tv"], paused=True)
        feeds.put("/feed.xml", rss(show(3), item("Other.S01E04", magnet(4)), show(2), show(1)))
        with daemon.events(RssEntryTaken) as events:
            await poll(daemon, url)
            told = [await events.next(), await events.next()]
        await wait_for_takes(daemon, "shows", {TITLE.format(2): "added", TITLE.format(3): "added"})
        found = await downloads(daemon)
        await daemon.delete(f"/downloads/{infohash(2)}", json={"remove_data": True})
        feeds.put("/feed.xml", rss(show(3), show(2), title="again"))
        await poll(daemon, url)
    async with start_rss() as daemon:
        feeds.put("/feed.xml", rss(show(3), show(2), title="once more"))
        await poll(daemon, url)
        left = await downloads(daemon)

    assert found.keys() == {infohash(2), infohash(3)}
    assert {(one["destination"], *one["tags"], one["status"]) for one in found.values()} == {
        (str(tmp_path / "shows"), "tv", "STOPPED")
    }
    assert {(event.rule, event.feed, event.infohash, event.existed) for event in told} == {
        ("shows", key_of(url).hex(), infohash(2), False),
        ("shows", key_of(url).hex(), infohash(3), False),
    }
    assert left.keys() == {infohash(3)}


async def test_the_first_poll_of_a_feed_takes_nothing(start_rss, feeds):
    async with start_rss() as daemon:
        await put_rule(daemon)
        await follow(daemon, feeds.put("/feed.xml", rss(show(1))))
        found = await entries(daemon)

    assert found[TITLE.format(1)]["takes"] == []


async def test_a_rule_is_applied_to_what_is_there_when_that_is_asked_for(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1), show(2)))
    async with start_rss() as daemon:
        await follow(daemon, url)
        feeds.put("/feed.xml", rss(show(2), show(3), item("Other", magnet(9))))
        await poll(daemon, url)  # the first entry has gone
        await put_rule(daemon)
        once = await daemon.post("/rss/rules/shows/apply")
        await wait_for_takes(daemon, "shows", {TITLE.format(2): "added", TITLE.format(3): "added"})
        again = await daemon.post("/rss/rules/shows/apply")
        await put_rule(daemon, enabled=False)
        disabled = await daemon.post("/rss/rules/shows/apply", status=409)

    assert (once, again) == ({"taken": 2}, {"taken": 0})
    assert "disabled" in str(disabled["error"])


async def test_the_same_torrent_in_two_feeds_adds_one_download(start_rss, feeds):
    urls = [feeds.put("/a.xml", rss()), feeds.put("/b.xml", rss())]
    async with start_rss() as daemon:
        await follow(daemon, *urls)
        await put_rule(daemon)
        feeds.put("/a.xml", rss(item("Some show A", magnet(1))))
        await poll(daemon, urls[0])
        await wait_for_takes(daemon, "shows", {"Some show A": "added"})
        await daemon.delete(f"/downloads/{infohash(1)}", json={"remove_data": False})
        feeds.put("/b.xml", rss(item("Some show B", magnet(1))))
        await poll(daemon, urls[1])
        await wait_for_takes(daemon, "shows", {"Some show A": "added", "Some show B": "repeated"})
        left = await downloads(daemon)

    assert left == {}


async def test_what_is_a_download_already_is_known(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, tags=["mine"])
        await daemon.put("/downloads", json={"uri": magnet(1)})
        feeds.put("/feed.xml", rss(show(1)))
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {TITLE.format(1): "known"})
        found = await downloads(daemon)

    assert found[infohash(1)]["tags"] == []


async def test_a_torrent_file_is_fetched_and_added(start_rss, feeds, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 20_000, name="film")
    url, file = feeds.put("/feed.xml", rss()), feeds.put("/film.torrent", torrent.metainfo)
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, must_contain=[])
        feeds.put("/feed.xml", rss(item("A film", file)))
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {"A film": "added"})
        found = await downloads(daemon)

    assert found[torrent.infohash]["size"] == 20_000


async def test_a_size_that_is_not_known_is_found_out(start_rss, feeds, tmp_path):
    files = {
        name: make_torrent(tmp_path, b"x" * size, name=name) for name, size in (("small", 1000), ("large", 90_000))
    }
    links = {name: feeds.put(f"/{name}.torrent", torrent.metainfo) for name, torrent in files.items()}
    url = feeds.put("/feed.xml", rss())
    async with start_rss(lookups=0) as daemon:
        await follow(daemon, url)
        await put_rule(daemon, must_contain=[], min_size=50_000)
        feeds.put(
            "/feed.xml", rss(*(item(name, link) for name, link in links.items()), item("tiny", magnet(1), size=1))
        )
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {"small": "refused", "large": "added"})
        found, seen = await downloads(daemon), await entries(daemon)

    assert found.keys() == {files["large"].infohash}
    assert seen["small"]["size"] == 1000
    assert seen["small"]["takes"][0]["error"] == "It is smaller than 50000 bytes"


async def test_what_cannot_be_added_is_tried_again_later_and_shown(start_rss, feeds, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 20_000, name="film")
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, must_contain=[])
        feeds.put("/feed.xml", rss(item("A film", f"{feeds.url}/film.torrent")))
        await poll(daemon, url)

        async def tried():
            return [take for take in (await entries(daemon))["A film"]["takes"] if take["tries"]]

        (take,) = await wait_for(tried)
        feeds.put("/film.torrent", torrent.metainfo)
    async with start_rss() as daemon:
        still = (await entries(daemon, state="waiting"))["A film"]["takes"][0]

    assert take["state"] == "waiting"
    assert take["error"] == "The server answered with HTTP status code 404"
    assert 50 < take["next_try"] - take["at"] <= 60
    assert still == take


async def test_a_disabled_rule_takes_nothing(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, enabled=False)
        feeds.put("/feed.xml", rss(show(1)))
        await poll(daemon, url)
        found = await entries(daemon)

    assert found[TITLE.format(1)]["takes"] == []


async def test_a_dry_run_says_what_a_rule_would_take_and_why_not_the_rest(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1), item("Other", magnet(2), size=5), item("Page", "http://x/p")))
    rule = {"must_contain": ["show"], "max_size": 3}
    async with start_rss() as daemon:
        await follow(daemon, url)
        answer = await daemon.post("/rss/rules/dry_run", json=rule)
        part = await daemon.post("/rss/rules/dry_run", json=rule, params={"first": 2, "last": 2, "feed": url})
        none = await daemon.post("/rss/rules/dry_run", json=rule, params={"feed": "0123456789abcdef"})
        nothing = await downloads(daemon)
        await put_rule(daemon)
        await daemon.post("/rss/rules/shows/apply")
        await wait_for_takes(daemon, "shows", {TITLE.format(1): "added"})
        stored = await daemon.post("/rss/rules/shows/dry_run")
        in_its_place = await daemon.post("/rss/rules/dry_run", json={"name": "shows"})

    said = {one["title"]: (one["would_take"], one["needs_size"], one["reasons"]) for one in answer["entries"]}
    assert said == {
        TITLE.format(1): (True, True, []),
        "Other": (False, False, ["'show' is not in the title", "It is larger than 3 bytes"]),
        "Page": (False, True, ["'show' is not in the title"]),
    }
    assert (answer["total"], answer["would_take"], nothing) == (3, 1, {})
    assert [one["title"] for one in part["entries"]] == [answer["entries"][1]["title"]]
    assert (part["first"], part["last"], none["entries"]) == (2, 2, [])
    assert (stored["would_take"], in_its_place["would_take"]) == (0, 2)
    assert {tuple(one["reasons"]) for one in stored["entries"] if one["title"] == TITLE.format(1)} == {
        ("The rule takes it already: it is added",)
    }


async def test_rules_are_made_shown_replaced_and_removed(start_rss, feeds, tmp_path):
    rule = {
        "enabled": True,
        "feeds": [f"{feeds.url}/feed.xml"],
        "must_contain": ["some show", "1080p|2160p"],
        "must_not_contain": ["cam"],
        "min_size": 1,
        "max_size": 2**62,
        "destination": str(tmp_path),
        "category": "",
        "tags": ["tv"],
        "anon_hops": 2,
        "safe_seeding": True,
        "auto_managed": True,
        "paused": False,
    }
    async with start_rss() as daemon:
        made = await daemon.put("/rss/rules/shows", json=rule)
        one = await daemon.get("/rss/rules/shows")
        replaced = await daemon.put("/rss/rules/shows", json={})
        await daemon.put("/rss/rules/films", json=rule)
        removed = await daemon.delete("/rss/rules/shows")
        missing = await daemon.delete("/rss/rules/shows", status=404)
    async with start_rss() as daemon:
        left = await daemon.get("/rss/rules")

    assert made == one == {**rule, "name": "shows"}
    assert (replaced["must_contain"], replaced["anon_hops"], replaced["enabled"]) == ([], None, True)
    assert removed == {"removed": True, "name": "shows"}
    assert missing["error"]
    assert left == {"rules": [{**rule, "name": "films"}]}


async def test_rules_that_cannot_be_are_refused(start_rss):
    refused = {
        "must_contain: expected array, got str": {"must_contain": "x"},
        "'-' must be words": {"must_contain": ["-"]},
        "Cannot set anonymous download without safe seeding enabled": {"anon_hops": 1, "safe_seeding": False},
        "anon_hops: expected": {"anon_hops": 4},
        "min_size is greater than max_size": {"min_size": 2, "max_size": 1},
        "min_size: expected": {"min_size": -1},
        "destination must be an absolute path": {"destination": "here"},
        "category must have": {"category": "a/b"},
        "tags must have": {"tags": ["a,b"]},
    }
    async with start_rss() as daemon:
        answers = {
            text: (await daemon.put("/rss/rules/shows", json=body, status=400))["error"]
            for text, body in refused.items()
        }
        await daemon.put("/rss/rules/dry_run", json={}, status=400)
        await daemon.put("/rss/rules/%20", json={}, status=400)
        await daemon.put(f"/rss/rules/{'x' * 101}", json={}, status=400)
        await daemon.get("/rss/entries", params={"feed": "xyz"}, status=400)
        left = await daemon.get("/rss/rules")

    assert {text: answer for text, answer in answers.items() if text not in answer} == {}
    assert left == {"rules": []}


async def test_a_rule_of_an_old_name_begins_anew(start_rss, feeds):
    url = feeds.put("/feed.xml", rss(show(1)))
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon)
        await daemon.post("/rss/rules/shows/apply")
        await wait_for_takes(daemon, "shows", {TITLE.format(1): "added"})
        await daemon.delete("/rss/rules/shows")
        await daemon.delete(f"/downloads/{infohash(1)}", json={"remove_data": False})
        await put_rule(daemon)
        await daemon.post("/rss/rules/shows/apply")

        async def is_there():
            return infohash(1) in await downloads(daemon)

        await wait_for(is_there)


async def test_a_kill_between_taking_and_adding_loses_nothing_and_doubles_nothing(
    daemon_process, settings, feeds, tmp_path
):
    """The server keeps the torrent file back, so that the kill comes in between."""
    torrent = make_torrent(tmp_path, b"x" * 20_000, name="film")
    url = feeds.put("/feed.xml", rss())
    async with daemon_process("rss", config=settings) as daemon:
        await follow(daemon, url)
        await put_rule(daemon, must_contain=[])
        feeds.put("/film.torrent", torrent.metainfo, hangs=True)
        feeds.put("/feed.xml", rss(item("A film", f"{feeds.url}/film.torrent")))
        await poll(daemon, url)
        await wait_for(lambda: feeds.asked["/film.torrent"])
        daemon.kill()
        feeds.put("/film.torrent", torrent.metainfo)
        await daemon.start()
        await wait_for_takes(daemon, "shows", {"A film": "added"})
        found = await downloads(daemon)

    assert found.keys() == {torrent.infohash}


@pytest.mark.soak
async def test_kills_at_any_moment_lose_nothing_and_double_nothing(daemon_process, settings, feeds):
    url = feeds.put("/feed.xml", rss())
    chance = random.Random(11)
    async with daemon_process("rss", config=settings) as daemon:
        await follow(daemon, url)
        await put_rule(daemon)
        for last in range(5, 85, 5):
            feeds.put("/feed.xml", rss(*(show(number) for number in range(last, 0, -1))))
            polling = asyncio.ensure_future(daemon.request("POST", f"/rss/feeds/{key_of(url).hex()}/poll"))
            await asyncio.wait([polling], timeout=chance.uniform(0, 0.3))
            daemon.kill()
            await asyncio.gather(polling, return_exceptions=True)
            await daemon.start()
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {TITLE.format(number): "added" for number in range(1, 81)})
        found = await downloads(daemon)

    assert found.keys() == {infohash(number) for number in range(1, 81)}


async def test_what_a_removed_rule_was_about_to_take_is_nobodys(start_rss, feeds):
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, must_contain=[])
        feeds.put("/feed.xml", rss(item("A film", f"{feeds.url}/film.torrent")))
        await poll(daemon, url)
        await wait_for(lambda: feeds.asked["/film.torrent"])
        await daemon.delete("/rss/rules/shows")

        async def is_nobodys():
            return not (await entries(daemon))["A film"]["takes"]

        await wait_for(is_nobodys)


async def test_after_all_attempts_another_entry_may_bring_the_torrent(start_rss, feeds, tmp_path):
    """The category comes too late for the first entry, and in time for the second."""
    url = feeds.put("/feed.xml", rss())
    async with start_rss() as daemon:
        await follow(daemon, url)
        await put_rule(daemon, category="films")
        taker = daemon.daemon.container.services().find(Feeds)._poller._taker
        taker._delays = (0.0, 0.0)
        feeds.put("/feed.xml", rss(item("Some show A", magnet(1))))
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {"Some show A": "failed"})
        failed = (await entries(daemon))["Some show A"]["takes"][0]
        await daemon.put("/categories/films", json={"save_path": str(tmp_path / "films")})
        feeds.put("/feed.xml", rss(item("Some show B", magnet(1), name="B")))
        await poll(daemon, url)
        await wait_for_takes(daemon, "shows", {"Some show A": "failed", "Some show B": "added"})

    assert (failed["tries"], failed["error"]) == (3, "category 'films' does not exist")
