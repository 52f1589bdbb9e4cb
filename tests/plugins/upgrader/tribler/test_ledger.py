"""The ledger of bandwidth is kept until a plugin takes it up."""

import sqlite3
from contextlib import closing

import msgspec
import pytest

from tests.plugins.metadata.records import KEY_A, KEY_B
from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.ours import open_ours
from tests.plugins.upgrader.tribler.states import OLD, copied, read
from triblerd_upgrader.api import BalanceThen, ImportedLedger, LedgerRow
from triblerd_upgrader.foreign.keeping.ledger import flaw, signed_bytes
from triblerd_upgrader.foreign.tribler.ledger import BALANCES, KIND, MOST_OF_OTHERS, OwnedRow
from triblerd_upgrader.foreign.values import ForeignRecords

LEDGER = PROGRAMS[OLD]["ledger"]
ME = bytes.fromhex(LEDGER["my_public_key"])
NOW = 1_800_000_000_000

VECTOR = LedgerRow(
    public_key_a=KEY_A.full_public_key,
    public_key_b=KEY_B.full_public_key,
    sequence_number=3,
    amount=123456789,
    timestamp=1600000000123,
    signature_a=bytes.fromhex(
        "ee9fca3e2c988c70b92bc7ac9766829dc9f2c148ec23451228b571f0a862e34428f15e8dc5041018073f492b14c51d78541e136e885388adf93d6f61"
        "3db38c0b"
    ),
    signature_b=bytes.fromhex(
        "80de2b8ea963e57213e4d9b07b24c0fa27c970565ccb15f40b2e8a2cc643ecd537e67b3dc45fd44516ea183a2bcf430b7280f95cc76ec20244d3e227"
        "b5a7860d"
    ),
)
"""Signed by another implementation."""


def changed(**changes):
    return msgspec.structs.replace(VECTOR, **changes)


def signed(row):
    """Return a row as A and B would sign it."""
    half = msgspec.structs.replace(row, signature_a=KEY_A.sign(signed_bytes(row, by_b=False)), signature_b=b"")
    return msgspec.structs.replace(half, signature_b=KEY_B.sign(signed_bytes(half, by_b=True)))


async def test_the_ledger_and_its_totals_are_what_they_were(tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items
    async with open_ours(tmp_path / "store") as ours:
        kept = await ours.keep(items, KIND, BALANCES)
    async with open_ours(tmp_path / "store") as ours:
        totals = ours.ledgers.totals(ME)

        assert isinstance(ours.ledgers, ImportedLedger)
        assert (totals.taken, totals.given, totals.balance) == (
            LEDGER["total_taken"],
            LEDGER["total_given"],
            LEDGER["balance"],
        )
        assert ours.ledgers.owners() == [ME]
        assert ours.ledgers.history(ME) == [BalanceThen(**row) for row in LEDGER["history"]]
        assert [one.not_taken for one in kept.values()] == [(), ()]


async def test_every_row_is_there_with_its_signatures(ours, tmp_path):
    await ours.keep(read(OLD, copied(OLD, tmp_path)).items, KIND)

    found = {(row.public_key_a.hex(), row.public_key_b.hex()): row for row in ours.ledgers.rows()}
    for wanted in LEDGER["transactions"]:
        row = found.pop((wanted["public_key_a"], wanted["public_key_b"]))
        assert (row.sequence_number, row.amount) == (wanted["sequence_number"], wanted["amount"])
        assert row.timestamp == wanted["timestamp"]
        assert row.signature_a.hex() == wanted["signature_a"]
        assert (row.signature_b or b"0" * 64).hex() == wanted["signature_b"]
    assert not found
    assert len(ours.ledgers.rows(ME)) == 3


async def test_the_same_ledger_once_more_changes_nothing(ours, tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items

    await ours.keep(items)
    rows = ours.ledgers.rows()
    again = await ours.keep(items)

    assert ours.ledgers.rows() == rows
    assert (again[KIND].added, again[BALANCES].added, again[BALANCES].present) == (0, 0, 4)


async def test_only_what_is_newer_takes_the_place_of_a_row(ours):
    keeper = ours.keepers[KIND]
    older = signed(changed(sequence_number=2, amount=5))
    smaller = signed(changed(sequence_number=9, amount=5))
    newer = signed(changed(sequence_number=4, amount=123456790))

    counts = [(await keeper.keep([OwnedRow(ME, row)])).added for row in (VECTOR, older, smaller, VECTOR, newer)]

    assert counts == [1, 0, 0, 0, 1]
    assert ours.ledgers.rows() == [newer]


def test_rows_signed_by_another_implementation_are_right():
    assert flaw(OwnedRow(ME, VECTOR), NOW) == ""


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (changed(amount=1), "the signature of who took is wrong"),
        (changed(signature_b=VECTOR.signature_a), "the signature of who gave is wrong"),
        (changed(signature_b=b""), "who gave has not signed"),
        (changed(signature_a=b""), "who took has not signed"),
        (changed(signature_a=b"", signature_b=b""), "who took has not signed"),
        (changed(public_key_b=VECTOR.public_key_a), "nobody takes from himself"),
        (changed(public_key_a=VECTOR.public_key_a[1:]), "a key is none"),
        (changed(public_key_a=b"LibNaCLSK:" + VECTOR.public_key_a[10:]), "a key is none"),
        (changed(sequence_number=0), "the sequence number is out of range"),
        (changed(amount=1 << 60), "the amount is out of range"),
        (changed(amount=-1), "the amount is out of range"),
        (changed(timestamp=NOW + 86_400_001), "the time is out of range"),
    ],
)
def test_rows_that_are_not_signed_as_they_have_to_be_are_refused(row, reason):
    assert flaw(OwnedRow(ME, row), NOW) == reason


@pytest.mark.parametrize("owner", [KEY_A, KEY_B])
def test_a_row_of_the_owner_counts_without_an_answer(owner):
    row = changed(signature_b=b"")

    assert flaw(OwnedRow(owner.full_public_key, row), NOW) == ""
    assert flaw(OwnedRow(owner.full_public_key, changed(signature_a=b"")), NOW) == "who took has not signed"


async def test_refused_rows_are_told(ours, tmp_path):
    root = copied(OLD, tmp_path)
    with closing(sqlite3.connect(root / "7.13" / "sqlite" / "bandwidth.db")) as connection, connection:
        connection.execute("UPDATE BandwidthTransaction SET amount = 1 WHERE amount = 250000")

    portions = [item for item in read(OLD, root).items if isinstance(item, ForeignRecords) and item.kind == KIND]
    outcomes = [await ours.keepers[KIND].keep(portion.values) for portion in portions]

    assert [(one.what, one.reason) for kept in outcomes for one in kept.not_taken] == [
        ("transactions (1)", "the signature of who took is wrong")
    ]
    assert len(ours.ledgers.rows()) == 3


async def test_of_what_others_did_the_newest_is_taken(tmp_path):
    root = copied(OLD, tmp_path)
    strangers = [(number.to_bytes(4), number) for number in range(MOST_OF_OTHERS + 8)]
    with closing(sqlite3.connect(root / "7.13" / "sqlite" / "bandwidth.db")) as connection, connection:
        connection.executemany("INSERT INTO BandwidthTransaction VALUES (1, ?, x'00', x'00', x'00', 1, ?)", strangers)

    found = read(OLD, root)

    rows = [owned.row for owned in found.of_kind(KIND)]
    times = [row.timestamp for row in rows if ME not in {row.public_key_a, row.public_key_b}]
    assert (times[0], times[-1], len(times)) == (1700000003000, 9, MOST_OF_OTHERS)
    assert found.not_taken["transactions (9)"] == "they are old ones between other people"
