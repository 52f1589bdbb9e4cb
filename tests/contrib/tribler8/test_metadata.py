"""``/api/metadata`` and ``/api/search``."""

import time

import pytest

from triblerd_identity.api import Curve25519Key, NodeKey
from triblerd_metadata.api import Health, MetadataStore, NewEntry, WireRecords, is_authentic
from triblerd_metadata.wire import sign_entry

PLUGINS = ("tribler8", "metadata", "search", "downloads")
KEYS = {
    "type",
    "name",
    "category",
    "infohash",
    "size",
    "num_seeders",
    "num_leechers",
    "last_tracker_check",
    "created",
    "tag_processor_version",
    "id",
    "origin_id",
    "public_key",
    "status",
    "trackers",
}
BUNNY, SINTEL, TEARS = (bytes([number]) * 20 for number in (1, 2, 3))
COLUMNS = (
    ("category", "tags", TEARS, BUNNY, SINTEL),
    ("name", "title", BUNNY, SINTEL, TEARS),
    ("size", "size", SINTEL, TEARS, BUNNY),
    ("infohash", "infohash", BUNNY, SINTEL, TEARS),
    ("date", "torrent_date", SINTEL, TEARS, BUNNY),
    ("created", "torrent_date", SINTEL, TEARS, BUNNY),
    ("status", "status", BUNNY, SINTEL, TEARS),
    ("health", "HEALTH", BUNNY, SINTEL, TEARS),
    ("nonsense", None, BUNNY, SINTEL, TEARS),
)
"""With what is echoed, and the torrents in ascending order; what is equal, in the order in which it came."""
TRACKER = "udp://tracker.example:6969"


def torrent(infohash, title, category="Video", **more):
    return NewEntry(infohash=infohash, title=title, category=category, trackers=(TRACKER,), **more)


def error(answer):
    assert answer.json()["error"]["handled"] is True
    return answer.status, answer.json()["error"]["message"]


@pytest.fixture
async def daemon(start_daemon):
    async with start_daemon(*PLUGINS) as started:
        services = started.daemon.container.services()
        started.store, started.node_key = services.find(MetadataStore), services.find(NodeKey)
        await started.store.add(
            [
                torrent(BUNNY, "big.buck.bunny.mkv", size=734003200, torrent_date=1210000000),
                torrent(SINTEL, "sintel.mkv", size=5),
                torrent(TEARS, "tears of steel, the big one", "Audio", size=7),
            ]
        )
        yield started


async def search(daemon, **query):
    return await daemon.get("/api/metadata/search/local", params=query)


def names(page):
    return [entry["name"] for entry in page["results"]]


async def test_a_search_finds_all_plain_words_and_shows_each_key(daemon):
    page = await search(daemon, fts_text="BUCK big", first=1, last=200, metadata_type=300, exclude_deleted=1)

    [entry] = page["results"]
    assert entry.keys() == KEYS
    assert (entry["name"], entry["type"], entry["trackers"]) == ("big.buck.bunny.mkv", 300, [TRACKER])
    assert (entry["created"], entry["size"], entry["infohash"]) == (1210000000, 734003200, BUNNY.hex())
    assert page | {"results": []} == {"results": [], "first": 1, "last": 200, "sort_by": None, "sort_desc": True}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 3),
        ("*** \"' -()", 3),
        ("big", 2),
        ("big -buck", 1),
        ("NOT", 0),
        ('"big AND (', 0),
        ("tears*", 1),
        ("ü" * 1000, 0),
    ],
)
async def test_no_character_has_a_meaning(daemon, text, found):
    assert len((await search(daemon, fts_text=text))["results"]) == found


async def test_further_words_narrow_a_search(daemon):
    assert names(await search(daemon, fts_text="big", filter="steel")) == ["tears of steel, the big one"]


async def test_a_search_is_paged_sorted_and_counted(daemon):
    page = await search(daemon, fts_text="", first=2, last=2, sort_by="size", sort_desc="false", include_total="0")

    assert names(page) == ["tears of steel, the big one"]
    assert (page["sort_by"], page["sort_desc"], page["total"], page["max_rowid"]) == ("size", False, 3, 3)


async def test_a_list_is_sorted_by_each_column(daemon):
    for column, echo, *expected in COLUMNS:
        pages = [await search(daemon, fts_text="", sort_by=column, sort_desc=word) for word in ("0", "1")]

        orders = [[bytes.fromhex(entry["infohash"]) for entry in page["results"]] for page in pages]
        assert orders == [expected, expected[::-1]], column
        assert [page["sort_by"] for page in pages] == [echo] * 2, column


async def test_a_list_is_narrowed_by_each_parameter(daemon):
    signed = sign_entry(torrent(b"\4" * 20, "signed", "Video", timestamp=1, origin_id=0), daemon.node_key)
    await daemon.store.add([signed, torrent(b"\5" * 20, "blue", "xxx")])
    key = signed.public_key.hex()

    everything = await search(daemon, fts_text="", metadata_type="whatever", exclude_deleted="whatever")
    found = {
        str(query): names(await search(daemon, fts_text="", sort_by="name", sort_desc=0, **query))
        for query in ({"hide_xxx": 1}, {"channel_pk": key}, {"max_rowid": 2}, {"category": "xxx"}, {"origin_id": 7})
    }

    assert len(everything["results"]) == 5
    assert found == {
        "{'hide_xxx': 1}": ["big.buck.bunny.mkv", "signed", "sintel.mkv", "tears of steel, the big one"],
        f"{{'channel_pk': '{key}'}}": ["signed"],
        "{'max_rowid': 2}": ["big.buck.bunny.mkv", "sintel.mkv"],
        "{'category': 'xxx'}": ["blue"],
        "{'origin_id': 7}": [],
    }


async def test_popular_means_by_health(daemon):
    await daemon.store.report_health([Health(infohash=SINTEL, seeders=9, checked=int(time.time()))])

    page = await search(daemon, fts_text="", popular="true")

    assert (names(page)[0], page["sort_by"]) == ("sintel.mkv", "HEALTH")


@pytest.mark.parametrize(
    "query",
    [
        {"fts_text": "", "first": "x"},
        {"fts_text": "", "first": "-1"},
        {"fts_text": "", "sort_desc": "maybe"},
        {"fts_text": "", "popular": "x"},
        {"fts_text": "", "sort_by": "votes"},
        {"fts_text": "", "sort_by": "subscribed"},
        {"fts_text": "", "channel_pk": "x"},
        {"fts_text": "", "origin_id": "1.5"},
        {"fts_text": "", "max_rowid": "all"},
    ],
    ids=str,
)
async def test_bad_parameters_are_refused_in_the_dialects_form(daemon, query):
    answer = await daemon.request("GET", "/api/metadata/search/local", params=query)
    remote = await daemon.request("PUT", "/api/search/remote", params=query)

    assert error(answer) == (400, "Error processing request parameters")
    status, text = error(remote)
    assert (status, text.startswith("Error processing request parameters: ")) == (400, True)


async def test_a_search_without_its_text_says_what_was_asked_but_not_the_key(daemon):
    query = {"first": "1", "key": daemon.key}
    for method, path in (("GET", "/api/metadata/search/local"), ("PUT", "/api/search/remote")):
        answer = await daemon.request(method, path, params=query)

        assert error(answer) == (400, 'Got search with no fts_text: {"first": "1"}')


async def test_completions_go_on_as_titles_do(daemon):
    path = "/api/metadata/search/completions"

    assert (await daemon.get(path, params={"q": "SIN"}))["completions"] == ["sintel"]
    assert (await daemon.get(path, params={"q": "..."}))["completions"] == []
    assert error(await daemon.request("GET", path)) == (400, "query parameter missing")


async def test_popular_torrents_are_alive_each_once_and_by_seeders(daemon):
    author = sign_entry(torrent(SINTEL, "sintel, signed", timestamp=1), daemon.node_key)
    await daemon.store.add([author])
    now = int(time.time())
    checks = [(BUNNY, 5, now), (SINTEL, 50, now), (TEARS, 70, now - 90_000)]
    await daemon.store.report_health([Health(infohash=i, seeders=seeders, checked=at) for i, seeders, at in checks])
    query = [("metadata_type", "300"), ("metadata_type", "220"), ("include_total", "1"), ("first", "1"), ("last", "50")]

    page = await daemon.get("/api/metadata/torrents/popular", params=query)
    second = await daemon.get("/api/metadata/torrents/popular", params={"first": 2, "last": 2})
    audio = await daemon.get("/api/metadata/torrents/popular", params={"category": "Audio"})

    assert [entry["infohash"] for entry in page["results"]] == [SINTEL.hex(), BUNNY.hex()]
    assert [entry["infohash"] for entry in second["results"]] == [BUNNY.hex()]
    assert page | {"results": []} == {"results": [], "first": 1, "last": 50}
    assert audio["results"] == []


async def test_popular_torrents_with_a_filter_are_those_that_match(daemon):
    path = "/api/metadata/torrents/popular"

    assert names(await daemon.get(path, params={"filter": '"sin"*'})) == ["sintel.mkv"]
    assert error(await daemon.request("GET", path, params={"filter": '"sin'}))[0] == 400
    assert error(await daemon.request("GET", path, params={"first": "x"}))[0] == 400


async def test_popular_torrents_that_are_downloaded_show_how_far(daemon):
    magnet = f"magnet:?xt=urn:btih:{BUNNY.hex()}"
    await daemon.put("/downloads", json={"uri": magnet})
    await daemon.store.report_health([Health(infohash=i, seeders=1, checked=int(time.time())) for i in (BUNNY, SINTEL)])

    page = await daemon.get("/api/metadata/torrents/popular")

    assert {entry["infohash"]: entry.get("progress") for entry in page["results"]} == {
        BUNNY.hex(): 0.0,
        SINTEL.hex(): None,
    }


async def test_the_last_checks_are_told_by_who_did_them(daemon):
    before = await daemon.get("/api/metadata/torrents/health")
    await daemon.store.report_health(
        [
            Health(infohash=BUNNY, seeders=50, leechers=2, checked=1700000000, self_checked=True, tracker=TRACKER),
            Health(infohash=SINTEL, seeders=3, checked=1700000001),
        ]
    )
    after = await daemon.get("/api/metadata/torrents/health")

    row = {"infohash": BUNNY.hex(), "seeders": 50, "leechers": 2, "last_check": 1700000000, "tracker": TRACKER}
    other = {"infohash": SINTEL.hex(), "seeders": 3, "leechers": 0, "last_check": 1700000001, "tracker": ""}
    assert before == {"health_history": {"local": [], "remote": []}}
    assert after == {"health_history": {"local": [row], "remote": [other]}}


async def test_a_check_is_begun_and_its_time_limited(daemon):
    path = f"/api/metadata/torrents/{BUNNY.hex()}/health"

    assert await daemon.get(path, params={"timeout": 1}) == {"checking": True}
    status, text = error(await daemon.request("GET", path, params={"timeout": "x"}))
    assert (status, text.startswith("Error processing timeout parameter: ")) == (400, True)


async def tags(daemon, method, infohash=BUNNY, **query):
    return await daemon.request(method, f"/api/metadata/torrents/{infohash.hex()}/tags", params=query)


async def category(daemon):
    return (await search(daemon, fts_text="bunny"))["results"][0]["category"]


async def test_tags_stand_beside_the_category_and_narrow_lists(daemon):
    first = await tags(daemon, "PUT", tag="holiday")
    again = await tags(daemon, "PUT", tag=" holiday ")
    shown = await category(daemon)
    both = await search(daemon, fts_text="", category="Video", tags="holiday")
    other = await search(daemon, fts_text="", category="Video", tags="day")

    assert first.json() == again.json() == {"added": True}
    assert shown == "Video,holiday"
    assert names(both) == ["big.buck.bunny.mkv"]
    assert other["results"] == []


async def test_tags_go_one_by_one_or_all_at_once(daemon):
    replaced = await tags(daemon, "PATCH", tags="summer, 2008,summer,")
    after_replacing = await category(daemon)
    removed = await tags(daemon, "DELETE", tag="summer")
    after_removing = await category(daemon)
    not_there = await tags(daemon, "DELETE", tag="winter")

    assert (replaced.json(), after_replacing) == ({"updated": True}, "summer,2008")
    assert (removed.json(), after_removing) == ({"removed": True}, "2008")
    assert not_there.json() == {"removed": True}


async def test_a_torrent_that_is_not_known_has_no_tags(daemon):
    unknown = b"\7" * 20

    assert (await tags(daemon, "PUT", unknown, tag="x")).json() == {"added": False}
    assert (await tags(daemon, "DELETE", unknown, tag="x")).json() == {"removed": False}
    assert (await tags(daemon, "PATCH", unknown, tags="x")).json() == {"updated": False}


@pytest.mark.parametrize(
    ("method", "query", "text"),
    [
        ("PUT", {}, "no tag given to add (missing '?tag=')"),
        ("PUT", {"tag": " "}, "no tag given to add (missing '?tag=')"),
        ("PUT", {"tag": "a,b"}, "tag: a comma separates tags, and is in none"),
        ("PUT", {"tag": "a\nb"}, "tag: expected characters that can be printed"),
        ("PUT", {"tag": "x" * 250}, "tags: all of a torrent may have 200 characters together, and these 256"),
        ("DELETE", {}, "no tag given to remove (missing '?tag=')"),
        ("PATCH", {}, "no tags given to set (missing '?tags=')"),
        ("PATCH", {"tags": " , "}, "no tags given to set (missing '?tags=')"),
    ],
)
async def test_bad_tags_are_refused_and_nothing_changes(daemon, method, query, text):
    answer = await tags(daemon, method, **query)

    assert error(answer) == (400, text)
    assert await category(daemon) == "Video"


async def test_an_infohash_that_is_none_is_refused(daemon):
    for method in ("PUT", "DELETE", "PATCH"):
        answer = await daemon.request(method, "/api/metadata/torrents/xyz/tags", params={"tag": "a", "tags": "a"})

        assert error(answer)[0] == 400


async def test_tags_survive_a_restart(start_daemon):
    async with start_daemon(*PLUGINS) as first:
        await first.daemon.container.services().find(MetadataStore).add([torrent(BUNNY, "big.buck.bunny.mkv")])
        await tags(first, "PUT", tag="holiday")
    async with start_daemon(*PLUGINS) as second:
        assert await category(second) == "Video,holiday"


async def test_an_own_torrent_is_signed_anew_and_a_foreign_one_is_not_passed_on(daemon):
    other = Curve25519Key(b"LibNaCLSK:" + bytes(range(64)))
    own, foreign = (
        sign_entry(torrent(infohash, "signed", timestamp=1), key)
        for infohash, key in ((b"\5" * 20, daemon.node_key), (b"\6" * 20, other))
    )
    await daemon.store.add([own, foreign])
    records = daemon.daemon.container.services().find(WireRecords)
    assert records.write(foreign) is not None

    for entry in (own, foreign):
        await tags(daemon, "PUT", entry.infohash, tag="mine")

    [changed], [other] = (daemon.store.by_infohash(entry.infohash) for entry in (own, foreign))
    assert changed.category == other.category == "Video,mine"
    assert changed.timestamp > own.timestamp
    assert is_authentic(changed)
    assert records.write(other) is None


async def test_peers_are_asked_and_nobody_is_known(daemon):
    query = {"fts_text": "big", "popular": 1, "metadata_type": 300, "exclude_deleted": 1}
    answer = await daemon.put("/api/search/remote", params=query)

    assert answer["peers"] == []
    assert len(answer["request_uuid"]) == 36


async def test_without_search_the_areas_are_not_ready(start_daemon):
    async with start_daemon("tribler8") as daemon:
        for method, path in (
            ("GET", "/api/metadata/search/local?fts_text="),
            ("GET", "/api/metadata/torrents/popular"),
            ("GET", "/api/metadata/torrents/health"),
            ("PUT", f"/api/metadata/torrents/{BUNNY.hex()}/tags?tag=x"),
            ("PUT", "/api/search/remote?fts_text=x"),
        ):
            answer = await daemon.request(method, path)

            text = f"Required components not initialized to serve {path.partition('?')[0]}"
            assert error(answer) == (404, text)
