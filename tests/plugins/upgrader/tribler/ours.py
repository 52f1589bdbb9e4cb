"""What a daemon of ours has that records go to, without the rest of it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_bandwidth.api import Ledger
from triblerd_bandwidth.ledger import StoredLedger
from triblerd_identity.api import NodeKey, OwnIdentity
from triblerd_identity.identity import Identity, open_identity
from triblerd_identity.key_file import KeyFile
from triblerd_knowledge.api import Knowledge, Operations
from triblerd_knowledge.knowledge import KnowledgeBase
from triblerd_knowledge.tables import Tables
from triblerd_metadata.api import MetadataStore
from triblerd_metadata.store import Metadata
from triblerd_upgrader.foreign.keeping.keepers import make_keepers
from triblerd_upgrader.foreign.values import ForeignRecords, Item, Kept

T = TypeVar("T")


class Ours:
    """The stores, and the keepers that write into them."""

    def __init__(self, *, metadata: Metadata, knowledge: KnowledgeBase, key: Identity, ledger: StoredLedger) -> None:
        self.metadata = metadata
        self.knowledge = knowledge
        self.key = key
        self.ledger = ledger
        self.services: dict[type, object] = {
            MetadataStore: metadata,
            Knowledge: knowledge,
            Operations: knowledge,
            NodeKey: key,
            OwnIdentity: key,
            Ledger: ledger,
        }
        self.keepers = make_keepers(self)

    def find(self, kind: type[T]) -> T | None:
        """Return a service, as the daemon's services do."""
        found = self.services.get(kind)
        assert found is None or isinstance(found, kind)
        return found

    async def keep(self, items: Iterable[Item], *kinds: str) -> dict[str, Kept]:
        """Take the records of some kinds over, or of all; return what became of the last portion of each."""
        outcome = {}
        for item in items:
            if isinstance(item, ForeignRecords) and (not kinds or item.kind in kinds):
                outcome[item.kind] = await self.keepers[item.kind].keep(item.values)
        return outcome


@asynccontextmanager
async def open_ours(folder: Path) -> AsyncIterator[Ours]:
    """Open the stores in a folder, as the plugins do."""
    async with Store(folder, StoreConfig(map_size=2**28)) as store:
        metadata = await Metadata.open(store.view("metadata"))
        key = await open_identity(KeyFile(folder.parent / "ec_multichain.pem"))
        view = store.view("knowledge")
        tables = await Tables.open(view, metadata)
        metadata.follow(tables.tags)
        knowledge = KnowledgeBase(store=view, tables=tables, key=key)
        ledger = await StoredLedger.open(store.view("bandwidth"), key)
        yield Ours(metadata=metadata, knowledge=knowledge, key=key, ledger=ledger)
        await metadata.close()
