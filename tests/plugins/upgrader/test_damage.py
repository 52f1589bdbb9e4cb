"""Whatever is damaged, the rest is read, the damage is told, and nothing worse happens."""

import random
import re
from contextlib import contextmanager
from fnmatch import fnmatch

import msgspec
import pytest

from tests.plugins.upgrader.samples import PROGRAMS, copy_state
from tests.plugins.upgrader.test_reading import NAMES, find_in
from triblerd_upgrader.foreign.readers import READERS
from triblerd_upgrader.foreign.values import ForeignDownload, NotTaken

DAMAGES = {
    "truncated": lambda raw: raw[: len(raw) // 2],
    "emptied": lambda _: b"",
    "replaced by rubbish": lambda raw: random.Random(len(raw)).randbytes(len(raw) + 100),
}
MORE_DAMAGES = {
    "cut by one byte": lambda raw: raw.rstrip()[:-1],
    "zeroed": lambda raw: bytes(len(raw) + 1),
    "of another file": lambda _: b"d4:infod4:name1:xee" * 3,
    "of bencoding": lambda _: b"d" * 100_000,
    "of JSON": lambda _: b"[" * 100_000,
    "of another program": lambda _: b"i1e",
}
BY_LINES = ("*.conf", "*.rc", "queue", "*.magnet")
"""Parts of these are whole files, too."""
UNREAD = ("*.bak", "qBittorrent-data.conf", "stats.json", "auth", "session.state", "rtorrent.input_history")
TOGETHER = ("torrents.db", "torrents.state", "torrents.fastresume")
"""Files that hold something of every download."""
OTHERWISE = {
    "label.conf": ("labels",),
    "queue": ("queue_position",),
    "queue.json": ("queue_position",),
    "rtorrent.rc": ("download_limit", "upload_limit"),
    "settings.json": (),
    "qBittorrent.conf": (),
}
"""What of downloads stands in files that are about all of them."""
HASH = re.compile(r"[0-9a-fA-F]{40}")


def read_all(find):
    """Return all that is read of a state, which is as good as its copy here."""
    reader = next(reader for reader in READERS if reader.program == find.program)
    return list(reader.read(find.root, str, find.root))


def by_hash(items):
    return {
        item.infohash_v1.hex() or item.infohash_v2.hex(): item for item in items if isinstance(item, ForeignDownload)
    }


def is_of(path, download):
    digits = HASH.search(path.name)
    return digits is not None and digits[0].lower() in {download.infohash_v1.hex(), download.infohash_v2.hex()[:40]}


def without(download, *fields):
    return {key: value for key, value in msgspec.structs.asdict(download).items() if key not in fields}


def fits(path, patterns):
    return any(fnmatch(path.name, pattern) for pattern in patterns)


@contextmanager
def damaged(path, damage):
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    try:
        yield
    finally:
        path.write_bytes(whole)


def damage_in_turn(name, folder, damages):
    """Damage each file of a sample in each way, and yield what is read then, and what was read before."""
    state = copy_state(name, folder)
    _, find = find_in(state)
    clean = by_hash(read_all(find))
    assert len(clean) == len(PROGRAMS[name]["downloads"])
    for path in sorted(path for path in state.rglob("*") if path.is_file()):
        for kind, damage in damages.items():
            with damaged(path, damage):
                yield path, kind, clean, read_all(find)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_takes_no_more_than_its_own_with_it(name, tmp_path):
    for path, kind, clean, items in damage_in_turn(name, tmp_path, DAMAGES):
        found = by_hash(items)
        if path.name != "torrents.db":
            for key, download in clean.items():
                if is_of(path, download):
                    continue
                if path.name in TOGETHER:
                    assert (path.name, kind, key in found) == (path.name, kind, True)
                    continue
                other = OTHERWISE.get(path.name, ())
                assert (path.name, kind, without(found[key], *other)) == (path.name, kind, without(download, *other))
        is_whole = fits(path, UNREAD) or (kind == "truncated" and fits(path, BY_LINES)) or path.stat().st_size <= 4
        told = [item.what for item in items if isinstance(item, NotTaken) and path.name in item.what]
        assert (path.name, kind, bool(told or is_whole)) == (path.name, kind, True)


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_no_damage_ends_the_reading(name, tmp_path):
    flips = {f"flipped {seed}": flipped(seed) for seed in range(15)}

    for path, kind, clean, items in damage_in_turn(name, tmp_path, MORE_DAMAGES | flips):
        left = by_hash(items)
        if path.name not in TOGETHER:
            assert (path.name, kind, len(left) >= len(clean) - 1) == (path.name, kind, True)


def flipped(seed):
    def damage(raw):
        chance = random.Random(seed)
        changed = bytearray(raw)
        for _ in range(chance.randint(1, 5) if raw else 0):
            changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        return bytes(changed)

    return damage


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_ends_nothing(name, tmp_path):
    state = copy_state(name, tmp_path)
    _, find = find_in(state)
    for path in sorted(path for path in state.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        path.unlink()

        items = read_all(find)

        path.mkdir()  # nor does a directory in its place
        items_of_directory = read_all(find)
        path.rmdir()
        path.write_bytes(whole)
        if path.name not in TOGETHER:
            assert len(by_hash(items)) >= len(PROGRAMS[name]["downloads"]) - 1
            assert len(by_hash(items_of_directory)) >= len(PROGRAMS[name]["downloads"]) - 1


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_state_is_still_recognised(name, tmp_path):
    state = copy_state(name, tmp_path)
    for path in sorted(path for path in state.rglob("*") if path.is_file()):
        for damage in DAMAGES.values():
            with damaged(path, damage):
                _, find = find_in(state)
            assert find.root == state


@pytest.mark.parametrize("name", NAMES)
def test_looking_at_a_state_changes_nothing(name, tmp_path):
    state = copy_state(name, tmp_path)

    def content():
        return {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in tmp_path.rglob("*")}

    before = content()
    find_in(state)

    assert content() == before
