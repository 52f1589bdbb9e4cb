"""The routes of ``/ipv8/dht`` and ``/ipv8/noblockdht``."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol

from aiohttp import web

from triblerd.http.endpoint import Deferred, Endpoint, route
from triblerd_ipv8.answers import ID_BYTES, AbsentOverlayError, Success, acting_route, from_hex, in_this_form, refusal
from triblerd_ipv8.dht.schemas import (
    Bucket,
    BucketList,
    BucketPrefix,
    DhtFigures,
    DhtStatistics,
    FoundPeer,
    FoundPeers,
    FoundValues,
    NewValue,
    StoredValue,
)


class DhtLookups(Protocol):
    """Shows the DHT and asks it."""

    def figures(self) -> DhtFigures:
        """Return how it is."""

    async def stored(self) -> dict[str, list[StoredValue]]:
        """Return what this node keeps for others, by key."""

    async def find(self, key: bytes) -> FoundValues:
        """Look for values; that nobody answers is an answer, too."""

    async def store(self, key: bytes, value: bytes) -> str:
        """Store a signed value, and return why that failed; an empty text when it did not."""

    async def connect(self, mid: bytes) -> Sequence[FoundPeer]:
        """Look for a peer, and have others introduce us."""

    def buckets(self) -> Sequence[Bucket]:
        """Return the routing table."""

    async def refresh(self, prefix: str) -> str | None:
        """Look for nodes of a bucket, and return why that failed, an empty text when it did not.

        ``None`` when there is no such bucket.
        """


class DhtEndpoint(Endpoint):
    """The DHT of the overlay: keys of 20 bytes, values of up to 170 with who signed them."""

    prefix = "/ipv8"

    def __init__(
        self, *, dht: DhtLookups | None, spawn: Callable[[str, Coroutine[object, object, None]], object]
    ) -> None:
        self._given = dht
        self._spawn = spawn

    @route("GET", "/dht/statistics", answers=DhtStatistics)
    @in_this_form
    async def dht_statistics(self) -> DhtStatistics:
        """Show how large the DHT is from here, and what this node keeps for others."""
        return DhtStatistics(self._dht.figures())

    @route("GET", "/dht/values", answers=dict[str, list[StoredValue]])
    @in_this_form
    async def stored_values(self) -> dict[str, list[StoredValue]]:
        """Show the values that this node keeps for others, by their keys."""
        return await self._dht.stored()

    @acting_route("GET", "/dht/values/{key}", answers=FoundValues)
    @in_this_form
    async def find_values(self, key: str) -> FoundValues:
        """Look for the values of a key, 40 hex digits; takes seconds."""
        return await self._dht.find(from_hex(key, ID_BYTES))

    @route("PUT", "/dht/values/{key}", answers=Success, examples={"body": {"value": "6869"}})
    @in_this_form
    async def store_value(self, key: str, body: Deferred[NewValue]) -> Success | web.Response:
        """Store a value under a key, 40 hex digits, signed by this node; takes seconds.

        It is forgotten after an hour. When nobody stores it, the answer says so with status 200.
        """
        reason = await self._dht.store(from_hex(key, ID_BYTES), from_hex(body.value().value))
        return refusal(reason, 200) if reason else Success()

    @acting_route("GET", "/dht/peers/{mid}", answers=FoundPeers)
    @in_this_form
    async def find_peer(self, mid: str) -> FoundPeers:
        """Look for a peer by its id, 40 hex digits, and have others introduce us to it; takes seconds."""
        return FoundPeers(list(await self._dht.connect(from_hex(mid, ID_BYTES))))

    @route("GET", "/dht/buckets", answers=BucketList)
    @in_this_form
    async def buckets(self) -> BucketList:
        """Show the routing table."""
        return BucketList(list(self._dht.buckets()))

    @acting_route("GET", "/dht/buckets/{prefix}/refresh", answers=Success)
    @in_this_form
    async def refresh_bucket(self, prefix: BucketPrefix) -> Success | web.Response:
        """Look for nodes of one bucket; takes seconds. When nobody answers, the answer says so with status 200."""
        reason = await self._dht.refresh(prefix)
        if reason is None:
            return refusal("no such bucket")
        return refusal(reason, 200) if reason else Success()

    @acting_route("GET", "/noblockdht/{mid}", answers=Success)
    @in_this_form
    async def connect(self, mid: str) -> Success | web.Response:
        """Begin to look for a peer by its id, 40 hex digits, and answer at once."""
        if self._given is None:
            return refusal("DHT community not found", 404, plain=True)
        wanted = from_hex(mid, ID_BYTES)
        self._spawn("connect", self._connect(self._given, wanted))
        return Success()

    async def _connect(self, dht: DhtLookups, mid: bytes) -> None:
        await dht.connect(mid)

    @property
    def _dht(self) -> DhtLookups:
        if self._given is None:
            raise AbsentOverlayError("DHT")  # noqa: EM101 - a name
        return self._given
