"""The labels of torrents."""

import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from triblerd.errors import InvalidInputError
from triblerd_identity.api import NodeKey
from triblerd_metadata.batch import Batch
from triblerd_metadata.cleaning import CATEGORY_LIMIT
from triblerd_metadata.editing.changes import signed_anew
from triblerd_metadata.family import is_adult
from triblerd_metadata.store import Metadata
from triblerd_metadata.values import Entry, EntryType

LabelChange = Callable[[Sequence[str]], Iterable[str]]


class Labels:
    """Implements :class:`triblerd_metadata.api.TorrentLabels`.

    Args:
        metadata: The store.
        key: Of this node: what it signed is signed anew.
    """

    def __init__(self, *, metadata: Metadata, key: NodeKey) -> None:
        self._metadata = metadata
        self._key = key

    async def change(self, infohash: bytes, change: LabelChange) -> bool:
        """Put other labels in place of those of a torrent."""
        now = time.time()
        return await self._metadata.run(lambda batch: self._change(batch, infohash, change, now))

    def _change(self, batch: Batch, infohash: bytes, change: LabelChange, now: float) -> bool:
        torrents = [entry for entry in batch.by_infohash(infohash) if entry.type is EntryType.TORRENT]
        for torrent in torrents:
            category = ",".join(change([label for label in torrent.category.split(",") if label]))
            if len(category) > CATEGORY_LIMIT:
                msg = f"tags: all of a torrent may have {CATEGORY_LIMIT} characters together, and these {len(category)}"
                raise InvalidInputError(msg)
            if category != torrent.category:
                batch.replace(torrent, self._labelled(torrent, category, now))
        return bool(torrents)

    def _labelled(self, torrent: Entry, category: str, now: float) -> Entry:
        marked = is_adult(torrent.title) or is_adult(category)
        changed = msgspec.structs.replace(torrent, category=category, is_adult=marked, signature=b"")
        return signed_anew(changed, self._key, now) if torrent.public_key == self._key.public_key else changed
