"""What the metadata store keeps when its process is killed."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.metadata.agreement import require_agreement

ROOT = Path(__file__).parents[3]
SIZE = 20


def killed_child(folder, seed, bytes_read):
    """Start a child, read so many bytes of its confirmations, kill it, and return all that it confirmed."""
    command = [sys.executable, "-m", "tests.plugins.metadata.store_child", str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        said = child.stdout.read(bytes_read)
        child.kill()
        said += child.stdout.read()
    return {said[start : start + SIZE] for start in range(0, len(said) // SIZE * SIZE, SIZE)}


async def kill_again_and_again(folder, times):
    chance = random.Random(times)
    confirmed: set[bytes] = set()
    rows: dict[int, bytes] = {}
    for seed in range(times):
        confirmed |= killed_child(folder, seed, chance.randrange(SIZE, 60 * SIZE * SIZE))
        before, rows = rows, await require_agreement(folder)
        assert confirmed <= set(rows.values())
        assert max(before, default=0) <= max(rows)


async def test_tables_agree_and_what_was_confirmed_is_there_after_a_kill(tmp_path):
    await kill_again_and_again(tmp_path / "store", 5)


@pytest.mark.soak
async def test_tables_agree_and_what_was_confirmed_is_there_after_fifty_kills(tmp_path):
    await kill_again_and_again(tmp_path / "store", 50)
