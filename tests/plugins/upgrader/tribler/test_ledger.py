"""The ledger of bandwidth goes to the plugin that has one."""

import sqlite3
from contextlib import closing

from tests.plugins.upgrader.samples import PROGRAMS
from tests.plugins.upgrader.tribler.ours import open_ours
from tests.plugins.upgrader.tribler.states import OLD, copied, read
from triblerd_bandwidth.api import BalanceThen, Ledger
from triblerd_upgrader.foreign.tribler.identity import KIND as IDENTITY
from triblerd_upgrader.foreign.tribler.ledger import BALANCES, KIND, MOST_OF_OTHERS
from triblerd_upgrader.foreign.values import ForeignRecords

LEDGER = PROGRAMS[OLD]["ledger"]
ME = bytes.fromhex(LEDGER["my_public_key"])


async def test_the_ledger_and_its_totals_are_what_they_were(tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items
    async with open_ours(tmp_path / "store") as ours:
        kept = await ours.keep(items, IDENTITY, KIND, BALANCES)
    async with open_ours(tmp_path / "store") as ours:
        totals = ours.ledger.totals(ME)

        assert isinstance(ours.ledger, Ledger)
        assert (totals.taken, totals.given, totals.balance) == (
            LEDGER["total_taken"],
            LEDGER["total_given"],
            LEDGER["balance"],
        )
        assert ours.ledger.history(ME) == [BalanceThen(**row) for row in LEDGER["history"]]
        assert [one.not_taken for one in kept.values()] == [(), (), ()]


async def test_every_row_is_there_with_its_signatures(ours, tmp_path):
    await ours.keep(read(OLD, copied(OLD, tmp_path)).items, IDENTITY, KIND)

    found = {(row.public_key_a.hex(), row.public_key_b.hex()): row for row in ours.ledger.rows()}
    for wanted in LEDGER["transactions"]:
        row = found.pop((wanted["public_key_a"], wanted["public_key_b"]))
        assert (row.sequence_number, row.amount) == (wanted["sequence_number"], wanted["amount"])
        assert row.timestamp == wanted["timestamp"]
        assert row.signature_a.hex() == wanted["signature_a"]
        assert (row.signature_b or b"0" * 64).hex() == wanted["signature_b"]
    assert not found
    assert len(list(ours.ledger.rows(ME))) == 3


async def test_the_same_ledger_once_more_changes_nothing(ours, tmp_path):
    items = read(OLD, copied(OLD, tmp_path)).items

    await ours.keep(items)
    rows = list(ours.ledger.rows())
    again = await ours.keep(items)

    assert list(ours.ledger.rows()) == rows
    assert (again[KIND].added, again[BALANCES].added, again[BALANCES].present) == (0, 0, 4)


async def test_without_the_old_key_what_it_alone_has_signed_is_left(ours, tmp_path):
    found = read(OLD, copied(OLD, tmp_path))

    kept = await ours.keepers[KIND].keep(list(found.of_kind(KIND)))

    assert [(one.what, one.reason) for one in kept.not_taken] == [("transactions (1)", "who gave has not signed")]
    assert ours.ledger.count() == len(LEDGER["transactions"]) - 1
    assert all(row.signature_b for row in ours.ledger.rows())


async def test_refused_rows_are_told(ours, tmp_path):
    root = copied(OLD, tmp_path)
    with closing(sqlite3.connect(root / "7.13" / "sqlite" / "bandwidth.db")) as connection, connection:
        connection.execute("UPDATE BandwidthTransaction SET amount = 1 WHERE amount = 250000")

    await ours.keep(read(OLD, root).items, IDENTITY)
    portions = [item for item in read(OLD, root).items if isinstance(item, ForeignRecords) and item.kind == KIND]
    outcomes = [await ours.keepers[KIND].keep(portion.values) for portion in portions]

    assert [(one.what, one.reason) for kept in outcomes for one in kept.not_taken] == [
        ("transactions (1)", "the signature of who took is wrong")
    ]
    assert ours.ledger.count() == 3


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
