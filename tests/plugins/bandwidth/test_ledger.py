"""The ledger keeps the newest row of each two, totals, and how the own balance was."""

import random
from collections import Counter
from itertools import count

import pytest

from tests.plugins.bandwidth.people import ME, both, changed, half, person
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_bandwidth.api import BalanceThen, Ledger, LedgerTotals
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_identity.api import Curve25519Key

ANNA, BERT, CARL = (person(number) for number in (2, 3, 4))
OWN = ME.full_public_key


@pytest.fixture
async def store(tmp_path):
    async with Store(tmp_path, StoreConfig(map_size=2**28)) as store:
        yield store


@pytest.fixture
def open_ledger(store):
    async def open_one(**settings):
        ticks = count(1_700_000_000)
        return await StoredLedger.open(store.view("bandwidth"), ME, clock=lambda: next(ticks), **settings)

    return open_one


@pytest.fixture
async def ledger(open_ledger):
    return await open_ledger()


def totals(ledger, key):
    found = ledger.totals(key.full_public_key)
    return found.taken, found.given, found.givers, found.takers


async def test_totals_are_the_sums_over_all_rows(ledger):
    for row in (both(ME, ANNA, 100), both(BERT, ME, 250), both(ANNA, CARL, 40), both(BERT, ANNA, 5)):
        await ledger.add(row)

    assert isinstance(ledger, Ledger)
    assert totals(ledger, ME) == (100, 250, 1, 1)
    assert totals(ledger, ANNA) == (40, 105, 1, 2)
    assert totals(ledger, BERT) == (255, 0, 2, 0)
    assert ledger.totals(OWN).balance == 150
    assert ledger.totals(person(99).full_public_key) == LedgerTotals()


async def test_rows_of_somebody_are_those_in_which_he_took_and_then_those_in_which_he_gave(ledger):
    rows = [both(ME, ANNA, 100), both(BERT, ME, 250), both(ANNA, CARL, 40)]
    for row in rows:
        await ledger.add(row)

    assert list(ledger.rows(OWN)) == rows[:2]
    assert list(ledger.rows(ANNA.full_public_key)) == [rows[2], rows[0]]
    assert sorted(ledger.rows(), key=lambda row: row.amount) == [rows[2], rows[0], rows[1]]
    assert ledger.count() == 3
    assert ledger.find(OWN, ANNA.full_public_key) == rows[0]
    assert ledger.find(ANNA.full_public_key, OWN) is None


@pytest.mark.parametrize("key", [b"", b"LibNaCLPK:", OWN[:-1], OWN + b"\x00", OWN[10:]])
async def test_what_is_no_key_took_and_gave_nothing(ledger, key):
    await ledger.add(both(ME, ANNA, 100))

    assert (list(ledger.rows(key)), ledger.totals(key), ledger.history(key)) == ([], LedgerTotals(), [])


async def test_only_what_is_newer_takes_the_place_of_a_row(ledger):
    first = both(ANNA, BERT, 100, sequence=3)
    older, smaller = both(ANNA, BERT, 200, sequence=2), both(ANNA, BERT, 99, sequence=9)
    newer = both(ANNA, BERT, 100, sequence=4)

    added = [await ledger.add(row) for row in (first, older, smaller, first, newer)]

    assert added == [True, False, False, False, True]
    assert list(ledger.rows()) == [newer]
    assert totals(ledger, ANNA) == (100, 0, 1, 0)


async def test_the_revision_is_another_one_after_each_change_and_no_other_time(ledger, open_ledger):
    seen = [ledger.revision]
    for row in (both(ANNA, BERT, 5), both(ANNA, BERT, 6, sequence=2), both(ANNA, BERT, 6, sequence=2)):
        await ledger.add(row)
        seen.append(ledger.revision)

    assert len(set(seen)) == 3
    assert seen[2] == seen[3] == (await open_ledger()).revision


async def test_the_oldest_rows_of_other_people_go_and_own_ones_stay(open_ledger):
    ledger = await open_ledger(most_of_others=3)
    own = both(ME, ANNA, 7)
    others = [both(person(10), person(20 + number), 10**number) for number in range(5)]

    for row in [own, *others[:3], both(person(10), person(20), 2, sequence=2), *others[3:]]:
        await ledger.add(row)

    assert {row.amount for row in ledger.rows()} == {7, 2, 1000, 10000}
    assert totals(ledger, person(10)) == (11002, 0, 3, 0)
    assert totals(ledger, person(21)) == (0, 0, 0, 0)
    assert list(ledger.rows(person(21).full_public_key)) == []


async def test_each_change_of_the_own_balance_is_remembered_and_nobody_elses(ledger):
    for row in (both(ME, ANNA, 100), both(ANNA, BERT, 40), both(BERT, ME, 250)):
        await ledger.add(row)

    assert [then.balance for then in ledger.history(OWN)] == [-100, 150]
    assert ledger.history(ANNA.full_public_key) == []


async def test_the_last_hundred_changes_are_kept_whatever_the_clock_says(store):
    ledger = await StoredLedger.open(store.view("bandwidth"), ME, clock=lambda: 1_700_000_000)
    for number in range(1, 121):
        await ledger.add(both(ME, ANNA, number, sequence=number))

    history = ledger.history(OWN)
    assert [then.balance for then in history] == [-number for number in range(21, 121)]
    assert history == sorted(history, key=lambda then: then.timestamp)
    assert history[-1].timestamp == 1_700_000_000_119


async def test_earlier_balances_are_put_before_what_is_known(ledger):
    await ledger.add(both(ME, ANNA, 100))
    earlier = [BalanceThen(number, number) for number in range(120)]

    new = await ledger.take_over_history(OWN, earlier)
    again = await ledger.take_over_history(OWN, [*earlier[-99:], BalanceThen(-1, 0), BalanceThen(1, 2**63)])

    assert (new, again) == (99, 0)
    assert [then.balance for then in ledger.history(OWN)] == [*range(21, 120), -100]


async def test_rows_of_another_ledger_are_taken_over_when_they_are_signed(ledger):
    good = [both(ANNA, BERT, 5), half(ME, ANNA, 6), half(BERT, ME, 7)]
    bad = [half(ANNA, CARL, 8), changed(good[0], amount=9)]

    taken = await ledger.take_over([*good, *bad])
    again = await ledger.take_over(good)

    assert (taken.added, taken.present, again.added, again.present) == (3, 0, 0, 3)
    assert taken.refused == {"who gave has not signed": 1, "the signature of who took is wrong": 1}
    assert totals(ledger, ME) == (6, 7, 1, 1)
    assert ledger.history(OWN) == []


async def test_debts_beyond_all_reason_are_told_as_the_largest_number_that_clients_know(ledger):
    for number in range(20):
        await ledger.add(both(ANNA, person(100 + number), 2**60 - 1))

    assert ledger.totals(ANNA.full_public_key).taken == 2**63 - 1


async def test_a_ledger_is_the_same_as_one_kept_in_memory(open_ledger):
    ledger = await open_ledger(most_of_others=30)
    dice = random.Random(5)
    people = [ME, *(person(number) for number in range(2, 10))]
    amounts: Counter[tuple[Curve25519Key, Curve25519Key]] = Counter()
    for number in range(1, 200):
        a, b = dice.sample(people, 2)
        amounts[a, b] += dice.randrange(1000)
        await ledger.add(both(a, b, amounts[a, b], sequence=number))

    rows = list(ledger.rows())
    for one in people:
        key = one.full_public_key
        taken = [row.amount for row in rows if row.public_key_a == key]
        given = [row.amount for row in rows if row.public_key_b == key]
        assert totals(ledger, one) == (sum(taken), sum(given), len(taken), len(given))
        assert len(list(ledger.rows(key))) == len(taken) + len(given)
    assert sum(OWN not in {row.public_key_a, row.public_key_b} for row in rows) == 30
