"""Our daemon as a member of a private overlay, and what tests want to know of it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.overlay.network import Address, Network
from tests.overlay.wire import INSIDE, Place
from triblerd.testing import DaemonProcess, wait_for
from triblerd.testing_settings import prepare_state_dir
from triblerd_libtorrent.testing import MadeTorrent, Seeder

PLUGINS = ("downloads", "events", "settings", "tunnels")

WITHOUT_RUST = Path(__file__).parents[1] / "without_rust"

_MEET_SECONDS = 30.0


class Member(DaemonProcess):
    """The real program on an address of its own, known to all nodes of the network.

    Attributes:
        host: The address of its overlays.
        saved: Where downloads are put.
        ports: The ports of the API in all its lives.
    """

    host: str
    saved: Path
    ports: set[int]
    _api: str
    _within: Callable[[], AbstractContextManager[None]]

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{self._api}:{self.port}"

    def _spawn(self) -> None:
        with self._within():
            super()._spawn()

    def _announced_port(self) -> int:
        port = super()._announced_port()
        self.ports |= {port} - {0}
        return port

    async def add(self, source: str, *, hops: int) -> None:
        """Add an anonymous download."""
        await self.put("/downloads", json={"uri": source, "anon_hops": hops, "safe_seeding": True})

    async def row(self, torrent: MadeTorrent) -> Mapping[str, Any]:
        """Return what the list says of a download, or nothing."""
        rows = (await self.get("/downloads"))["downloads"]
        return next((row for row in rows if row["infohash"] == str(torrent.infohash)), {})

    async def wait_for_progress(self, torrent: MadeTorrent, least: float, limit_seconds: float = 60.0) -> None:
        """Wait until that share of a download is there, 0..1."""

        async def is_there() -> bool:
            return bool((await self.row(torrent)).get("progress", 0) >= least)

        try:
            await wait_for(is_there, limit_seconds)
        except TimeoutError as error:
            msg = f"{await self.row(torrent)}, circuits {await self.circuits()}"
            raise TimeoutError(msg) from error

    async def wait_for_status(self, torrent: MadeTorrent, *statuses: str, limit_seconds: float = 30.0) -> None:
        """Wait until a download is in one of these states."""

        async def is_so() -> bool:
            return (await self.row(torrent)).get("status") in statuses

        await wait_for(is_so, limit_seconds, what=f"{statuses}, {await self.row(torrent)}")

    async def circuits(self) -> list[dict[str, Any]]:
        """Return the circuits that it built."""
        circuits: list[dict[str, Any]] = (await self.get("/ipv8/tunnel/circuits"))["circuits"]
        return circuits

    async def address(self) -> Address:
        """Return where its overlays listen."""
        where = (await self.get("/ipv8/overlays"))["overlays"][0]["my_estimated_wan"]
        return where["ip"], where["port"]

    async def turn(self, plugin: str, *, on: bool) -> None:
        """Start or stop a plugin, and wait until that is done."""
        await self.patch(f"/plugins/{plugin}", json={"enabled": on})

    def has(self, torrent: MadeTorrent) -> bool:
        """Tell whether its files are, byte for byte, those of the seeder."""
        return all(
            _digest(self._path(self.saved, torrent, name)) == _digest(self._path(torrent.folder, torrent, name))
            for name in torrent.files
        )

    @staticmethod
    def _path(folder: Path, torrent: MadeTorrent, name: str) -> Path:
        return folder / torrent.name if name in {".", torrent.name} else folder / torrent.name / name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@asynccontextmanager
async def join(
    network: Network,
    folder: Path,
    *plugins: str,
    place: Place | None = None,
    without_rust: bool = False,
    **config: Mapping[str, object],
) -> AsyncIterator[Member]:
    """Run a daemon that knows all nodes of a network, and that they know as well.

    Args:
        folder: Where it lives.
        plugins: Which plugins run beside those of ``PLUGINS``.
        place: Where it is put; by default beside the nodes.
        without_rust: Whether ``ipv8_rust_tunnels`` cannot be imported there.
        config: Further settings by section.
    """
    host, api = (INSIDE, INSIDE) if place else (network.new_host(), "127.0.0.1")
    sections = {
        "download_defaults": {"saveas": str(folder / "saved")},
        "api": {"http_host": api},
        **config,
        "ipv8": {"address": host, "port": 0, "bootstrap": network.contacts, **config.get("ipv8", {})},
    }
    key = prepare_state_dir(folder / "state", (*PLUGINS, *plugins), sections)
    member = Member(folder / "state", key, (), {"PYTHONPATH": str(WITHOUT_RUST)} if without_rust else {})
    member.ports = set()
    member.host, member.saved = host, folder / "saved"
    member._api = api
    member._within = place.inside if place else nullcontext
    try:
        await member.start()
        await wait_until_met(network, member)
        yield member
    finally:
        await member.close()


async def wait_until_met(network: Network, member: Member) -> None:
    """Wait until a daemon knows what each node of the network does for others."""

    async def knows_all() -> bool:
        peers = (await member.get("/ipv8/tunnel/peers"))["peers"]
        wanted = {node.address for node in network.nodes if node.flags and node.is_there}
        return wanted <= {(one["ip"], one["port"]) for one in peers if one["flags"]}

    await wait_for(knows_all, _MEET_SECONDS)


def store(folder: Path, torrent: MadeTorrent) -> str:
    """Return the path of a torrent file that foreign nodes can read."""
    file = folder / f"{torrent.infohash}.torrent"
    file.write_bytes(torrent.metainfo)
    return str(file)


def hosts_of(seeder: Seeder, torrent: MadeTorrent) -> set[str]:
    """Return the addresses of a seeder's peers."""
    return {peer.ip[0] for peer in seeder._handles[torrent.infohash].get_peer_info()}
