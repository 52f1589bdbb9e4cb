"""A node of somebody else: what pyipv8 has on 127.0.0.1, and the two messages as version 7.13 of Tribler packs them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ipv8.community import Community, CommunitySettings
from ipv8.keyvault.crypto import default_eccrypto
from ipv8.messaging.interfaces.udp.endpoint import UDPEndpoint, UDPv4Address
from ipv8.messaging.lazy_payload import VariablePayload, vp_compile
from ipv8.messaging.serialization import default_serializer
from ipv8.peer import Peer
from ipv8.peerdiscovery.network import Network

from triblerd.testing import wait_for
from triblerd_bandwidth.api import LedgerRow
from triblerd_identity.api import Curve25519Key

UNSIGNED = b"0" * 64


@vp_compile
class TransactionPayload(VariablePayload):
    msg_id = 1
    format_list = ["I", "74s", "74s", "64s", "64s", "Q", "Q", "I"]  # noqa: RUF012 - as the library has it
    names = [  # noqa: RUF012
        "sequence_number",
        "public_key_a",
        "public_key_b",
        "signature_a",
        "signature_b",
        "amount",
        "timestamp",
        "request_id",
    ]


class ForeignCommunity(Community):
    community_id = bytes.fromhex("79b25f2867739261780faefede8f25038de9975d")

    def __init__(self, settings: CommunitySettings) -> None:
        super().__init__(settings)
        self.packets: list[bytes] = []
        self.transactions: list[tuple[LedgerRow, int]] = []
        self.queries = 0
        self.add_message_handler(1, self._on_transaction)
        self.add_message_handler(2, self._on_query)

    def _on_transaction(self, _: Any, data: bytes) -> None:
        payload: Any = default_serializer.unpack_serializable(TransactionPayload, data, offset=23)[0]
        assert len(data) == 323
        self.packets.append(data)
        row = LedgerRow(
            public_key_a=payload.public_key_a,
            public_key_b=payload.public_key_b,
            sequence_number=payload.sequence_number,
            amount=payload.amount,
            timestamp=payload.timestamp,
            signature_a=payload.signature_a.replace(UNSIGNED, b""),
            signature_b=payload.signature_b.replace(UNSIGNED, b""),
        )
        self.transactions.append((row, payload.request_id))

    def _on_query(self, _: Any, data: bytes) -> None:
        assert len(data) == 23
        self.queries += 1

    def send_transaction(self, port: int, row: LedgerRow, request_id: int = 0) -> None:
        payload = TransactionPayload(
            row.sequence_number,
            row.public_key_a,
            row.public_key_b,
            row.signature_a or UNSIGNED,
            row.signature_b or UNSIGNED,
            row.amount,
            row.timestamp,
            request_id,
        )
        self.send(port, 1, default_serializer.pack_serializable(payload))

    def send(self, port: int, number: int, body: bytes = b"") -> None:
        self.endpoint.send(UDPv4Address("127.0.0.1", port), self.get_prefix() + bytes((number,)) + body)

    async def meet(self, port: int) -> None:
        """Become a peer of the node on a port."""

        def met() -> bool:
            self.walk_to(UDPv4Address("127.0.0.1", port))
            return bool(self.get_peers())

        await wait_for(met)


@asynccontextmanager
async def foreign_node(
    key: Curve25519Key | None = None, kind: type[ForeignCommunity] = ForeignCommunity
) -> AsyncIterator[ForeignCommunity]:
    """Run a node that nobody knows yet."""
    endpoint = UDPEndpoint(0, "127.0.0.1")
    await endpoint.open()
    crypto = default_eccrypto
    private = crypto.key_from_private_bin(key.private) if key else crypto.generate_key("curve25519")
    community = kind(CommunitySettings(my_peer=Peer(private), endpoint=endpoint, network=Network()))
    community.cancel_pending_task("discover_lan_addresses")
    community.my_estimated_lan = community.my_estimated_wan = UDPv4Address(*endpoint.get_address())
    yield community
    await community.unload()
    endpoint.close()
    await asyncio.sleep(0)
