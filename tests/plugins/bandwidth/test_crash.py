"""What was confirmed outlives the death of the process, and totals are those of the rows that are there."""

import os
import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from itertools import pairwise

import pytest

from tests.plugins.bandwidth.people import ME
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd.testing import wait_for
from triblerd_bandwidth.ledger import StoredLedger

WRITER = """
import asyncio, sys
from pathlib import Path
from tests.plugins.bandwidth.people import ME, changed, half, person
from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_bandwidth.ledger import StoredLedger

async def main():
    pattern = half(ME, person(2), 1)
    async with Store(Path(sys.argv[1]), StoreConfig(map_size=2**28)) as store:
        ledger = await StoredLedger.open(store.view("bandwidth"), ME, most_of_others=20)
        first = ledger.revision
        for number in range(first + 1, 1_000_000):
            giver = person(2 + number % 3)
            taker = ME if number % 2 else person(10 + number % 40)
            row = changed(
                pattern,
                public_key_a=taker.full_public_key,
                public_key_b=giver.full_public_key,
                sequence_number=number,
                amount=number * 1000,
            )
            assert await ledger.add(row)
            print(number, flush=True)

asyncio.run(main())
"""


def start_writing(folder, output):
    with output.open("wb") as file:
        return subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=file)


def has_lines(output, number):
    return output.read_bytes().count(b"\n") > number


async def check(folder):
    """Return the last row that there is, after a look at all that follows from the rows."""
    async with Store(folder, StoreConfig(map_size=2**28)) as store:
        ledger = await StoredLedger.open(store.view("bandwidth"), ME, most_of_others=20)
        rows = list(ledger.rows())
        taken: Counter[bytes] = Counter()
        given: Counter[bytes] = Counter()
        for row in rows:
            taken[row.public_key_a] += row.amount
            given[row.public_key_b] += row.amount
        for key in {*taken, *given}:
            totals = ledger.totals(key)
            assert (totals.taken, totals.given) == (taken[key], given[key])
            assert len(list(ledger.rows(key))) == totals.givers + totals.takers
        others = [row for row in rows if ME.full_public_key not in {row.public_key_a, row.public_key_b}]
        history = ledger.history(ME.full_public_key)
        assert len(others) <= 20
        assert history[-1].balance == ledger.totals(ME.full_public_key).balance
        assert all(before.timestamp < after.timestamp for before, after in pairwise(history))
        return max((row.sequence_number for row in rows), default=0), ledger.revision


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.soak)])
async def test_no_row_that_was_confirmed_is_lost_to_a_kill(tmp_path, kills):
    output = tmp_path / "output"
    for number in range(1, kills + 1):
        process = start_writing(tmp_path / "store", output)
        await wait_for(partial(has_lines, output, 20 + 13 * number), 30.0)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

        confirmed = int(output.read_text().rsplit("\n", 2)[-2])
        last, revision = await check(tmp_path / "store")
        assert last in {confirmed, confirmed + 1}
        assert revision == last
