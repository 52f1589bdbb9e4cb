"""Searches in a store of a few entries."""

import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.plugins.search.people import add, names, torrent
from triblerd.testing import RunningDaemon, StartDaemon
from triblerd_metadata.api import ChannelPart, EntryType

BAD = {"error": "Error processing request parameters"}


@pytest.fixture
async def daemon(start_daemon: StartDaemon) -> AsyncIterator[RunningDaemon]:
    async with start_daemon("search", "knowledge") as running:
        yield running


async def test_a_new_title_is_found_at_once_and_a_changed_one_by_its_new_words(daemon):
    await add(daemon, torrent(1, "Big.Buck.Bunny.2008"))

    assert await names(daemon, '"big" "bunny"') == ["Big.Buck.Bunny.2008"]
    await add(daemon, msgspec.structs.replace(torrent(1, "Sintel 2010"), timestamp=2))
    assert await names(daemon, '"big" "bunny"') == []
    assert await names(daemon, "sintel") == ["Sintel 2010"]


async def test_titles_that_come_when_search_has_stopped_are_indexed(start_daemon, caplog):
    async with start_daemon("search") as daemon:
        await daemon.patch("/plugins/search", json={"enabled": False})
        await add(daemon, torrent(1, "Big.Buck.Bunny.2008"))  # as the end of a daemon may bring
        await daemon.patch("/plugins/search", json={"enabled": True})

        assert await names(daemon, "bunny") == ["Big.Buck.Bunny.2008"]
    assert "indexed anew" not in caplog.text


async def test_a_search_without_text_lists_the_newest_first(daemon):
    await add(daemon, torrent(1, "first"), torrent(2, "second"))

    assert await names(daemon) == ["second", "first"]
    assert await names(daemon, sort_desc=0) == ["first", "second"]


async def test_what_is_found_is_a_torrent_as_clients_know_it(daemon):
    await add(daemon, torrent(77, "big.buck.bunny.mkv", category="Video", size=734003200, seeders=50))

    answer = await daemon.get("/search", params={"txt_filter": '"big" "buck"'})

    [found] = answer["results"]
    assert {key: found[key] for key in ("type", "id", "status", "name", "num_seeders", "statements")} == {
        "type": 300,
        "id": 77,
        "status": 2,
        "name": "big.buck.bunny.mkv",
        "num_seeders": 50,
        "statements": [],
    }
    assert {key: answer[key] for key in answer if key != "results"} == {
        "first": 1,
        "last": 50,
        "sort_by": None,
        "sort_desc": True,
    }


async def test_channels_come_first_then_folders_then_torrents(daemon):
    await add(
        daemon,
        torrent(1, "Field recordings of 2019", type=EntryType.TORRENT, seeders=500),
        torrent(2, "Field recordings, the best of the lot", type=EntryType.FOLDER, part=ChannelPart()),
        torrent(3, "My field recordings and more", type=EntryType.CHANNEL, part=ChannelPart()),
        torrent(4, "Field recordings", type=EntryType.TORRENT, seeders=1),
    )

    found = [result["type"] for result in (await daemon.get("/search", params={"txt_filter": "field"}))["results"]]

    assert found == [400, 220, 300, 300]
    assert await names(daemon, "field", path="/metadata/search/local") == await names(
        daemon, "field", metadata_type="torrent"
    )
    assert len(await names(daemon, "field", metadata_type="channel")) == 2


async def test_of_equal_titles_the_better_seeded_comes_first_and_sorting_can_be_turned(daemon):
    await add(daemon, *(torrent(n, "Big Buck Bunny 1080p", seeders=n * 10, category=str(n)) for n in (2, 3, 1)))

    answer = await daemon.get("/search", params={"txt_filter": "bunny"})
    backwards = await daemon.get("/search", params={"txt_filter": "bunny", "sort_desc": "0"})

    assert [result["num_seeders"] for result in answer["results"]] == [30, 20, 10]
    assert [result["num_seeders"] for result in backwards["results"]] == [10, 20, 30]
    assert backwards["sort_desc"] is False


async def test_exclusions_alone_order_by_health(daemon):
    await add(
        daemon, *(torrent(n, f"Film {n}", seeders=n * 10) for n in (2, 3, 1)), torrent(4, "Small film", seeders=99)
    )

    assert await names(daemon, "-small") == ["Film 3", "Film 2", "Film 1"]


async def test_a_column_is_echoed_by_its_internal_name(daemon):
    await add(daemon, torrent(1, "big b", seeders=1), torrent(2, "big a", seeders=2))

    by_health = await daemon.get("/search", params={"txt_filter": "big", "sort_by": "health", "sort_desc": "false"})
    by_name = await daemon.get("/search", params={"txt_filter": "big", "sort_by": "name"})
    by_nothing = await daemon.get("/search", params={"txt_filter": "big", "sort_by": "taste"})

    assert (by_health["sort_by"], [r["name"] for r in by_health["results"]]) == ("HEALTH", ["big b", "big a"])
    assert (by_name["sort_by"], [r["name"] for r in by_name["results"]]) == ("title", ["big b", "big a"])
    assert by_nothing["sort_by"] is None


async def test_the_total_and_the_newest_row_are_told_when_asked_for(daemon):
    await add(daemon, *(torrent(n, f"big {n}") for n in range(1, 8)), torrent(9, "small"))

    first = await daemon.get("/search", params={"txt_filter": "big", "last": 3, "include_total": "0"})
    await add(daemon, torrent(10, "big 10"))
    again = await daemon.get(
        "/search", params={"txt_filter": "big", "last": 3, "include_total": "1", "max_rowid": first["max_rowid"]}
    )

    assert (first["total"], first["max_rowid"], len(first["results"])) == (7, 8, 3)
    assert (again["total"], again["max_rowid"]) == (7, 9)
    assert again["results"] == first["results"]
    assert "total" not in await daemon.get("/search", params={"txt_filter": "big"})


async def test_what_the_family_filter_marks_is_left_out_when_asked(daemon):
    await add(daemon, torrent(1, "Big porn xxx"), torrent(2, "Big Buck Bunny"))

    assert await names(daemon, "big", hide_xxx=1) == ["Big Buck Bunny"]
    assert len(await names(daemon, "big", hide_xxx="false")) == 2


async def test_tags_select_torrents_that_carry_all_of_them(daemon):
    await add(daemon, torrent(1, "Big one"), torrent(2, "Big two"))
    both = [{"predicate": 101, "object": "Live"}, {"predicate": 101, "object": "concert"}]
    await daemon.patch(f"/knowledge/{1:040x}", json={"statements": both})
    await daemon.patch(f"/knowledge/{2:040x}", json={"statements": both[:1]})

    async def tagged(*tags: str, **more: str) -> list[str]:
        answer = await daemon.get("/search", params=[("tags", tag) for tag in tags] + list(more.items()))
        return sorted(result["name"] for result in answer["results"])

    assert await tagged("live", txt_filter="big") == ["Big one", "Big two"]
    assert await tagged("live", "CONCERT", txt_filter="big") == ["Big one"]
    assert await tagged("live", "concert") == ["Big one"]
    assert await tagged("never said", txt_filter="big") == []


async def test_the_first_page_begins_with_snippets_of_what_is_of_one_content(daemon):
    contents = {1: "Bunny (2008)", 2: "Bunny (2008)", 3: "Sintel", 4: "Other", 5: "Fourth"}
    seeders = {1: 5, 2: 50, 3: 20, 4: 10, 5: 1, 6: 900}
    await add(daemon, *(torrent(n, f"open film {n}", seeders=count) for n, count in seeders.items()))
    await add(daemon, torrent(7, "open films", type=EntryType.FOLDER, part=ChannelPart()))
    for number, content in contents.items():
        said = [{"predicate": 103, "object": content}]
        await daemon.patch(f"/knowledge/{number:040x}", json={"statements": said})

    results = (await daemon.get("/search", params={"txt_filter": "open"}))["results"]
    second = (await daemon.get("/search", params={"txt_filter": "open", "first": 2}))["results"]

    assert [(r["type"], r["name"], r["infohash"], r["torrents"]) for r in results[:3]] == [
        (600, "Bunny (2008)", "Bunny (2008)", 2),
        (600, "Sintel", "Sintel", 1),
        (600, "Other", "Other", 1),
    ]
    assert results[0]["category"] == ""
    assert [r["name"] for r in results[0]["torrents_in_snippet"]] == ["open film 2", "open film 1"]
    assert results[0]["torrents_in_snippet"][0]["statements"][0]["object"] == "Bunny (2008)"
    assert sorted(r["name"] for r in results[3:]) == ["open film 5", "open film 6", "open films"]
    assert all(r["type"] != 600 for r in second)


@pytest.mark.parametrize(
    "params",
    [
        {"txt_filter": '"big'},
        {"txt_filter": "(big"},
        {"txt_filter": "big AND"},
        {"first": "-1"},
        {"first": "one"},
        {"last": "x"},
        {"hide_xxx": "maybe"},
        {"sort_desc": "perhaps"},
        {"metadata_type": "500"},
        {"max_rowid": "x"},
    ],
)
@pytest.mark.parametrize("path", ["/search", "/metadata/search/local"])
async def test_a_bad_parameter_is_refused(daemon, path, params):
    assert await daemon.get(path, params=params, status=400) == BAD


async def test_remote_is_refused_where_version_7_refuses_it(daemon):
    assert await daemon.get("/search", params={"remote": 1}, status=400) == BAD
    assert (await daemon.get("/metadata/search/local", params={"remote": 1}))["results"] == []


@pytest.mark.parametrize("text", ["*", "...", " ", '""'])
async def test_a_filter_without_words_finds_nothing(daemon, text):
    await add(daemon, torrent(1, "Big"))

    assert await names(daemon, text) == []


@pytest.mark.parametrize("text", ["\ud800", "\0", "a" * 3000, "🐰", "' OR 1=1 --", "NEAR(a b)", "col:a", "^a", "a + b"])
async def test_nothing_that_is_typed_breaks_a_search(daemon, text):
    for path, name in (("/search", "txt_filter"), ("/search/completions", "q")):
        answer = await daemon.request("GET", path, params={name: text.encode(errors="replace").decode()})

        assert answer.status in (200, 400)


@pytest.mark.parametrize("path", ["/search/completions", "/metadata/search/completions"])
async def test_completions_go_on_with_the_word_or_with_the_next_one(daemon, path):
    await add(
        daemon,
        torrent(1, "Big Buck Bunny", seeders=5),
        torrent(2, "The.Big.Buckle.2012", seeders=9),
        torrent(3, "BIG BUCK", seeders=1),
        torrent(4, "big buckle again", seeders=2),
        torrent(5, "Big Bücker", seeders=4),
    )

    async def complete(q: str) -> list[str]:
        return (await daemon.get(path, params={"q": q}))["completions"]

    assert await complete("big bu") == ["big buckle", "big buck", "big bucker"]
    assert await complete("  BIG buck ") == ["big buckle", "big buck bunny", "big bucker", "big buck"]
    assert await complete("big") == ["big buckle", "big buck", "big bücker"]
    assert await complete("b") == ["big"]
    assert await complete("zebra") == []


async def test_completions_are_five_at_most_and_none_is_of_an_adult_title(daemon):
    await add(daemon, *(torrent(n, f"season{n} porn xxx" if n < 3 else f"season{n}", seeders=50 - n) for n in range(9)))

    answer = await daemon.get("/search/completions", params={"q": "seas"})

    assert answer == {"completions": ["season3", "season4", "season5", "season6", "season7"]}


@pytest.mark.parametrize("q", ["", "  ", "!?", "...", "x" * 400])
async def test_there_is_no_completion_of_nothing(daemon, q):
    await add(daemon, torrent(1, "Big"))

    assert await daemon.get("/search/completions", params={"q": q}) == {"completions": []}


async def test_completions_of_what_was_not_said_are_refused(daemon):
    assert await daemon.get("/search/completions", status=400) == {"error": "query parameter missing"}


@pytest.mark.parametrize("path", ["/search/remote", "/remote_query"])
async def test_nobody_is_asked_as_long_as_there_are_no_peers(daemon, path):
    first = await daemon.put(path, params={"txt_filter": '"big"', "channel_pk": "00" * 64, "origin_id": "1"})
    second = await daemon.put(path, params={"unknown": "ignored"})

    assert first["peers"] == second["peers"] == []
    assert len(first["request_uuid"]) == 36
    assert first["request_uuid"] != second["request_uuid"]


@pytest.mark.parametrize("path", ["/search/remote", "/remote_query"])
@pytest.mark.parametrize(
    "params",
    [{"max_rowid": "x"}, {"channel_pk": "zz"}, {"origin_id": "x"}, {"metadata_type": "5"}, {"txt_filter": '"'}],
)
async def test_what_would_be_refused_here_is_not_asked_of_peers(daemon, path, params):
    answer = await daemon.put(path, params=params, status=400)

    assert answer["error"].startswith("Error processing request parameters: ")


async def test_no_peers_are_known_to_serve_channels(daemon):
    assert await daemon.get("/remote_query/channels_peers") == {"channels_list": []}


async def test_a_torrent_of_today_comes_before_one_of_long_ago(daemon):
    now = int(time.time())
    await add(daemon, *(torrent(n, "News 1080p", torrent_date=now - n * 86400 * 1000) for n in (3, 0, 2)))

    answer = await daemon.get("/search", params={"txt_filter": "news"})

    assert [result["id"] for result in answer["results"]] == [0, 2, 3]
