import json

import msgspec
import pytest

from tests.plugins.metadata.records import KEY_A
from triblerd_metadata.bulk.lines import UnusableLineError, decode_line, encode_entries, entry_of
from triblerd_metadata.testing import make_torrents
from triblerd_metadata.values import ChannelPart, Entry, EntryStatus, EntryType, NewEntry
from triblerd_metadata.wire import sign_entry

INFOHASH = "ab" * 20


def read(text):
    return entry_of(decode_line(text))


def stored(entry):
    return Entry(**msgspec.structs.asdict(entry), rowid=1)


def test_what_was_written_out_is_read_again_as_it_was():
    torrents = make_torrents(200)

    lines = encode_entries(map(stored, torrents)).splitlines()

    assert [read(line) for line in lines] == torrents


def test_a_signed_channel_with_all_its_parts_is_read_again_as_it_was():
    part = ChannelPart(
        num_entries=3,
        start_timestamp=4,
        local_version=5,
        votes=0.5,
        subscribed=True,
        share=True,
        json_text="{}",
        binary_data=b"\0\xff",
        data_type="image/png",
        has_description=True,
        has_picture=True,
    )
    channel = NewEntry(
        type=EntryType.CHANNEL,
        id=7,
        origin_id=2,
        status=EntryStatus.UPDATED,
        title="Päckchen",
        infohash=bytes(20),
        timestamp=1_700_000_000_123,
        trackers=("udp://127.0.0.1:9/announce",),
        is_own=True,
        self_checked=True,
        part=part,
    )
    signed = sign_entry(channel, KEY_A)

    assert read(encode_entries([stored(signed)])) == signed


def test_name_and_infohash_are_enough():
    entry = read(f'{{"name": "Big Buck Bunny", "infohash": "{INFOHASH}", "progress": 1, "statements": []}}')

    assert entry.title == "Big Buck Bunny"
    assert entry.infohash == bytes.fromhex(INFOHASH)
    assert entry.status == EntryStatus.COMMITTED
    assert entry.timestamp > 1_700_000_000_000


def test_a_torrent_that_lacks_its_authors_signature_is_an_unsigned_one():
    [torrent] = make_torrents(1)
    found = json.loads(encode_entries([stored(torrent)])) | {"public_key": "cd" * 64, "id": 5, "origin_id": 7}

    assert read(json.dumps(found)) == torrent


@pytest.mark.parametrize("kind", EntryType)
def test_what_is_not_as_its_author_signed_it_any_more_is_read_again_as_it_was(kind):
    [torrent] = make_torrents(1)
    part = None if kind is EntryType.TORRENT else ChannelPart(num_entries=3)
    cut = msgspec.structs.replace(torrent, type=kind, public_key=b"\xcd" * 64, id=5, origin_id=7, part=part)

    assert read(encode_entries([stored(cut)])) == cut


def test_who_says_altered_gains_nothing_for_a_wrong_signature():
    with pytest.raises(UnusableLineError, match="the signature is wrong"):
        read(json.dumps(json.loads(SIGNED_LATE) | {"altered": True}))


def test_an_empty_title_is_none_that_is_missing():
    assert read(f'{{"name": "", "infohash": "{INFOHASH}"}}').title == ""


SIGNED_LATE = json.dumps(
    {"name": "a", "infohash": INFOHASH, "public_key": "cd" * 64, "signature": "ef" * 64, "created": 2**32}
)
"""No record can hold its date."""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "name and infohash are needed"),
        ('{"name": "a"}', "name and infohash are needed"),
        (f'{{"infohash": "{INFOHASH}"}}', "name and infohash are needed"),
        ('{"name": "a", "infohash": "abc"}', "40 hex digits"),
        (f'{{"name": "a", "infohash": "{INFOHASH}", "public_key": "zz"}}', "public_key: hex digits"),
        (f'{{"type": 400, "name": "a", "infohash": "{INFOHASH}", "public_key": "{"cd" * 64}"}}', "no signature"),
        (
            f'{{"name": "a", "infohash": "{INFOHASH}", "public_key": "{"cd" * 64}", "signature": "{"ef" * 64}"}}',
            "the signature is wrong",
        ),
        (
            SIGNED_LATE,
            "the signature is wrong",
        ),
    ],
)
def test_a_line_that_is_no_entry_says_what_is_missing(text, reason):
    with pytest.raises(UnusableLineError, match=reason):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"size": -1}',
        '{"type": 301}',
        '{"status": 3}',
        '{"name": 5}',
        '{"torrents": 4294967296}',
        '{"votes": 1e39}',
        f'{{"tag_processor_version": {1 << 64}}}',
        "[]",
        "{",
        "\xff",
    ],
)
def test_a_line_of_the_wrong_form_is_refused(text):
    with pytest.raises(msgspec.MsgspecError):
        decode_line(text)
