"""States of Tribler, read as they are or after something was done to them."""

import configparser
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.plugins.upgrader.samples import PROGRAMS, SAMPLES
from triblerd_upgrader.foreign.tribler.reader7 import Tribler7
from triblerd_upgrader.foreign.tribler.reader8 import Tribler8
from triblerd_upgrader.foreign.values import ForeignDownload, ForeignRecords, ForeignSettings, Item, NotTaken, Reader

OLD, NEW = "tribler-7.13", "tribler-8.4"
READERS: Mapping[str, type[Reader]] = {OLD: Tribler7, NEW: Tribler8}
VERSIONS = {OLD: "7.13", NEW: "8.0"}
CHECKPOINTS = {OLD: "7.13/dlcheckpoints", NEW: "dlcheckpoints"}
SOURCE = Path("/home/user/.Tribler")


class Read:
    """All that a reader yielded."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items

    @property
    def downloads(self) -> dict[str, ForeignDownload]:
        """By the hex digits of the v1 infohash, else the v2 one."""
        found = [item for item in self.items if isinstance(item, ForeignDownload)]
        return {(one.infohash_v1 or one.infohash_v2).hex(): one for one in found}

    @property
    def settings(self) -> ForeignSettings:
        [found] = [item for item in self.items if isinstance(item, ForeignSettings)]
        return found

    @property
    def not_taken(self) -> dict[str, str]:
        return {item.what: item.reason for item in self.items if isinstance(item, NotTaken)}

    @property
    def reasons(self) -> set[str]:
        """Why things are not taken."""
        return {item.reason for item in self.items if isinstance(item, NotTaken)}

    def of_kind(self, kind: str) -> list[Any]:
        """All records of a kind."""
        records = [item for item in self.items if isinstance(item, ForeignRecords) and item.kind == kind]
        return [value for portion in records for value in portion.values]


def copied(name: str, folder: Path) -> Path:
    """Return a copy of a state's root, which a test may change."""
    return Path(shutil.copytree(SAMPLES / name / "state", folder / "state"))


def read(name: str, root: Path, mapped: Callable[[str], str] = lambda path: path) -> Read:
    """Read a copy of a root, as if it were that of ``SOURCE``."""
    return Read(list(READERS[name]().read(root, mapped, SOURCE)))


def expected(name: str) -> dict[str, Any]:
    """Return what ``expected.json`` says of the downloads, by their infohashes as ``Read.downloads``."""
    downloads = PROGRAMS[name]["downloads"].values()
    return {download["infohash_v1"] or download["infohash_v2"]: download for download in downloads}


def checkpoint(name: str, root: Path, key: str) -> Path:
    """Return the file of the download that ``expected.json`` calls so."""
    return root / CHECKPOINTS[name] / f"{PROGRAMS[name]['downloads'][key]['id']}.conf"


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that is in a file."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def state_of(file: Path) -> Mapping[str, str]:
    """Return the section ``[state]`` of a checkpoint."""
    parser = configparser.RawConfigParser()
    parser.read_string(file.read_text("utf-8"))
    return parser["state"]
