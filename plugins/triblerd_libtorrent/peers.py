"""Connected peers, as values."""

import libtorrent as lt

from triblerd_libtorrent.api import Peer

_SOURCES = (
    (lt.peer_info.tracker, "tracker"),
    (lt.peer_info.dht, "dht"),
    (lt.peer_info.pex, "pex"),
    (lt.peer_info.lsd, "lsd"),
    (lt.peer_info.resume_data, "resume"),
    (32, "incoming"),
)
_KINDS = {lt.peer_info.standard_bittorrent: 0, lt.peer_info.web_seed: 1, lt.peer_info.http_seed: 2}


def connected_peers(handle: lt.torrent_handle) -> tuple[Peer, ...]:
    """Return the peers that have shaken hands. Waits for the session: call it in a thread."""
    unfinished = lt.peer_info.connecting | lt.peer_info.handshake
    return tuple(_peer(info) for info in handle.get_peer_info() if not info.flags & unfinished)


def _peer(info: lt.peer_info) -> Peer:
    flags = info.flags
    ip, port = info.ip
    return Peer(
        peer_id=str(info.pid),
        client=_readable(info.client),
        ip=ip,
        port=port,
        is_optimistic=bool(flags & lt.peer_info.optimistic_unchoke),
        is_outgoing=bool(flags & lt.peer_info.outgoing_connection),
        upload_payload_rate=info.payload_up_speed,
        download_payload_rate=info.payload_down_speed,
        is_remote_interested=bool(flags & lt.peer_info.remote_interested),
        is_remote_choked=bool(flags & lt.peer_info.remote_choked),
        has_queries=info.upload_queue_length > 0,
        has_unsent=info.used_send_buffer > 0,
        is_interesting=bool(flags & lt.peer_info.interesting),
        is_choked=bool(flags & lt.peer_info.choked),
        is_snubbed=bool(flags & lt.peer_info.snubbed),
        total_payload_upload=info.total_upload,
        total_payload_download=info.total_download,
        completed=info.progress,
        speed=info.remote_dl_rate,
        connection_type=_KINDS.get(info.connection_type, 0),
        is_seed=bool(flags & lt.peer_info.seed),
        is_upload_only=bool(flags & lt.peer_info.upload_only),
        source=tuple(name for bit, name in _SOURCES if info.source & bit),
    )


def _readable(client: bytes) -> str:
    try:
        return client.decode() or "unknown"
    except UnicodeDecodeError:
        return client.decode("latin-1")
