import asyncio

import pytest

from tests.plugins.downloads.conftest import item_of, upload
from triblerd.errors import InvalidInputError
from triblerd_downloads.label_names import CategoryName, checked_tags
from triblerd_libtorrent.testing import make_torrent


@pytest.fixture
def torrents(tmp_path):
    """Offer two torrents."""
    return [make_torrent(tmp_path, bytes([number]) * 20_000, name=f"film{number}") for number in range(2)]


async def test_tags_are_given_taken_and_counted(start_downloads, torrents):
    first, second = (torrent.infohash for torrent in torrents)
    async with start_downloads() as daemon:
        await upload(daemon, torrents[0], tags="new, good,new")
        await daemon.put("/downloads", json={"uri": torrents[1].magnet, "tags": ["new"]})
        added = await item_of(daemon, first)
        counted = await daemon.get("/tags")
        await daemon.patch(f"/downloads/{first}", json={"add_tags": ["seen", "new"], "remove_tags": ["good", "other"]})
        changed = await item_of(daemon, first)
        await daemon.patch(f"/downloads/{second}", json={"tags": []})
        emptied = await item_of(daemon, second)

    assert added["tags"] == ["new", "good"]
    assert counted == {"tags": [{"name": "good", "downloads": 1}, {"name": "new", "downloads": 2}]}
    assert changed["tags"] == ["new", "seen"]
    assert emptied["tags"] == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"tags": "new"}, None),
        ({"tags": [1]}, None),
        ({"tags": ["a,b"]}, "tags must have 1 to 100 characters each, without commas and control characters"),
        ({"add_tags": [""]}, "tags must have 1 to 100 characters each, without commas and control characters"),
        ({"tags": [str(number) for number in range(33)]}, "tags are at most 32, not 33"),
        ({"seeding_time": -1}, "seeding_time must be finite and not negative"),
        ({"category": "a/b"}, "category must have 1 to 100 characters, without slashes and control characters"),
        ({"category": 5}, None),
        ({"move_to_category": True}, "move_to_category: the download has no category"),
    ],
)
async def test_what_cannot_be_a_label_is_refused_and_nothing_changes(start_downloads, torrents, body, error):
    async with start_downloads() as daemon:
        infohash = await upload(daemon, torrents[0], tags="kept")
        answer = await daemon.patch(f"/downloads/{infohash}", json=body, status=400)
        item = await item_of(daemon, infohash)

    assert answer["error"] == error if error else answer["error"]
    assert item["tags"] == ["kept"]


async def test_tags_given_at_the_same_time_all_stay(start_downloads, torrents):
    async with start_downloads() as daemon:
        infohash = await upload(daemon, torrents[0])
        changes = [daemon.patch(f"/downloads/{infohash}", json={"add_tags": [f"tag{n}"]}) for n in range(20)]
        await asyncio.gather(*changes)
        item = await item_of(daemon, infohash)

    assert sorted(item["tags"]) == sorted(f"tag{n}" for n in range(20))


async def test_the_list_is_filtered_by_category_and_tag(start_downloads, torrents):
    first, second = (torrent.infohash for torrent in torrents)
    async with start_downloads() as daemon:
        await daemon.put("/categories/films", json={})
        await upload(daemon, torrents[0], category="films", tags="new")
        await upload(daemon, torrents[1], tags="new,good")

        found = {
            query: [item["infohash"] for item in (await daemon.get(f"/downloads?{query}"))["downloads"]]
            for query in ("category=films", "category=", "tag=good", "category=films&tag=good", "tag=new", "tag=")
        }

    assert found == {
        "category=films": [first],
        "category=": [second],
        "tag=good": [second],
        "category=films&tag=good": [],
        "tag=new": [first, second],
        "tag=": [],
    }


async def test_a_filtered_poll_tells_what_left_the_filter(start_downloads, torrents):
    async with start_downloads() as daemon:
        infohash = await upload(daemon, torrents[0], tags="new")
        revision = (await daemon.get("/downloads?tag=new&since="))["revision"]
        await daemon.patch(f"/downloads/{infohash}", json={"tags": []})
        news = await daemon.get(f"/downloads?tag=new&since={revision}")

    assert (news["downloads"], news["removed"], news["full"]) == ([], [infohash], False)


@pytest.mark.parametrize("text", ["", " ", "a\x00b", "a\nb", "\ud800", "a\u2028b", "x" * 101])
def test_names_are_plain_text(text):
    with pytest.raises(InvalidInputError):
        CategoryName.parse(text)
    with pytest.raises(InvalidInputError):
        checked_tags([text])
