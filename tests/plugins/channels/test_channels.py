"""``/channels`` of version 7.13: what is known is shown, and nothing is published."""

import pytest

from triblerd_identity.api import NodeKey
from triblerd_metadata.api import ChannelPart, EntryStatus, EntryType, MetadataStore, NewEntry

THEIRS = bytes(range(64))
PICTURE = b"\x89PNG\r\n\x1a\n"


def entry(kind, id_, title, origin=0, key=THEIRS, **part):
    return NewEntry(
        type=kind,
        public_key=key,
        id=id_,
        origin_id=origin,
        title=title,
        infohash=bytes([id_]) * 20 if kind in (EntryType.CHANNEL, EntryType.TORRENT) else b"",
        status=EntryStatus.COMMITTED,
        signature=b"s" * 64,
        part=ChannelPart(**part) if kind is not EntryType.TORRENT else None,
    )


@pytest.fixture
async def daemon(start_daemon):
    """Run the plugin with a channel, its contents, and channels of others."""
    async with start_daemon("channels") as daemon:
        services = daemon.daemon.container.services()
        own = services.find(NodeKey).public_key
        added = await services.find(MetadataStore).add(
            [
                entry(EntryType.CHANNEL, 1, "Field recordings", num_entries=2, subscribed=True, has_description=True),
                entry(EntryType.FOLDER, 2, "Birds", origin=1, num_entries=1),
                entry(EntryType.TORRENT, 3, "Wren", origin=2),
                entry(EntryType.DESCRIPTION, 4, "", origin=1, json_text='{"description_text": "# Birds"}'),
                entry(EntryType.PICTURE, 5, "", origin=1, data_type="image/png", binary_data=PICTURE),
                entry(EntryType.CHANNEL, 6, "Others"),
                entry(EntryType.DESCRIPTION, 7, "", origin=6, json_text="rubbish"),
                entry(EntryType.PICTURE, 8, "", origin=6, data_type="text/html", binary_data=b"<script>"),
                entry(EntryType.CHANNEL, 9, "Mine", key=own),
            ]
        )
        assert [each.outcome for each in added] == ["added"] * 9
        yield daemon


def names(answer):
    return [item.get("name") for item in answer["results"]]


@pytest.mark.parametrize("prefix", ["/channels", "/collections"])
async def test_channels_are_listed_and_opened_under_both_names(daemon, prefix):
    channels = await daemon.get(prefix, params={"sort_by": "name", "sort_desc": "0", "include_total": "1"})
    own = await daemon.get(f"{prefix}/mychannel/0")
    inside = await daemon.get(f"{prefix}/{THEIRS.hex()}/1", params={"metadata_type": "channel"})
    folder = await daemon.get(f"{prefix}/{THEIRS.hex().upper()}/2", params={"remote": "0"})

    assert names(channels) == ["Field recordings", "Mine", "Others"]
    assert {key: channels[key] for key in channels if key != "results"} == {
        "first": 1,
        "last": 50,
        "sort_by": "title",
        "sort_desc": 0,
        "total": 3,
    }
    assert (names(own), names(inside), names(folder)) == (["Mine"], ["Birds"], ["Wren"])
    assert folder["results"][0]["statements"] == []
    assert "total" not in folder


async def test_all_contents_include_description_and_picture(daemon):
    answer = await daemon.get(f"/channels/{THEIRS.hex()}/1")

    assert [item["type"] for item in answer["results"]] == [241, 231, 220]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"subscribed": "1"}, ["Field recordings"]),
        ({"subscribed": "-3"}, ["Field recordings"]),
        ({"subscribed": "0"}, ["Mine", "Others"]),
        ({"metadata_type": "torrent"}, ["Mine", "Others", "Field recordings"]),
        ({"txt_filter": '"oth"*'}, ["Others"]),
        ({"first": "2", "last": "2"}, ["Others"]),
    ],
)
async def test_channels_take_the_parameters_of_lists(daemon, query, found):
    assert names(await daemon.get("/channels", params=query)) == found


@pytest.mark.parametrize("prefix", ["/channels", "/collections"])
async def test_popular_torrents_are_those_of_the_metadata_area(daemon, prefix):
    assert await daemon.get(f"{prefix}/popular_torrents") == {"results": [], "first": 1, "last": 50}


async def test_a_description_and_a_picture_are_shown_when_they_are_ones(daemon):
    key = THEIRS.hex()
    picture = await daemon.request("GET", f"/channels/{key}/1/thumbnail")
    lacking = await daemon.request("GET", f"/channels/{key}/6/thumbnail")

    assert await daemon.get(f"/channels/{key}/1/description") == {"description_text": "# Birds"}
    assert await daemon.get(f"/channels/{key}/6/description") == {}
    assert await daemon.get("/channels/mychannel/9/description") == {}
    assert (picture.status, picture.headers["content-type"], picture.body) == (200, "image/png", PICTURE)
    assert (lacking.status, lacking.body) == (400, b"")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "description"),
        ("PUT", "thumbnail"),
        ("POST", "copy"),
        ("POST", "channels"),
        ("POST", "collections"),
        ("PUT", "torrents"),
        ("POST", "commit"),
    ],
)
async def test_nothing_is_changed_or_published(daemon, method, path):
    answer = await daemon.call(method, f"/channels/mychannel/0/{path}", status=501, json={"name": "New"})

    assert answer == {"error": "Channels are not supported"}
    assert await daemon.get("/channels/mychannel/9/commit") == {"dirty": False}


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/channels?first=x", "Error processing request parameters"),
        ("/channels?subscribed=yes", "Error processing request parameters"),
        ("/channels?metadata_type=500", "Error processing request parameters"),
        ("/channels/00/1?remote=x", "Error processing request parameters"),
        ("/channels/xyz/1", "Invalid public key"),
        ("/channels/0011/1/description", "Invalid public key"),
        ("/channels/00/one", "id: expected int, got str"),
    ],
)
async def test_what_means_nothing_is_refused(daemon, path, error):
    assert await daemon.get(path, status=400) == {"error": error}


async def test_an_unknown_channel_is_empty(daemon):
    for path in ("/channels/00/1", f"/channels/{'ab' * 64}/1", f"/channels/mychannel/{2**70}", "/channels/00/-1"):
        assert (await daemon.get(path))["results"] == [], path
