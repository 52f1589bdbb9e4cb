"""A peer for tests: a plain session on 127.0.0.1 that makes torrents and seeds them, and talks to nobody else."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import libtorrent as lt
import pytest

from triblerd_libtorrent.api import Infohash
from triblerd_libtorrent.identity import identity_of

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 10.0
_NOT_READY = (lt.torrent_status.states.checking_files, lt.torrent_status.states.checking_resume_data)

TEST_SETTINGS: Mapping[str, Mapping[str, object]] = {
    "libtorrent": {
        "listen_interface": _LOOPBACK,
        "port": 0,
        "dht": False,
        "lsd": False,
        "upnp": False,
        "natpmp": False,
    }
}
"""What keeps a daemon under test off the network; ``triblerd.testing`` writes it into the settings."""


class TorrentVersion(IntEnum):
    """Which generation of BitTorrent a torrent is made for; the numbers are flags of the engine."""

    HYBRID = 0
    V2 = 1 << 5
    V1 = 1 << 6


@dataclass(frozen=True, kw_only=True)
class MadeTorrent:
    """A torrent and where its files are.

    Attributes:
        metainfo: The bencoded torrent file.
        infohash: The identity in the API: v1 where there is one.
        magnet: A magnet link with everything but trackers and peers.
        folder: The directory that holds ``name``, as a ``save_path`` of a complete download would.
        files: The sizes of the files by POSIX path relative to ``folder``, in the torrent's order.
    """

    metainfo: bytes
    infohash: Infohash
    magnet: str
    folder: Path
    name: str
    files: Mapping[str, int]

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(self.files.values())


def make_torrent(  # noqa: PLR0913 - each is a word of the torrent file, by keyword
    folder: Path,
    content: bytes | Mapping[str, bytes],
    *,
    name: str = "tiny",
    version: TorrentVersion = TorrentVersion.V1,
    piece_length: int = 16 * 1024,
    trackers: tuple[str, ...] = (),
    web_seeds: tuple[str, ...] = (),
    private: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> MadeTorrent:
    """Write files and make a torrent of them.

    Args:
        folder: Where ``name`` is put. An existing ``name`` is kept when ``content`` is empty, and taken as it is.
        content: The bytes of the only file, or of each file by POSIX path below ``name``.
        name: The file's or the folder's name.
        version: Which generation of BitTorrent it is for.
        piece_length: Bytes of a piece, a power of two from 16 KiB on.
        trackers: Announce URLs, each in a tier of its own.
        web_seeds: URLs (BEP 19).
        private: Peers come from the trackers alone (BEP 27).
        progress: Called with each piece that was hashed.
    """
    _write(folder / name, content)
    files = sorted(lt.list_files(str(folder / name)), key=lambda entry: entry.filename)
    made = lt.create_torrent(files, piece_length, int(version))
    for tier, url in enumerate(trackers):
        made.add_tracker(url, tier)
    for url in web_seeds:
        made.add_url_seed(url)
    made.set_priv(private)
    lt.set_piece_hashes(made, str(folder), progress)
    metainfo = lt.bencode(made.generate())
    params = lt.load_torrent_buffer(metainfo)
    magnet = lt.parse_magnet_uri(lt.make_magnet_uri(params))
    magnet.trackers = []
    return MadeTorrent(
        metainfo=metainfo,
        infohash=identity_of(params.info_hashes),
        magnet=lt.make_magnet_uri(magnet),
        folder=folder,
        name=name,
        files={path.relative_to(folder).as_posix(): path.stat().st_size for path in _files(folder / name)},
    )


class Seeder:
    """A plain session that listens on 127.0.0.1 and knows neither DHT nor local discovery.

    Usable as a context manager; every call but the constructor returns at once.

    Args:
        folder: Where the files of ``seed_new`` are written.
        upload_limit: Bytes per second for all its torrents together; 0 is unlimited.
        tcp_only: Neither answer nor make uTP connections.
        host: Where it listens: any address of this machine, of which 127.0.0.0/8 has many.
    """

    def __init__(self, folder: Path, *, upload_limit: int = 0, tcp_only: bool = False, host: str = _LOOPBACK) -> None:
        self._folder = folder
        self.host = host
        self._session: lt.session | None = lt.session(_settings(host, tcp_only=tcp_only))
        self._handles: dict[Infohash, lt.torrent_handle] = {}
        everybody = lt.ip_filter()  # by default, limits do not hold for addresses of this machine
        for first, last in (("0.0.0.0", "255.255.255.255"), ("::", "ffff:" * 7 + "ffff")):  # noqa: S104
            everybody.add_rule(first, last, 1 << lt.session.global_peer_class_id)
        self._session.set_peer_class_filter(everybody)
        self.limit(upload_limit)
        self.port = self._session.listen_port()

    @property
    def address(self) -> str:
        """``host:port``, as in ``x.pe`` of a magnet link."""
        return f"{self.host}:{self.port}"

    def seed_new(  # noqa: PLR0913 - as make_torrent
        self,
        content: bytes | Mapping[str, bytes] = b"tiny" * 16384,
        *,
        name: str = "tiny",
        version: TorrentVersion = TorrentVersion.V1,
        piece_length: int = 16 * 1024,
        trackers: tuple[str, ...] = (),
        private: bool = False,
    ) -> MadeTorrent:
        """Make a torrent of ``content`` (see ``make_torrent``) and seed it."""
        torrent = make_torrent(
            self._folder,
            content,
            name=name,
            version=version,
            piece_length=piece_length,
            trackers=trackers,
            private=private,
        )
        self.seed(torrent)
        return torrent

    def seed(self, torrent: MadeTorrent) -> None:
        """Seed a torrent whose files are complete; nothing is hashed."""
        self._add(torrent, torrent.folder, lt.torrent_flags.seed_mode)

    def leech(self, torrent: MadeTorrent, folder: Path, host: str, port: int) -> None:
        """Download a torrent into ``folder`` from one peer: the way to see that somebody else seeds."""
        self._add(torrent, folder, 0).connect_peer((host, port))

    def progress(self, torrent: MadeTorrent) -> float:
        """Return the share of the torrent that this peer has, 0..1."""
        return self._handles[torrent.infohash].status().progress

    def peers(self, torrent: MadeTorrent) -> set[str]:
        """Return the addresses of the connected peers, as this peer sees them."""
        return {peer.ip[0] for peer in self._handles[torrent.infohash].get_peer_info()}

    def pieces(self, torrent: MadeTorrent) -> str:
        """Return the pieces that this peer has, ``1`` for each that is there and ``0`` for each other."""
        return "".join("01"[is_there] for is_there in self._handles[torrent.infohash].status().pieces)

    def magnet(self, torrent: MadeTorrent) -> str:
        """Return a magnet link that names this peer, so that nobody has to find it."""
        return f"{torrent.magnet}&x.pe={self.address}"

    def limit(self, upload_limit: int) -> None:
        """Change the rate limit: bytes per second, 0 is unlimited."""
        self._running.apply_settings({"upload_rate_limit": upload_limit})

    def close(self) -> None:
        """End the session, waiting for its threads. May be called twice."""
        self._handles.clear()
        self._session = None  # the binding ends the session with its last reference

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _running(self) -> lt.session:
        if self._session is None:
            msg = "this seeder was closed"
            raise RuntimeError(msg)
        return self._session

    def _add(self, torrent: MadeTorrent, folder: Path, flags: int) -> lt.torrent_handle:
        params = lt.load_torrent_buffer(torrent.metainfo)
        params.save_path = str(folder)
        params.trackers = []  # the end would wait for a tracker, which may live in the test's own loop
        params.flags = params.flags & ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused) | flags
        handle = self._running.add_torrent(params)
        self._handles[torrent.infohash] = handle
        # A peer that came before it is ready would be turned away, and try again a minute later.
        deadline = time.monotonic() + _READY_SECONDS
        while handle.status().state in _NOT_READY and time.monotonic() < deadline:
            time.sleep(0.002)
        return handle


@pytest.fixture
def seeder(tmp_path: Path) -> Iterator[Seeder]:
    """Offer a peer that seeds what the test makes."""
    folder = tmp_path / "seeder"
    folder.mkdir()
    with Seeder(folder) as seeder:
        yield seeder


def _settings(host: str, *, tcp_only: bool) -> "lt.settings_pack":
    return {
        "listen_interfaces": f"[{host}]:0" if ":" in host else f"{host}:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "webtorrent_stun_server": "",
        "allow_multiple_connections_per_ip": True,  # everybody is 127.0.0.1 here
        "enable_incoming_utp": not tcp_only,
        "enable_outgoing_utp": not tcp_only,
        "alert_mask": 0,
    }


def _write(target: Path, content: bytes | Mapping[str, bytes]) -> None:
    if not content:
        return
    parts = {target: content} if isinstance(content, bytes) else {target / path: data for path, data in content.items()}
    for path, data in parts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _files(target: Path) -> list[Path]:
    return [target] if target.is_file() else sorted(path for path in target.rglob("*") if path.is_file())
