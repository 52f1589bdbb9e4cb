"""The key of another program becomes that of this node."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from triblerd.plugin import Services
from triblerd.services import PluginDirectory
from triblerd_identity.api import NodeKey, OwnIdentity, public_key_of
from triblerd_knowledge.api import Operations
from triblerd_metadata.api import MetadataStore
from triblerd_upgrader.foreign.keeping.finding import running
from triblerd_upgrader.foreign.tribler.identity import FILE, KIND, ForeignIdentity
from triblerd_upgrader.foreign.values import Kept, NotTaken

_PLUGIN = "identity"
_OVERLAY = "ipv8"


class IdentityKeeper:
    """Adopts a key, unless something is signed with the one that this node has.

    Args:
        services: Has the key, and what may be signed with it.
    """

    kind: ClassVar[str] = KIND
    is_asked_for: ClassVar[bool] = True

    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self, values: Sequence[ForeignIdentity]) -> Kept:
        """Go on with the key; see ``Keeper``."""
        identity, key = running(self._services, OwnIdentity, _PLUGIN), running(self._services, NodeKey, _PLUGIN)
        for foreign in values:
            if public_key_of(foreign.private) == key.public_key:
                return Kept(present=1)
            if signed := await self._signed_by(key.public_key):
                reason = f"{signed} things are signed already with the key of this node, which would be lost"
                return Kept(not_taken=(NotTaken(FILE, reason),))
            await identity.adopt(foreign.private)
            await self._be_known_by_it()
        return Kept(added=len(values))

    async def _be_known_by_it(self) -> None:
        directory = self._services.find(PluginDirectory)
        if directory is not None and directory.plugin(_OVERLAY).state == "running":
            await directory.reload(_OVERLAY)

    async def _signed_by(self, public_key: bytes) -> int:
        store = self._services.find(MetadataStore)
        entries = len(store.rows_signed_with(public_key)) if store else 0
        operations = self._services.find(Operations)
        return entries + (await asyncio.to_thread(operations.count_of, public_key) if operations else 0)
