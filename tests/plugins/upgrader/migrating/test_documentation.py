"""The worked example of the how-to page does what the page says."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

from tests.docs.examples import blocks
from tests.docs.paths import DOCS
from triblerd.config import StoreConfig
from triblerd.data_versions import DataVersion
from triblerd.store import Store

OLD, NEW = [block.text for block in blocks(DOCS / "how-to" / "migrate-data.md") if block.language == "python"]
(SETTINGS,) = [block.text for block in blocks(DOCS / "how-to" / "migrate-data.md") if block.language == "ini"]


async def test_the_example_converts_what_its_first_release_left(start_daemon, state_dir):
    first, second = ModuleType("hello_first"), ModuleType("hello_second")
    exec("import msgspec\n" + OLD, first.__dict__)  # noqa: S102 - our own page
    exec(NEW, second.__dict__)  # noqa: S102
    sys.modules[second.__name__] = second
    state_dir.mkdir()
    (state_dir / "triblerd.conf").write_text(SETTINGS)
    async with Store(state_dir / "store", StoreConfig()) as store:
        table = await store.view("hello").table("tally", first.OldTally)
        await table.put(b"all", first.OldTally(3))

    plugin = EntryPoint("hello", second.__name__, "triblerd")
    async with start_daemon("upgrader", "hello", extra_plugins=[plugin]):
        pass

    async with Store(state_dir / "store", StoreConfig()) as store:
        table = await store.view("hello").table("tally", second.Tally, version=2)
        versions = await store.view("kernel").table("store", DataVersion)
        assert table.get(b"all") == second.Tally(3, "somebody")
        assert versions.get(b"version/hello") == DataVersion(2)
    text = (state_dir / "triblerd.conf").read_text()
    assert "# Time to breathe." in text
    assert "pause_seconds = 120" in text
    assert "hello = 2" in text
