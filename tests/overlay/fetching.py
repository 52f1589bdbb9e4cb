"""How a bare node downloads and seeds: libtorrent behind the SOCKS5 server of the Rust endpoint."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Any, cast

import libtorrent as lt
from ipv8.messaging.anonymization.hidden_services import HiddenTunnelCommunity
from ipv8_rust_tunnels import Endpoint

_LOOK_SECONDS = 0.02
_CIRCUITS = 2
_LIMIT_SECONDS = 300.0


class Fetching:
    """The sessions of one node, one for each number of hops."""

    def __init__(self, endpoint: Endpoint, tunnels: HiddenTunnelCommunity) -> None:
        self._endpoint = endpoint
        self._tunnels = tunnels
        self._sessions: dict[int, lt.session] = {}

    async def fetch(
        self, *, torrent: str, folder: str, hops: int, peers: list[tuple[str, int]], hidden: bool = False
    ) -> dict[str, float]:
        """Download a torrent.

        Args:
            torrent: The path of the torrent file.
            folder: Where its files are put.
            hops: How long circuits are.
            peers: Plain peers that have it.
            hidden: Look for peers that seed it as a hidden service.

        Returns:
            The ``seconds`` from the first byte to the last one, and the ``bytes`` of the torrent.
        """
        handle = await self._add(torrent, folder, hops)
        began = 0.0
        if hidden:
            self._tunnels.join_swarm(
                swarm_of(handle), hops, lambda address: handle.connect_peer((address[0], address[1])), False
            )
        for peer in peers:
            handle.connect_peer((peer[0], peer[1]))
        while not (status := handle.status()).is_finished:
            if status.total_payload_download and not began:
                began = time.perf_counter()
            await asyncio.sleep(_LOOK_SECONDS)
        seconds = time.perf_counter() - began
        await self._remove(handle, hops)
        return {"seconds": seconds, "bytes": float(status.total_wanted)}

    async def seed(self, *, torrent: str, folder: str, hops: int) -> None:
        """Seed a torrent as a hidden service; returns once an introduction point tells of it."""
        handle = await self._add(torrent, folder, hops, lt.torrent_flags.seed_mode)
        self._endpoint.set_udp_associate_default_remote(("127.0.0.1", await self._port_of(hops)), hops)
        swarm = swarm_of(handle)
        self._tunnels.join_swarm(swarm, hops, lambda _: None, True)
        await self._tunnels.create_introduction_point(swarm)
        await _until(
            lambda: any(c.ctype == "IP_SEEDER" and c.state == "READY" for c in self._tunnels.circuits.values())
        )

    def close(self) -> None:
        """End all sessions."""
        self._sessions.clear()

    async def _add(self, torrent: str, folder: str, hops: int, flags: int = 0) -> lt.torrent_handle:
        session = self._sessions.get(hops) or await self._open(hops)
        params = lt.load_torrent_file(torrent)
        params.save_path = folder
        params.flags = params.flags & ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused) | flags
        return session.add_torrent(params)

    async def _remove(self, handle: lt.torrent_handle, hops: int) -> None:
        """Take a torrent away, so that it can be downloaded again; returns when its files are written."""
        session = self._sessions[hops]
        session.remove_torrent(handle)
        await _until(lambda: any(isinstance(alert, lt.torrent_removed_alert) for alert in session.pop_alerts()))

    async def _open(self, hops: int) -> lt.session:
        self._tunnels.circuits_needed[hops] = _CIRCUITS
        self._tunnels.do_circuits()
        await _until(lambda: self._tunnels.find_circuits(hops=hops))
        port = await asyncio.to_thread(self._endpoint.create_socks5_server, 0, hops)
        settings: dict[str, Any] = {
            "listen_interfaces": "0.0.0.0:0",
            "proxy_type": lt.proxy_type_t.socks5,
            "proxy_hostname": "127.0.0.1",
            "proxy_port": port,
            "force_proxy": True,
            "anonymous_mode": True,
            "enable_outgoing_tcp": False,
            "enable_incoming_tcp": False,
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "webtorrent_stun_server": "",
            "allow_multiple_connections_per_ip": True,
            "alert_mask": lt.alert_category.status,
        }
        self._sessions[hops] = session = lt.session(cast("lt.settings_pack", settings))
        await _until(lambda: self._is_associated(hops))
        return session

    def _is_associated(self, hops: int) -> bool:
        servers = self._endpoint.get_socks5_statistics()
        return any(server["associates"] for server in servers if server["hops"] == hops)

    async def _port_of(self, hops: int) -> int:
        """Return the UDP port of the session, which only an alert tells behind a proxy."""
        ports: list[int] = []

        def is_known() -> bool:
            alerts = self._sessions[hops].pop_alerts()
            ports.extend(alert.port for alert in alerts if isinstance(alert, lt.listen_succeeded_alert))
            return bool(ports)

        await _until(is_known)
        return ports[0]


def swarm_of(handle: lt.torrent_handle) -> bytes:
    """Return the id under which hidden seeders of a torrent are found."""
    hashes = handle.info_hashes()
    infohash = hashes.v2 if hashes.has_v2() else hashes.v1
    return hashlib.sha1(b"tribler anonymous download" + str(infohash).encode(), usedforsecurity=False).digest()


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_LIMIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - of a foreign library
            await asyncio.sleep(_LOOK_SECONDS)
