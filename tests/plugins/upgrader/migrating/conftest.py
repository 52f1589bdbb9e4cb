import asyncio
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.upgrader.migrating.shelf import BOOKS, SHELF, Book, Title, release, title_of
from triblerd.config import StoreConfig
from triblerd.data_versions import DataVersion
from triblerd.store import Store

ROOT = Path(__file__).parents[4]
SETTINGS = """\
# My shelf.
[shelf]
enabled = true
# As the door.
colour = "red"
limit_minutes = 2  # a short one
"""


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """The state directory of the test."""
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def sound_shelf() -> Iterator[None]:
    """The steps work, and wait for nobody."""
    yield
    SHELF.held.set()
    SHELF.broken = False


@pytest.fixture
async def first_release(start_daemon, state_dir):
    """A state directory that the first release left: books, and settings with comments."""
    state_dir.mkdir(mode=0o700)
    (state_dir / "triblerd.conf").write_text(SETTINGS)
    async with start_daemon("shelf", extra_plugins=[release(1)]):
        pass
    return state_dir


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder to put into ``PYTHONPATH``: the shelf is installed there, as the release that ``SHELF`` says."""
    folder = tmp_path / "site"
    info = folder / "shelf-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[triblerd]\nshelf = shelf_plugin\n")
    (folder / "shelf_plugin.py").write_text(
        "import os\nfrom tests.plugins.upgrader.migrating.shelf import hooks\n"
        "globals().update(hooks(int(os.environ['SHELF'])))\n"
    )
    return folder


@pytest.fixture
def environment(site: Path) -> dict[str, str]:
    """The environment of a program with the third release of the shelf."""
    return {"PYTHONPATH": f"{site}:{ROOT}", "SHELF": "3", "TRIBLERD_UPGRADER__ENABLED": "true"}


def block(folder: Path) -> None:
    """Put a file where a folder shall be."""
    shutil.rmtree(folder, ignore_errors=True)  # the daemon may have made its daily copy
    folder.write_text("in the way")


class Kept:
    """What a stopped daemon left: the shelf in its store, and the settings."""

    def __init__(self, state_dir: Path) -> None:
        self.text = (state_dir / "triblerd.conf").read_text()
        self.settings: dict[str, Any] = tomllib.loads(self.text)
        self.copies = sorted(path.name for path in (state_dir / "backups").glob("upgrade-*"))
        self._state_dir = state_dir

    async def read(self) -> "Kept":
        """Read the store."""
        async with Store(self._state_dir / "store", StoreConfig()) as store:
            shelf = store.view("shelf")
            versions = await store.view("kernel").table("store", DataVersion)
            self.version = versions.get(b"version/shelf") or DataVersion(1)
            old, new = await shelf.table("book", Title), await shelf.table("book", Book, version=2)
            self.stored = dict(await asyncio.to_thread(lambda: next(old.stored(1000), [])))
            self.new = {int.from_bytes(key): new.get(key) for key, data in self.stored.items() if data[0] == 2}
            self.old = {int.from_bytes(key): old.get(key) for key, data in self.stored.items() if data[0] == 1}
            self.index = list((await shelf.table("by_words", bytes)).keys())
            self.scratch = (await shelf.table("scratch", bytes)).count()
        return self

    def check_third_release(self) -> None:
        """Check that everything is as the third release wants it."""
        assert self.version == DataVersion(3)
        assert self.new == {number: Book(title_of(number), number % 7 + 1) for number in range(BOOKS)}
        assert self.index == sorted(bytes([number % 7 + 1]) + number.to_bytes(2) for number in range(BOOKS))
        assert self.scratch == 0
        assert self.settings["shelf"] == {"enabled": True, "color": "red", "limit": 120}
        assert self.settings["versions"]["shelf"] == 3


@pytest.fixture
def kept(state_dir):
    """Return what a stopped daemon left."""

    async def read(folder: Path = state_dir) -> Kept:
        return await Kept(folder).read()

    return read
