import msgspec
import pytest

from triblerd.http.endpoint import encode_json
from triblerd_metadata.api import Statement
from triblerd_metadata.entries import Items
from triblerd_metadata.values import ChannelPart, Entry, EntryStatus, EntryType

KEY = b"\x0a" * 64
INFOHASH = bytes.fromhex("0123456789abcdef0123456789abcdef01234567")
TAG = Statement(subject_type=102, subject=INFOHASH.hex(), predicate=101, object="linux")


def entry(**changes):
    return msgspec.structs.replace(
        Entry(
            rowid=1,
            id=3013745625274165147,
            title="debian-12-netinst.iso",
            category="CD/DVD/BD",
            infohash=INFOHASH,
            size=658505728,
            seeders=412,
            leechers=9,
            checked=1700000000,
            torrent_date=1690000000,
            tag_processor_version=5,
        ),
        **changes,
    )


def channel(**changes):
    return entry(type=EntryType.CHANNEL, public_key=KEY, id=42, timestamp=7, **changes)


class Known:
    """What the store and the knowledge plugin would say."""

    def __init__(self, entries, statements):
        self.entries = {(entry.public_key, entry.id): entry for entry in entries}
        self.statements = statements

    def by_identity(self, public_key, id_):
        return self.entries.get((public_key, id_))

    def shown(self, infohash):
        return [statement for statement in self.statements if statement.subject == infohash]

    def tagged(self, tags):
        raise NotImplementedError  # lists ask this, items do not


def items(entries=(), statements=()):
    known = Known(entries, statements)
    return Items(entries=known, downloads=lambda: None, statements=lambda: known)


def as_json(item):
    return msgspec.json.decode(encode_json(item))


def test_a_torrent_has_the_keys_of_the_contract():
    [item] = items(statements=[TAG]).of([entry()])

    assert as_json(item) == {
        "type": 300,
        "id": 3013745625274165147,
        "origin_id": 0,
        "public_key": "",
        "status": 2,
        "name": "debian-12-netinst.iso",
        "category": "CD/DVD/BD",
        "infohash": INFOHASH.hex(),
        "size": 658505728,
        "num_seeders": 412,
        "num_leechers": 9,
        "last_tracker_check": 1700000000,
        "created": 1690000000,
        "tag_processor_version": 5,
        "statements": [{"subject_type": 102, "object": "linux", "predicate": 101, "subject": INFOHASH.hex()}],
    }


def test_a_torrent_alone_has_no_statements():
    assert "statements" not in as_json(items(statements=[TAG]).one(entry()))


def test_a_torrent_of_which_nothing_is_said_has_an_empty_list():
    assert as_json(items().of([entry()])[0])["statements"] == []


def test_adult_statements_are_hidden_on_request():
    naughty = msgspec.structs.replace(TAG, object="XXX porn")
    shown = items(statements=[naughty, TAG])

    assert [said.object for said in shown.of([entry()])[0].statements] == ["XXX porn", "linux"]
    assert [said.object for said in shown.of([entry()], hide_adult=True)[0].statements] == ["linux"]


def test_a_channel_has_the_keys_of_the_contract():
    part = ChannelPart(num_entries=12, votes=0.5, subscribed=True, local_version=7, has_description=True)

    [item] = items().of([channel(part=part)])

    assert as_json(item) == {
        "type": 400,
        "id": 42,
        "origin_id": 0,
        "public_key": KEY.hex(),
        "status": 2,
        "name": "debian-12-netinst.iso",
        "category": "CD/DVD/BD",
        "torrents": 12,
        "state": "Complete",
        "description_flag": True,
        "thumbnail_flag": False,
        "infohash": INFOHASH.hex(),
        "size": 658505728,
        "num_seeders": 412,
        "num_leechers": 9,
        "last_tracker_check": 1700000000,
        "created": 1690000000,
        "tag_processor_version": 5,
        "subscribed": True,
        "votes": 0.5,
        "dirty": False,
    }


@pytest.mark.parametrize(("stored", "shown"), [(12.5, 1.0), (-1.0, 0.0), (0.25, 0.25)])
def test_votes_are_shown_from_0_to_1(stored, shown):
    [item] = items().of([channel(part=ChannelPart(votes=stored))])

    assert item.votes == shown


@pytest.mark.parametrize(
    ("changes", "part", "state"),
    [
        ({"is_own": True}, {}, "Personal"),
        ({"status": EntryStatus.LEGACY}, {}, "Legacy"),
        ({}, {"local_version": 7}, "Complete"),
        ({}, {"local_version": 3, "subscribed": True}, "Updating"),
        ({}, {"subscribed": True}, "Searching for metainfo"),
        ({}, {}, "Preview"),
    ],
)
def test_the_state_of_a_channel_tells_how_much_of_it_is_here(changes, part, state):
    assert items().one(channel(part=ChannelPart(**part), **changes)).state == state


@pytest.mark.parametrize(("status", "dirty"), [(0, True), (1, True), (6, True), (2, False)])
def test_an_own_channel_is_dirty_until_it_is_published(status, dirty):
    assert items().one(channel(status=status, is_own=True)).dirty is dirty
    assert items().one(channel(status=status)).dirty is False


def test_a_folder_has_the_keys_of_the_contract():
    part = ChannelPart(num_entries=3, has_picture=True)
    folder = entry(type=EntryType.FOLDER, public_key=KEY, id=43, origin_id=42, part=part)

    assert as_json(items().of([folder])[0]) == {
        "type": 220,
        "id": 43,
        "origin_id": 42,
        "public_key": KEY.hex(),
        "status": 2,
        "name": "debian-12-netinst.iso",
        "category": "CD/DVD/BD",
        "torrents": 3,
        "state": "Preview",
        "description_flag": False,
        "thumbnail_flag": True,
    }


def test_a_folder_is_complete_when_its_channel_is():
    above = channel(part=ChannelPart(local_version=7))
    outer = entry(type=EntryType.FOLDER, public_key=KEY, id=43, origin_id=42)
    inner = entry(type=EntryType.FOLDER, public_key=KEY, id=44, origin_id=43)

    assert items([above, outer, inner]).one(inner).state == "Complete"
    assert items([outer, inner]).one(inner).state == "Preview"
    assert items().one(msgspec.structs.replace(inner, is_own=True)).state == "Personal"


def test_folders_that_contain_each_other_do_no_harm():
    one = entry(type=EntryType.FOLDER, public_key=KEY, id=1, origin_id=2)
    other = entry(type=EntryType.FOLDER, public_key=KEY, id=2, origin_id=1)

    assert items([one, other]).one(one).state == "Preview"


def test_a_description_and_a_picture_have_the_keys_of_the_contract():
    text = '{"description_text": "Birds"}'
    about = {"public_key": KEY, "id": 5, "origin_id": 42}
    description = entry(type=EntryType.DESCRIPTION, part=ChannelPart(json_text=text), **about)
    picture = entry(type=EntryType.PICTURE, part=ChannelPart(binary_data=b"\x89PNG"), **about)
    common = {"id": 5, "origin_id": 42, "public_key": KEY.hex(), "status": 2}

    assert [as_json(item) for item in items().of([description, picture])] == [
        {"type": 231, **common, "json_text": text},
        {"type": 241, **common},
    ]
