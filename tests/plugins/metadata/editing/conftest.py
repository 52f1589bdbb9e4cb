from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.plugins.catalog import copy_catalog
from triblerd.testing import RunningDaemon, StartDaemon
from triblerd_identity.api import NodeKey
from triblerd_metadata.api import MetadataStore, id_of_infohash
from triblerd_metadata.values import ChannelPart, Entry, EntryStatus, EntryType, NewEntry
from triblerd_metadata.wire import sign_entry

INFOHASH = bytes(range(20))
FOREIGN_KEY = b"\x07" * 64


@dataclass(frozen=True)
class Library:
    """A daemon with an own channel 1 > folder 2 > torrent 3, an own channel 4, and 100,002 things of others."""

    daemon: RunningDaemon
    store: MetadataStore
    key: NodeKey

    @property
    def own(self) -> str:
        return self.key.public_key.hex()

    def entry(self, id_: int) -> Entry | None:
        return self.store.by_identity(self.key.public_key, id_)


@pytest.fixture
async def library(start_daemon: StartDaemon, catalog_folder: Path, tmp_path: Path) -> AsyncIterator[Library]:
    state_dir = copy_catalog(catalog_folder, tmp_path / "state")
    async with start_daemon("metadata", state_dir=state_dir) as daemon:
        services = daemon.daemon.container.services()
        store, key = services.find(MetadataStore), services.find(NodeKey)
        assert store is not None
        assert key is not None
        own = [
            NewEntry(type=EntryType.CHANNEL, id=1, title="My films", infohash=b"\x01" * 20, part=ChannelPart()),
            NewEntry(type=EntryType.FOLDER, id=2, origin_id=1, title="Shorts", part=ChannelPart(num_entries=1)),
            NewEntry(id=3, origin_id=2, title="Sintel", category="Video", infohash=b"\x03" * 20, size=7),
            NewEntry(type=EntryType.CHANNEL, id=4, title="Music", infohash=b"\x04" * 20, status=EntryStatus.NEW),
        ]
        foreign = NewEntry(id=9, title="Theirs", infohash=b"\x09" * 20, public_key=FOREIGN_KEY, signature=b"\1" * 64)
        await store.add(
            [*(sign_entry(entry, key) for entry in own), foreign, NewEntry(title="Loose", infohash=INFOHASH)]
        )
        yield Library(daemon, store, key)


LOOSE_ID = id_of_infohash(INFOHASH)
