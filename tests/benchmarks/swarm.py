"""Peers for the benchmarks, each in a process of its own: plain sessions of libtorrent."""

import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
from rig import LOOPBACK, QUIET, zeros_metainfo

_LOOK_SECONDS = 0.002


def magnet_of(metainfo: bytes, port: int) -> str:
    """Return a magnet link that names a peer on this machine."""
    magnet = lt.parse_magnet_uri(lt.make_magnet_uri(lt.load_torrent_buffer(metainfo)))
    magnet.trackers = []
    return f"{lt.make_magnet_uri(magnet)}&x.pe={LOOPBACK}:{port}"


def seed_zeros(pipe: Connection, folder: Path, names: Sequence[str], size: int, settings: dict[str, Any]) -> None:
    """Seed files of zeros, telling the port first.

    Any message asks for the next download of the first file: answered are the moments (of ``perf_counter``, which all
    processes share) when its first and when its last byte was sent. A new message ends the watch.
    """
    session = _session({"allow_multiple_connections_per_ip": True, **settings})
    everybody = lt.ip_filter()  # by default, limits do not hold for addresses of this machine
    everybody.add_rule("0.0.0.0", "255.255.255.255", 1 << lt.session.global_peer_class_id)
    session.set_peer_class_filter(everybody)
    handles = [_seed(session, folder, name, size) for name in names]
    pipe.send(session.listen_port())
    while True:
        pipe.recv()
        before = handles[0].status().total_payload_upload
        for count in (1, size):
            while handles[0].status().total_payload_upload < before + count and not pipe.poll():
                time.sleep(_LOOK_SECONDS)
            pipe.send(time.perf_counter())


def download_plainly(
    pipe: Connection, source: str | bytes, folder: Path, settings: dict[str, Any], limit: float
) -> None:
    """Download a magnet link or torrent file, telling the moment of the add.

    At the end, or ``limit`` seconds after the first byte, (CPU seconds, bytes) are told.
    """
    session = _session(settings)
    params = lt.load_torrent_buffer(source) if isinstance(source, bytes) else lt.parse_magnet_uri(source)
    params.save_path = str(folder)
    used, began = time.process_time(), 0.0
    pipe.send(time.perf_counter())
    handle = session.add_torrent(params)
    while not (status := handle.status()).is_seeding:
        if status.total_payload_download and not began:
            began = time.perf_counter()
        if began and time.perf_counter() > began + limit:
            break
        time.sleep(_LOOK_SECONDS * 50)
    pipe.send((time.process_time() - used, status.total_payload_download))
    pipe.recv()


def _session(settings: dict[str, Any]) -> lt.session:
    return lt.session(cast("lt.settings_pack", {**QUIET, **settings}))


def _seed(session: lt.session, folder: Path, name: str, size: int) -> lt.torrent_handle:
    with (folder / name).open("wb") as file:
        file.truncate(size)
    params = lt.load_torrent_buffer(zeros_metainfo(name, size))
    params.save_path = str(folder)
    params.flags = lt.torrent_flags.seed_mode
    return session.add_torrent(params)
