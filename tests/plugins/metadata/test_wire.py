"""Records as peers write them: those of another implementation, and every record that can be written."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.metadata.records import KEY_A, KEY_B, SIGNED_RECORD, UNSIGNED_RECORD
from triblerd_identity.api import verify
from triblerd_metadata.values import ChannelPart, EntryType, NewEntry
from triblerd_metadata.wire import (
    LARGEST_RECORD,
    RecordFormatError,
    pack_record,
    parse_records,
    sign_entry,
    unsigned_part,
)

BUNNY = NewEntry(
    id=4660,
    timestamp=1600000000000,
    infohash=bytes(range(0xA0, 0xB4)),
    size=928670754,
    torrent_date=1577836800,
    title="Big Buck Bunny",
    category="Video",
    trackers=("http://tracker.example/announce",),
)
UBUNTU = NewEntry(
    id=1,
    timestamp=1714000001000,
    infohash=b"\xff" * 8 + bytes(12),
    size=2700000000,
    torrent_date=1714000000,
    title="ubuntu-24.04.iso",
    trackers=("udp://tracker.example:1337",),
)

numbers = st.integers(0, 2**64 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
infohashes = st.binary(min_size=20, max_size=20)
places = {"id": numbers, "origin_id": numbers, "timestamp": numbers}
torrents = {
    "infohash": infohashes,
    "size": numbers,
    "torrent_date": st.integers(0, 2**32 - 1),
    "title": texts,
    "category": texts,
    "trackers": st.one_of(st.just(()), st.tuples(st.text("abc:/", min_size=1))),
}
channel_parts = st.builds(ChannelPart, num_entries=numbers, start_timestamp=numbers)
entries = st.one_of(
    st.builds(NewEntry, **places, **torrents),
    st.builds(NewEntry, type=st.just(EntryType.CHANNEL), **places, **torrents, part=channel_parts),
    st.builds(
        NewEntry,
        type=st.just(EntryType.FOLDER),
        **places,
        title=texts,
        category=texts,
        part=st.builds(ChannelPart, num_entries=numbers),
    ),
    st.builds(
        NewEntry,
        type=st.just(EntryType.DESCRIPTION),
        **places,
        title=st.just(""),
        part=st.builds(ChannelPart, json_text=texts),
    ),
    st.builds(
        NewEntry,
        type=st.just(EntryType.PICTURE),
        **places,
        title=st.just(""),
        part=st.builds(ChannelPart, binary_data=st.binary(max_size=40), data_type=texts),
    ),
)


def test_a_signed_record_is_written_as_other_programs_do():
    assert pack_record(sign_entry(BUNNY, KEY_A)) == SIGNED_RECORD


def test_an_unsigned_record_is_written_as_other_programs_do():
    assert pack_record(UBUNTU) == UNSIGNED_RECORD


def test_records_of_other_programs_are_read():
    signed, unsigned = parse_records(SIGNED_RECORD + UNSIGNED_RECORD)

    assert (signed.entry, unsigned.entry) == (BUNNY, UBUNTU)
    assert signed.public_key == KEY_A.public_key
    assert verify(signed.public_key, signed.signature, signed.signed)
    assert unsigned.claims_no_author


@settings(deadline=None)
@given(entry=entries, key=st.sampled_from([None, KEY_A, KEY_B]))
def test_every_record_that_is_written_is_read_again(entry, key):
    written = sign_entry(entry, key) if key else entry

    (record,) = parse_records(unsigned_part(written) + (written.signature or bytes(64)))

    assert record.entry == entry
    assert record.kind == entry.type
    assert key is None or verify(key.public_key, record.signature, record.signed)


def test_a_deletion_is_read_over():
    deletion = b"\x01\xf4\x00\x00" + KEY_A.public_key + b"s" * 64
    data = deletion + KEY_A.sign(deletion) + UNSIGNED_RECORD

    first, second = parse_records(data)

    assert (first.kind, first.entry) == (500, None)
    assert second.entry == UBUNTU


@settings(deadline=None)
@given(st.integers(1, len(SIGNED_RECORD) - 1))
def test_half_a_record_is_refused_with_all_before_it(length):
    with pytest.raises(RecordFormatError, match="ends too early"):
        parse_records(UNSIGNED_RECORD + SIGNED_RECORD[:length])


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_rubbish_is_refused_or_read(data):
    try:
        parse_records(data)
    except RecordFormatError:
        return


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x63" + SIGNED_RECORD[2:], "99 is no kind of record"),
        (SIGNED_RECORD.replace(b"Bunny", b"\xff\xff\xff\xff\xff"), "not UTF-8"),
        (UNSIGNED_RECORD * 256, "more than 255 records"),
        (bytes(2**20 + 1), "more than 1048576"),
    ],
)
def test_what_is_no_block_of_records_is_refused_as_a_whole(data, reason):
    with pytest.raises(RecordFormatError, match=reason):
        parse_records(data)


def test_255_records_are_read():
    assert len(parse_records(UNSIGNED_RECORD * 255)) == 255


def test_a_record_of_more_than_1200_bytes_is_not_passed_on():
    room = LARGEST_RECORD - len(UNSIGNED_RECORD)
    largest = msgspec.structs.replace(UBUNTU, title=UBUNTU.title + "x" * room)

    assert len(pack_record(largest) or b"") == LARGEST_RECORD
    assert pack_record(msgspec.structs.replace(largest, category="x")) is None


def test_a_signed_record_without_its_signature_is_not_passed_on():
    assert pack_record(msgspec.structs.replace(BUNNY, public_key=KEY_A.public_key)) is None


def test_the_tracker_of_a_torrent_of_ones_own_is_not_passed_on():
    (record,) = parse_records(pack_record(msgspec.structs.replace(UBUNTU, is_own=True)) or b"")

    assert record.entry == msgspec.structs.replace(UBUNTU, trackers=())


def test_a_changed_entry_is_signed_anew():
    signed = sign_entry(BUNNY, KEY_A)

    changed = sign_entry(msgspec.structs.replace(signed, title="Sintel"), KEY_A)

    assert changed.signature != signed.signature
    assert verify(KEY_A.public_key, changed.signature, unsigned_part(changed))
