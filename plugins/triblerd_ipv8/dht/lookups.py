"""Asks the DHT, and shows what it knows."""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, TypeVar

from ipv8.dht import DHTError
from ipv8.dht.routing import calc_node_id
from ipv8.messaging.interfaces.dispatcher.endpoint import FAST_ADDR_TO_INTERFACE

from triblerd_ipv8.answers import to_base64
from triblerd_ipv8.dht.schemas import (
    Bucket,
    BucketNode,
    DhtFigures,
    FoundPeer,
    FoundValue,
    FoundValues,
    Search,
    StoredValue,
    TableFigures,
)
from triblerd_ipv8.library import DHTDiscoveryCommunity

LIMIT_SECONDS = 60.0
"""A search asks 24 nodes, four at a time, and gives each of them 5 seconds."""
NO_ANSWER = "no answer in time"

T = TypeVar("T")


class Lookups:
    """Speaks to the DHT's overlay."""

    def __init__(self, dht: DHTDiscoveryCommunity) -> None:
        self._dht = dht

    def figures(self) -> DhtFigures:
        """Return how it is."""
        dht = self._dht
        return DhtFigures(
            peer_id=dht.my_peer.mid.hex(),
            num_tokens=len(dht.tokens),
            endpoints=[
                TableFigures(
                    endpoint=FAST_ADDR_TO_INTERFACE[kind],
                    node_id=calc_node_id(dht.my_peer.addresses.get(kind, dht.my_estimated_wan), dht.my_peer.mid).hex(),
                    routing_table_size=sum(len(bucket.nodes) for bucket in table.trie.values()),
                    routing_table_buckets=len(table.trie.values()),
                    num_keys_in_store=len(dht.storages[kind].items) if kind in dht.storages else 0,
                )
                for kind, table in dht.routing_tables.items()
            ],
            num_peers_in_store=_sizes(dht.store),
            num_store_for_me=_sizes(dht.store_for_me),
        )

    async def stored(self) -> dict[str, list[StoredValue]]:
        """Return what this node keeps for others, by key."""
        kept = [
            (FAST_ADDR_TO_INTERFACE[kind], key, [value.data for value in values])
            for kind, storage in self._dht.storages.items()
            for key, values in storage.items.items()
        ]
        return await asyncio.to_thread(self._checked, kept)  # a signature each, 0.1 ms

    async def find(self, key: bytes) -> FoundValues:
        """Look for values; that nobody answers is an answer, too."""
        began = time.perf_counter()
        values: Iterable[tuple[bytes, bytes | None]] = ()
        crawls: Sequence[Any] = ()
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                found: Any = await self._dht.find_values(key, debug=True)
            values, crawls = found
        except (DHTError, TimeoutError):  # there is nobody to be asked, or nobody answers
            pass
        answers = [answer for crawl in crawls for _, answer in crawl.responses]
        return FoundValues(
            values=[FoundValue(public_key=_signer(by), key=key.hex(), value=data.hex()) for data, by in values],
            debug=Search(
                requests=len({node for crawl in crawls for node in crawl.nodes_tried}),
                responses=len(answers),
                responses_with_nodes=sum("nodes" in answer for answer in answers),
                responses_with_values=sum("values" in answer for answer in answers),
                time=time.perf_counter() - began,
            ),
        )

    async def store(self, key: bytes, value: bytes) -> str:
        """Store a signed value, and return why that failed; an empty text when it did not."""
        return await _reason(self._dht.store_value(key, value, sign=True))

    async def connect(self, mid: bytes) -> Sequence[FoundPeer]:
        """Look for a peer, and have others introduce us."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                nodes = await self._dht.connect_peer(mid)
        except (DHTError, TimeoutError):
            return []
        return [
            FoundPeer(to_base64(node.public_key.key_to_bin()), (node.address[0], node.address[1])) for node in nodes
        ]

    def buckets(self) -> Sequence[Bucket]:
        """Return the routing table."""
        return [
            Bucket(
                prefix=bucket.prefix_id,
                last_changed=bucket.last_changed,
                endpoint=FAST_ADDR_TO_INTERFACE[kind],
                peers=[
                    BucketNode(
                        ip=node.address[0],
                        port=node.address[1],
                        mid=node.mid.hex(),
                        id=node.id.hex(),
                        failed=node.failed,
                        last_contact=node.last_contact,
                        distance=node.distance(self._dht.get_my_node_id(node)),
                    )
                    for node in bucket.nodes.values()
                ],
            )
            for kind, table in self._dht.routing_tables.items()
            for bucket in table.trie.values()
        ]

    async def refresh(self, prefix: str) -> str | None:
        """Look for nodes of a bucket, and return why that failed; ``None`` when there is no such bucket."""
        buckets = [
            bucket
            for table in self._dht.routing_tables.values()
            for bucket in table.trie.values()
            if bucket.prefix_id == prefix
        ]
        reasons = [await _reason(self._dht.find_values(bucket.generate_id())) for bucket in buckets]
        return None if not reasons else "" if "" in reasons else reasons[0]

    def _checked(self, kept: Iterable[tuple[str, bytes, list[bytes]]]) -> dict[str, list[StoredValue]]:
        return {
            key.hex(): [
                StoredValue(endpoint=interface, public_key=_signer(by), key=key.hex(), value=data.hex())
                for data, by in self._dht.post_process_values(values)
            ]
            for interface, key, values in kept
        }


async def _reason(work: Awaitable[object]) -> str:
    """Await something, and return why it failed; an empty text when it did not."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await work
    except DHTError as error:
        return str(error)
    except TimeoutError:
        return NO_ANSWER
    return ""


def _signer(public_key: bytes | None) -> str | None:
    return to_base64(public_key) if public_key else None


def _sizes(nodes: dict[bytes, list[Any]]) -> dict[str, int]:
    return {key.hex(): len(known) for key, known in nodes.items() if known}
