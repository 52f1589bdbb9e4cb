"""``/metadata/{public_key}/{id}``, and several entries at once under ``/metadata``."""

import os
import time
from typing import Any

import msgspec

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_identity.api import NodeKey
from triblerd_metadata.editing.changes import Wish, change, change_each
from triblerd_metadata.editing.deleting import delete_all
from triblerd_metadata.editing.properties import Properties
from triblerd_metadata.editing.schemas import Deleted, Identity, PublicKey
from triblerd_metadata.entries import Items
from triblerd_metadata.schemas import EntryItem
from triblerd_metadata.store import Metadata

_INFOHASH_SIZE = 20


class UnknownEntryError(NotFoundError):
    """There is no entry of this key and id."""

    def __init__(self) -> None:
        super().__init__("entry not found in database")


class EntriesEndpoint(Endpoint):
    """Single entries of the metadata store."""

    prefix = "/metadata"

    def __init__(self, *, metadata: Metadata, items: Items, key: NodeKey) -> None:
        self._metadata = metadata
        self._items = items
        self._key = key

    @route("GET", "/{public_key}/{id}", answers=EntryItem, raises=(NotFoundError,))
    async def entry(self, public_key: PublicKey, id: int) -> EntryItem:  # noqa: A002 - the contract's word
        """Return one entry, without statements and progress."""
        entry = self._metadata.by_identity(public_key, id)
        if entry is None:
            raise UnknownEntryError
        return self._items.one(entry)

    @route("PATCH", "/{public_key}/{id}", answers=EntryItem, raises=(NotFoundError,))
    async def change_entry(
        self,
        public_key: PublicKey,
        id: int,  # noqa: A002
        body: Deferred[Properties],
    ) -> EntryItem:
        """Set properties of one entry, and return it.

        What its author signed can be changed only of own entries, which are signed anew.
        """
        wish = _wish(public_key, id, _json(body.raw, dict, "Bad JSON input data"))
        now = time.time()
        entry = await self._metadata.run(lambda batch: change(batch, wish, self._key, now))
        return self._items.one(entry)

    @route("PATCH", "", answers=list[EntryItem], raises=(NotFoundError,))
    async def change_entries(self, body: Deferred[list[dict[str, object]]]) -> list[EntryItem]:
        """Set properties of several entries, each named by `public_key` and `id`, and return them.

        The first one that cannot be changed ends it with its error; those before it stay changed.
        """
        wishes = [_wish_of(item) for item in _json(body.raw, list, "Bad JSON")]
        now = time.time()
        entries, error = await self._metadata.run(lambda batch: change_each(batch, wishes, self._key, now))
        if error is not None:
            raise error
        return [self._items.one(entry) for entry in entries]

    @route("DELETE", "")
    async def delete_entries(self, body: list[Identity]) -> list[Deleted]:
        """Delete entries at once, the contents of folders included: all of them or none."""
        identities = [(PublicKey.parse(item.public_key), item.id) for item in body]
        await self._metadata.run(lambda batch: delete_all(batch, identities))
        return [Deleted(public_key.hex(), id_) for public_key, id_ in identities]


def _wish(public_key: bytes, id_: int, properties: dict[str, Any]) -> Wish:
    return Wish(public_key, id_, properties, infohash=os.urandom(_INFOHASH_SIZE))


def _wish_of(item: object) -> Wish:
    if not isinstance(item, dict):
        msg = "Bad JSON"
        raise InvalidInputError(msg)
    properties = dict(item)
    try:
        public_key, id_ = properties.pop("public_key"), properties.pop("id")
    except KeyError as error:
        msg = f"{error.args[0]} parameter missing"
        raise InvalidInputError(msg) from error
    if not isinstance(public_key, str):
        msg = "Invalid public key"
        raise InvalidInputError(msg)
    if not isinstance(id_, int) or isinstance(id_, bool):
        msg = "id: expected int"
        raise InvalidInputError(msg)
    return _wish(PublicKey.parse(public_key), id_, properties)


def _json(raw: bytes, kind: type, complaint: str) -> Any:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidInputError(complaint) from error
    if not isinstance(value, kind):
        raise InvalidInputError(complaint)
    return value
