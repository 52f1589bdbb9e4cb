"""``triblerd rss`` beside a running daemon."""

import json

from tests.plugins.rss.feed_server import rss, show
from triblerd_rss.addresses import key_of


async def test_feeds_are_added_polled_listed_and_removed(start_rss, feeds, triblerd):
    url, gone = feeds.put("/feed.xml", rss(show(1), title="Mine")), f"{feeds.url}/gone.xml"
    async with start_rss():
        names = (await triblerd("rss", "add", url, gone)).split()
        polled = json.loads(await triblerd("rss", "poll", "--json"))
        again = json.loads(await triblerd("rss", "poll", names[0][:6], "--json"))
        heads, line, other = (await triblerd("rss", "list")).splitlines()
        await triblerd("rss", "remove", names[0][:6], gone)
        left = json.loads(await triblerd("rss", "list", "--json"))

    assert names == [key_of(url).hex(), key_of(gone).hex()]
    assert [feed["entries"] for feed in polled] == [1, 0]
    assert [feed["url"] for feed in again] == [url]
    assert heads.split() == ["FEED", "ENTRIES", "LAST", "POLL", "TITLE"]
    assert line.split()[::4] == [names[0], "Mine"]
    assert other.endswith(gone)
    assert left == []


async def test_what_is_no_feed_is_told(start_rss, feeds, triblerd):
    feeds.put("/feed.xml", rss())
    async with start_rss():
        refused = await triblerd("rss", "add", "feeds.example", code=1)
        unknown = await triblerd("rss", "remove", "0123", code=1)

    assert "is no http: or https: address" in refused
    assert "There is no feed 0123" in unknown
