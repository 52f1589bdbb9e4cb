"""A connected peer as clients see it."""

from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from triblerd_libtorrent.api import Peer


class PeerItem(msgspec.Struct, frozen=True, kw_only=True):
    """A connected peer."""

    id: Annotated[str, Meta(description="Peer id, 40 hex digits")]
    extended_version: Annotated[str, Meta(description="Name of its client")]
    ip: str
    port: int
    optimistic: Annotated[bool, Meta(description="We unchoked it optimistically")]
    direction: Annotated[Literal["L", "R"], Meta(description="`L` we connected, `R` it did")]
    uprate: Annotated[int, Meta(description="Payload to the peer, bytes per second")]
    downrate: Annotated[int, Meta(description="Payload from the peer, bytes per second")]
    uinterested: Annotated[bool, Meta(description="It is interested in us")]
    uchoked: Annotated[bool, Meta(description="It chokes us")]
    uhasqueries: Annotated[bool, Meta(description="It has requests queued with us")]
    uflushed: Annotated[bool, Meta(description="Our send buffer for it is not empty")]
    dinterested: Annotated[bool, Meta(description="We are interested in it")]
    dchoked: Annotated[bool, Meta(description="We choke it")]
    snubbed: bool
    utotal: Annotated[int, Meta(description="Payload bytes sent")]
    dtotal: Annotated[int, Meta(description="Payload bytes received")]
    completed: Annotated[float, Meta(description="Its share of the torrent, 0 to 1")]
    speed: Annotated[int, Meta(description="Its estimated download rate, bytes per second")]
    connection_type: Annotated[int, Meta(description="0 BitTorrent, 1 web seed, 2 HTTP seed")]
    seed: bool
    upload_only: bool
    from_dht: Annotated[bool, Meta(description="The DHT named it")]
    from_pex: Annotated[bool, Meta(description="Another peer named it")]
    from_lsd: Annotated[bool, Meta(description="It was found on the local network")]

    @classmethod
    def of(cls, peer: Peer) -> Self:
        """Return a peer as clients see it."""
        return cls(
            id=peer.peer_id,
            extended_version=peer.client,
            ip=peer.ip,
            port=peer.port,
            optimistic=peer.is_optimistic,
            direction="L" if peer.is_outgoing else "R",
            uprate=peer.upload_payload_rate,
            downrate=peer.download_payload_rate,
            uinterested=peer.is_remote_interested,
            uchoked=peer.is_remote_choked,
            uhasqueries=peer.has_queries,
            uflushed=peer.has_unsent,
            dinterested=peer.is_interesting,
            dchoked=peer.is_choked,
            snubbed=peer.is_snubbed,
            utotal=peer.total_payload_upload,
            dtotal=peer.total_payload_download,
            completed=peer.completed,
            speed=peer.speed,
            connection_type=peer.connection_type,
            seed=peer.is_seed,
            upload_only=peer.is_upload_only,
            from_dht="dht" in peer.source,
            from_pex="pex" in peer.source,
            from_lsd="lsd" in peer.source,
        )
