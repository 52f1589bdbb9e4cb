"""Deletes entries, with what is in them."""

from collections.abc import Iterable

from triblerd.errors import InvalidInputError
from triblerd_metadata.batch import Batch
from triblerd_metadata.editing.changes import CONTAINERS
from triblerd_metadata.values import Entry


def delete_all(batch: Batch, identities: Iterable[tuple[bytes, int]]) -> None:
    """Delete entries and the contents of folders: all of them or none.

    Raises:
        InvalidInputError: ``Entry <id> not found`` for the first one that there is not.
    """
    found: dict[int, Entry] = {}
    for public_key, id_ in identities:
        entry = batch.by_identity(public_key, id_)
        if entry is None:
            msg = f"Entry {id_} not found"
            raise InvalidInputError(msg)
        found[entry.rowid] = entry
    folders = [entry for entry in found.values() if entry.type in CONTAINERS]
    while folders:
        inside = {entry.rowid: entry for entry in batch.contents(folders) if entry.rowid not in found}
        found |= inside
        folders = [entry for entry in inside.values() if entry.type in CONTAINERS]
    for entry in found.values():
        batch.delete(entry)
