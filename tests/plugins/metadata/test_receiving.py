"""What is taken of the records that peers send."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.metadata.records import KEY_A, KEY_B, SIGNED_RECORD, UNSIGNED_RECORD
from tests.plugins.metadata.test_wire import BUNNY, UBUNTU
from triblerd_metadata.api import RecordFormatError, WireRecords
from triblerd_metadata.receiving import PeerRecords
from triblerd_metadata.values import EntryType, NewEntry
from triblerd_metadata.wire import LARGEST_RECORD, sign_entry, unsigned_part

NOW = 1_750_000_000
DAY = 86400
replace = msgspec.structs.replace


@pytest.fixture
def records():
    return PeerRecords(key=KEY_B, clock=lambda: NOW)


def packed(entry: NewEntry, key=None) -> bytes:
    written = sign_entry(entry, key) if key else entry
    return unsigned_part(written) + (written.signature or bytes(64))


async def test_records_of_other_programs_are_taken(records):
    signed, unsigned = await records.read(SIGNED_RECORD + UNSIGNED_RECORD)

    assert signed.entry == sign_entry(BUNNY, KEY_A)
    assert unsigned.entry == UBUNTU
    assert (signed.kind, unsigned.infohash, signed.reason) == (300, UBUNTU.infohash, "")


async def test_what_was_taken_is_passed_on_as_it_came(records):
    received = await records.read(SIGNED_RECORD + UNSIGNED_RECORD)

    assert b"".join(records.write(one.entry) for one in received) == SIGNED_RECORD + UNSIGNED_RECORD


async def test_the_service_is_what_others_ask_for(records):
    assert isinstance(records, WireRecords)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed(BUNNY, KEY_B), "it is signed with the key of this node"),
        (SIGNED_RECORD.replace(b"Bunny", b"Money"), "the signature is wrong"),
        (SIGNED_RECORD[:-64] + bytes(64), "the signature is wrong"),
        (UNSIGNED_RECORD[:-64] + KEY_A.sign(UNSIGNED_RECORD[:-64]), "the signature is wrong"),
        (UNSIGNED_RECORD[:-1] + b"\1", "the signature is wrong"),
        (packed(replace(BUNNY, type=EntryType.CHANNEL), KEY_A), "records of kind 400 are not taken"),
        (packed(NewEntry(type=EntryType.FOLDER, title="x"), KEY_A), "records of kind 220 are not taken"),
        (b"\x01\xf4" + bytes(66 + 64 + 64), "records of kind 500 are not taken"),
        (packed(replace(UBUNTU, size=2**63)), "size is out of range"),
        (packed(replace(UBUNTU, infohash=b"\x80" + bytes(19))), "a number is 2^63 or more"),
        (packed(replace(BUNNY, id=2**63), KEY_A), "a number is 2^63 or more"),
        (packed(replace(BUNNY, timestamp=2**63), KEY_A), "a number is 2^63 or more"),
        (packed(replace(BUNNY, origin_id=2**64 - 1), KEY_A), "id is out of range"),
        (packed(replace(BUNNY, title="\N{SNOWMAN}" * 300, category="\N{PILE OF POO}" * 200), KEY_A), "1931 bytes"),
    ],
)
async def test_a_bad_record_is_refused_and_its_neighbours_are_not(records, data, reason):
    before, bad, after = await records.read(UNSIGNED_RECORD + data + SIGNED_RECORD)

    assert bad.entry is None
    assert reason in bad.reason
    assert before.entry
    assert after.entry


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ({"title": "x" * 400}, {"title": "x" * 300}),
        ({"category": "x" * 400}, {"category": "x" * 200}),
        ({"title": "Big\0 Buck\x1b[2J\nBunny\x7f\x85"}, {"title": "Big  Buck [2J Bunny"}),
        ({"category": "Vi\x07deo"}, {"category": "Vi deo"}),
        ({"torrent_date": NOW + DAY + 1}, {"torrent_date": 0}),
        ({"torrent_date": NOW + DAY}, {"torrent_date": NOW + DAY}),
        ({"torrent_date": 0xFFFFFFFF}, {"torrent_date": 0}),
        ({"trackers": ("http://Tracker.Example:80/announce/",)}, {"trackers": ("http://tracker.example/announce",)}),
        ({"trackers": ("rubbish",)}, {"trackers": ()}),
        ({"trackers": (f"http://tracker.example/{'x/' * 118}y",)}, {"trackers": ()}),
        ({"id": 77}, {}),
        ({"id": 2**64 - 1}, {}),
        ({"title": "Zażółć 日本語"}, {"title": "Zażółć 日本語"}),
    ],
)
async def test_an_unsigned_record_is_cleaned(records, sent, taken):
    (received,) = await records.read(packed(replace(UBUNTU, **sent)))

    assert received.entry == replace(UBUNTU, **taken)


async def test_an_id_of_unsigned_records_is_made_of_the_infohash(records):
    (received,) = await records.read(packed(replace(BUNNY, id=5)))

    assert received.entry.id == 6872032732664977753


async def test_a_signed_record_that_is_cleaned_stays_its_authors_and_is_not_passed_on(records):
    (received,) = await records.read(packed(replace(BUNNY, title="x" * 301), KEY_A))

    assert received.entry == replace(BUNNY, title="x" * 300, public_key=KEY_A.public_key)
    assert records.write(received.entry) is None


async def test_a_signed_record_with_flags_is_taken_and_not_passed_on(records):
    flagged = b"\x01\x2c\x00\x01" + SIGNED_RECORD[4:-64]

    (received,) = await records.read(flagged + KEY_A.sign(flagged))

    assert received.entry == replace(BUNNY, public_key=KEY_A.public_key)


async def test_the_largest_record_is_taken(records):
    room = LARGEST_RECORD - len(UNSIGNED_RECORD)
    largest = replace(UBUNTU, category="\N{SNOWMAN}" * (room // 3 // 2), title="\N{SNOWMAN}" * (room // 3 // 2))

    (received,) = await records.read(packed(largest))

    assert received.entry == largest


async def test_what_is_no_block_of_records_is_refused_as_a_whole(records):
    with pytest.raises(RecordFormatError):
        await records.read(SIGNED_RECORD + UNSIGNED_RECORD[:-1])


@settings(deadline=None)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"])),
    tracker=st.text(st.characters(exclude_categories=["Cs"])),
    date=st.integers(0, 2**32 - 1),
    key=st.sampled_from([None, KEY_A]),
)
def test_whatever_is_taken_keeps_the_rules(title, tracker, date, key):
    entry = replace(BUNNY, title=title, trackers=(tracker,), torrent_date=date)
    records = PeerRecords(key=KEY_B, clock=lambda: NOW)

    for received in records._read(packed(entry, key)):
        if taken := received.entry:
            written = records.write(taken)
            assert len(taken.title) <= 300
            assert not any(character < " " or "\x7f" <= character < "\xa0" for character in taken.title)
            assert taken.torrent_date <= NOW + DAY
            assert all(len(url) <= 255 for url in taken.trackers)
            assert written is None or [one.entry for one in records._read(written)] == [taken]
