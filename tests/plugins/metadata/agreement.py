"""Whether the tables of a metadata store, and its columns, say the same."""

from collections import Counter
from pathlib import Path

from triblerd.config import StoreConfig
from triblerd.store import Store
from triblerd_metadata.records import FIXED_TYPE, SignedRecord, row_key
from triblerd_metadata.store import Metadata
from triblerd_metadata.tables import LAST_ROWID, Tables, identity_key, infohash_prefix


async def require_agreement(folder: Path) -> dict[int, bytes]:
    """Fail unless everything in the store agrees; return the infohashes by row."""
    async with Store(folder, StoreConfig()) as store:
        view = store.view("metadata")
        tables = await Tables.open(view)
        records = {int.from_bytes(key, "big"): record for key, record in tables.record.items()}
        fixed = {int.from_bytes(key, "big"): data for key, data in tables.fixed.items()}
        metadata = await Metadata.open(view)
        columns = metadata.columns

        assert records.keys() == fixed.keys()
        assert set(columns.alive.nonzero()[0].tolist()) == records.keys()
        assert {len(data) for data in fixed.values()} <= {FIXED_TYPE.itemsize}
        assert all(columns.fixed(row).pack() == data for row, data in fixed.items())
        assert len(columns) == metadata.last_rowid() + 1 == (tables.state.get(LAST_ROWID) or 0) + 1
        assert max(records, default=0) <= metadata.last_rowid()
        assert +Counter(columns.type[columns.alive].tolist()) == +Counter(metadata.counts)
        assert set(tables.by_infohash.keys()) == {
            infohash_prefix(record.infohash) + row_key(row) for row, record in records.items() if record.infohash
        }
        assert dict(tables.by_identity.items()) == {
            identity_key(record.public_key, record.id): row_key(row)
            for row, record in records.items()
            if isinstance(record, SignedRecord)
        }
        placed = {int.from_bytes(key, "big") for key, _ in tables.placed.items()}
        assert placed == set(columns.origin_id.nonzero()[0].tolist())
        assert columns.category.max(initial=0) <= tables.category.count()
        await metadata.close()
        return {row: record.infohash for row, record in records.items()}
