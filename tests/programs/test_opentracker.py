"""What Debian's opentracker says of a swarm that announced to it, by the API of a running daemon."""

import os
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from urllib.error import URLError
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import pytest

from triblerd_metadata.api import MetadataStore, NewEntry

pytestmark = pytest.mark.programs

KNOWN, UNKNOWN = b"\xaa &+" * 5, b"\xee" * 20


@pytest.fixture
def port(tmp_path):
    """Run a tracker to which three peers have announced, of which one is complete."""
    port = free_port()
    with opentracker(tmp_path / "tracker", port, KNOWN.hex(), UNKNOWN.hex()):
        for number, left in enumerate((0, 7, 7)):
            announce(port, peer_id=bytes([number]) * 20, port=6881 + number, left=left)
        yield port


@contextmanager
def opentracker(folder, port, *infohashes):
    """Run the tracker for these torrents alone, as Debian's one wants it."""
    folder.mkdir(mode=0o755)
    allowed = folder / "allowed"
    allowed.write_text("".join(f"{infohash}\n" for infohash in infohashes))
    allowed.chmod(0o644)
    command = ["opentracker", "-i", "127.0.0.1", "-p", str(port), "-P", str(port), "-d", str(folder), "-w", "allowed"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    with subprocess.Popen(command, cwd=folder) as process:
        try:
            yield
        finally:
            process.terminate()


def announce(tracker, **peer):
    """Announce a peer; again and again while the tracker does not listen, or has not read what it allows."""
    query = urlencode({"info_hash": KNOWN, "uploaded": 0, "downloaded": 0, "compact": 1, **peer}, quote_via=quote)
    deadline = time.monotonic() + 10
    answer = b""
    while b"5:peers" not in answer:
        assert time.monotonic() < deadline, answer
        with suppress(URLError), urlopen(f"http://127.0.0.1:{tracker}/announce?{query}", timeout=10) as response:
            answer = response.read()


def free_port():
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        return tcp.getsockname()[1]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/announce", "udp://127.0.0.1:{}"])
async def test_opentracker_tells_how_many_announced_to_it(start_daemon, port, url):
    entries = [
        NewEntry(title="A title", infohash=infohash, trackers=(url.format(port),)) for infohash in (KNOWN, UNKNOWN)
    ]
    async with start_daemon("metadata", "libtorrent", "events") as daemon, daemon.stream() as stream:
        store = daemon.daemon.container.services().find(MetadataStore)
        await store.add(entries)
        await stream.next("events_start")
        for infohash in (KNOWN, UNKNOWN):  # one question for both
            await daemon.get(f"/metadata/torrents/{infohash.hex()}/health")
        updates = [(await stream.next("channel_entity_updated"))["args"][0] for _ in range(2)]
        found = [store.by_infohash(infohash)[0] for infohash in (KNOWN, UNKNOWN)]

    assert sorted((update["num_seeders"], update["num_leechers"]) for update in updates) == [(0, 0), (1, 2)]
    assert [(entry.seeders, entry.leechers, entry.self_checked) for entry in found] == [(1, 2, True), (0, 0, True)]
