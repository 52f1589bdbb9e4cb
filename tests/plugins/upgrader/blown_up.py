"""States with thousands of downloads: one download of a sample, copied with other names and so other infohashes."""

import base64
import copy
import hashlib
import pickle
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType

from tests.plugins.upgrader.samples import PROGRAMS, SAMPLES
from triblerd_libtorrent.api import bdecode_dictionary, bencode

TORRENT = (SAMPLES / "torrents" / "single.torrent").read_bytes()
NAME = b"alpha.bin"
SIZE = 50_003
HASH = bytes.fromhex("d73e71db1231cf8b32308ff083d9306445986969")
_VALUE = re.compile(rb"^(\s*\w+ = )([A-Za-z0-9+/=]{40,})$", re.MULTILINE)
_MANAGER = "deluge.core.torrentmanager"


class Clone:
    """A torrent that differs from the sample by its name alone, which is as long.

    Attributes:
        infohash: 20 bytes.
        torrent: The torrent file.
    """

    def __init__(self, number: int) -> None:
        self.name = b"clone%04d" % number
        self.torrent = TORRENT.replace(NAME, self.name)
        _, places = bdecode_dictionary(self.torrent)
        self.infohash = hashlib.sha1(self.torrent[places[b"info"]], usedforsecurity=False).digest()

    def of(self, data: bytes) -> bytes:
        """Return what the sample has, for this torrent."""
        for old, new in (
            (NAME, self.name),
            (HASH, self.infohash),
            (HASH.hex().encode(), self.infohash.hex().encode()),
            (HASH.hex().upper().encode(), self.infohash.hex().upper().encode()),
        ):
            data = data.replace(old, new)
        return data

    def of_text(self, data: bytes) -> bytes:
        """Return a text of the sample, some values of which are base64, for this torrent."""

        def again(match: re.Match[bytes]) -> bytes:
            return match[1] + base64.b64encode(self.of(base64.b64decode(match[2])))

        return self.of(_VALUE.sub(again, data))


def blow_up(name: str, state: Path, data: Path, count: int) -> set[str]:
    """Put so many more downloads into a copied state; return their infohashes.

    Args:
        name: Of the sample.
        state: Its directory.
        data: Where the files go, which are as long as they ought to be, and empty otherwise.
        count: How many.
    """
    clones = [Clone(number) for number in range(count)]
    for clone in clones:
        with (data / clone.name.decode()).open("wb") as file:
            file.truncate(SIZE)
    if name.endswith("sqlite"):
        _fill_database(state / "torrents.db", clones)
    if name.startswith("deluge"):
        _fill_pickle(state / "state", clones)
    for path in [path for path in state.rglob("*") if path.name.lower().startswith(HASH.hex())]:
        content = path.read_bytes()
        for clone in clones:
            made = clone.of_text(content) if path.suffix == ".conf" else clone.of(content)
            path.with_name(clone.of(path.name.encode()).decode()).write_bytes(made)
    return {clone.infohash.hex() for clone in clones}


def count_of(name: str) -> int:
    """Return how many downloads the sample itself has."""
    return len(PROGRAMS[name]["downloads"])


def _fill_database(path: Path, clones: list[Clone]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        cursor = database.execute("SELECT * FROM torrents WHERE torrent_id = ?", (HASH.hex(),))
        columns = [column[0] for column in cursor.description]
        [row] = cursor.fetchall()
        kept = [index for index, column in enumerate(columns) if column not in {"id", "queue_position"}]
        names = ", ".join(f'"{columns[index]}"' for index in kept)
        marks = ", ".join("?" * len(kept))
        database.executemany(
            f"INSERT INTO torrents ({names}) VALUES ({marks})",  # noqa: S608 - names of columns of our own sample
            [[_value(row[index], clone) for index in kept] for clone in clones],
        )


def _value(value: object, clone: Clone) -> object:
    if isinstance(value, bytes):
        return clone.of(value)
    return clone.of(value.encode()).decode() if isinstance(value, str) else value


def _fill_pickle(folder: Path, clones: list[Clone]) -> None:
    with _deluge():
        state = pickle.loads((folder / "torrents.state").read_bytes())  # noqa: S301 - our own sample
        [sample] = [one for one in state.torrents if one.torrent_id == HASH.hex()]
        for clone in clones:
            made = copy.deepcopy(sample)
            made.torrent_id = clone.infohash.hex()
            made.filename = f"{clone.name.decode()}.torrent"
            state.torrents.append(made)
        (folder / "torrents.state").write_bytes(pickle.dumps(state, protocol=2))
    resume, _ = bdecode_dictionary((folder / "torrents.fastresume").read_bytes())
    of_sample = resume[HASH.hex().encode()]
    assert isinstance(of_sample, bytes)
    resume |= {clone.infohash.hex().encode(): clone.of(of_sample) for clone in clones}
    (folder / "torrents.fastresume").write_bytes(bencode(resume))


@contextmanager
def _deluge() -> Iterator[None]:
    """Let classes of Deluge be found while its file is read and written."""
    names = [".".join(_MANAGER.split(".")[:length]) for length in (1, 2, 3)]
    modules = {name: ModuleType(name) for name in names}
    for name in ("TorrentManagerState", "TorrentState"):
        setattr(modules[_MANAGER], name, type(name, (), {"__module__": _MANAGER}))
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
