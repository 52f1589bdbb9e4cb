"""What the plain session knows of the DHT (BEP 5), from one start to the next: its own place there, and its neighbours.

Without it each start begins at the public bootstrap nodes, as somebody whom nobody knows. Sessions of anonymous
downloads keep nothing: the same place in the DHT would tell that two sessions were the same person's.
"""

import asyncio
import logging
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any, cast

import libtorrent as lt

from triblerd.store import StoreError, StoreView

log = logging.getLogger(__name__)

DhtState = Mapping[bytes, Any]
"""The node's identities and the addresses of its neighbours, as the engine writes them."""

_ONLY_DHT = lt.save_state_flags_t.save_dht_state
_KEY = b"dht"
_COMPACT = 6  # an address of IPv4 with its port
_PORT = 2


class DhtMemory:
    """Keeps the state of the DHT in the table ``libtorrent/session``."""

    def __init__(self, store: StoreView) -> None:
        self._store = store

    async def recall(self) -> DhtState | None:
        """Return what was kept; ``None`` when there is nothing that can be used."""
        try:
            table = await self._store.table("session", bytes)
            raw = table.get(_KEY)
            return None if raw is None else _read(raw)
        except (StoreError, ValueError) as error:
            log.warning("What was known of the DHT cannot be used; we begin anew there: %s", error)
            return None

    async def keep(self, session: lt.session) -> None:
        """Keep what a session knows now. A session that has no neighbours (yet) knows nothing worth to be kept."""
        state = await asyncio.to_thread(_state, session)
        if not state.get(b"nodes") and not state.get(b"nodes6"):
            return
        try:
            table = await self._store.table("session", bytes)
            await table.put(_KEY, lt.bencode(_whole(state)))
        except StoreError as error:
            log.warning("What is known of the DHT could not be kept: %s", error)


async def known_nodes(session: lt.session) -> list[tuple[str, int]]:
    """Return the neighbours of a session (IPv4), or, while it has none, the public nodes that it begins with."""
    state = await asyncio.to_thread(_state, session)
    compact = state.get(b"nodes") or ()
    neighbours = [
        (str(IPv4Address(node[:-_PORT])), int.from_bytes(node[-_PORT:])) for node in compact if len(node) == _COMPACT
    ]
    if neighbours:
        return neighbours
    settings = await asyncio.to_thread(session.get_settings)
    public = str(settings["dht_bootstrap_nodes"]).split(",")
    places = (place.strip().rpartition(":") for place in public)
    return [(host, int(port)) for host, _, port in places if host and port.isdecimal()]


def start_session(settings: "lt.settings_pack", dht_state: DhtState | None) -> lt.session:
    """Start a session that takes up its place in the DHT again."""
    if dht_state is None:
        return lt.session(settings)
    # The binding drops the state when it is among the parameters of a new session. A session whose DHT is off takes it
    # afterwards, and uses it as soon as the DHT is on.
    session = lt.session({**settings, "enable_dht": False})
    session.load_state(_whole(dht_state), _ONLY_DHT)
    session.apply_settings({"enable_dht": bool(settings.get("enable_dht"))})
    return session


def _state(session: lt.session) -> DhtState:
    return _part(session.session_state(_ONLY_DHT))


def _read(raw: bytes) -> DhtState:
    try:
        state = _part(lt.read_session_params(raw, _ONLY_DHT))
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if not state.get(b"node-id"):
        msg = "it names no node"
        raise ValueError(msg)
    return state


def _part(params: lt.session_params) -> DhtState:
    # By way of the engine's own words: the binding cannot show the addresses of a state.
    whole = cast("Mapping[bytes, Any]", lt.write_session_params(params, _ONLY_DHT))
    return cast("DhtState", whole.get(b"dht state", {}))


def _whole(state: DhtState) -> Any:
    # The stubs have two types for it, and neither is right.
    return {b"dht state": dict(state)}
