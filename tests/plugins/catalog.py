"""A metadata store with 100,000 torrents, built once for all tests of a run."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_metadata.store import Metadata
from triblerd_metadata.testing import iter_torrents

CATALOG_SIZE = 100_000


@asynccontextmanager
async def open_metadata(folder: Path) -> AsyncIterator[Metadata]:
    """Open the metadata store in the folder of a store, as the plugin does."""
    async with Store(folder, StoreConfig()) as store:
        metadata = await Metadata.open(store.view("metadata"))
        try:
            yield metadata
        finally:
            await metadata.close()


def build_catalog(folder: Path, count: int = CATALOG_SIZE) -> None:
    """Make a store with the first ``count`` torrents of ``iter_torrents``; the n-th one is in row n."""

    async def build() -> None:
        torrents = islice(iter_torrents(), count)
        async with open_metadata(folder) as metadata:
            while batch := list(islice(torrents, 10_000)):
                await metadata.add(batch)

    asyncio.run(build())


def copy_catalog(catalog: Path, state_dir: Path) -> Path:
    """Give a daemon that was never started the catalog as its store, and return its state directory."""
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(catalog, state_dir / "store")
    return state_dir
