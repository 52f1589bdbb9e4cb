"""Downloads by their states, and what the engine counts."""

import asyncio
from collections import Counter

from triblerd.metrics import Metric
from triblerd.plugin import Services
from triblerd_downloads.api import Downloads, DownloadState
from triblerd_libtorrent.api import SessionDiagnostics, TorrentEngine

AT_ONCE = 100
"""Downloads that are looked at before others have their turn on the event loop: some tenths of a millisecond."""
TRANSFERRING = frozenset({DownloadState.DOWNLOADING, DownloadState.SEEDING})
"""The states in which the engine keeps rates and peers up to date."""

# Name and help of a metric, and the engine's counters that it is the sum of.
_COUNTERS = (
    ("engine_received_bytes_total", "Received from peers, with what the protocol adds.", ("net.recv_bytes",)),
    ("engine_sent_bytes_total", "Sent to peers, with what the protocol adds.", ("net.sent_bytes",)),
    ("engine_received_payload_bytes_total", "Parts of files received.", ("net.recv_payload_bytes",)),
    ("engine_sent_payload_bytes_total", "Parts of files sent.", ("net.sent_payload_bytes",)),
    (
        "engine_wasted_bytes_total",
        "Received payload that was of no use: it was there already, or was wrong.",
        ("net.recv_redundant_bytes", "net.recv_failed_bytes"),
    ),
    ("engine_incoming_connections_total", "Connections that peers made to us.", ("peer.incoming_connections",)),
    ("engine_pieces_failed_total", "Pieces that were not what their hash says.", ("ses.num_piece_failed",)),
    ("engine_peers", "Peers connected.", ("peer.num_peers_connected",)),
    ("engine_dht_nodes", "Nodes in the routing table of the DHT.", ("dht.dht_nodes",)),
    ("engine_disk_jobs_waiting", "Jobs that wait for the disk.", ("disk.queued_disk_jobs",)),
    ("engine_disk_write_queue_bytes", "Received, and not on disk yet.", ("disk.queued_write_bytes",)),
)


class DownloadsSource:
    """Adds the downloads up; there may be tens of thousands. Says nothing while the downloads plugin does not run."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(self) -> list[Metric]:
        """Return sums over all downloads."""
        downloads = self._services.find(Downloads)
        if downloads is None:
            return []
        states: Counter[DownloadState] = Counter()
        size = done = down = up = 0
        for number, download in enumerate(list(downloads.all()), 1):
            state, status = download.extended_state, download.status
            states[state] += 1
            size += download.record.size
            done += download.record.total_done if status is None else status.total_done
            if status is not None and state in TRANSFERRING:
                down += status.download_payload_rate
                up += status.upload_payload_rate
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        by_state = {state.name.lower(): states[state] for state in DownloadState}
        return [
            Metric("downloads", "Downloads by state, in the words of the API.", by_state, labels=("state",)),
            Metric("downloads_size_bytes", "Size of all downloads' files, wanted or not.", size),
            Metric("downloads_done_bytes", "What is there of them.", done),
            Metric("downloads_receive_bytes_per_second", "Parts of files that are being received.", down),
            Metric("downloads_send_bytes_per_second", "Parts of files that are being sent.", up),
        ]


class EngineSource:
    """Asks each session for its counters. Says nothing while the libtorrent plugin does not run."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def read(self) -> list[Metric]:
        """Return a choice of the counters by the sessions' numbers of hops.

        Raises:
            TimeoutError: a session did not answer.
        """
        sessions = self._services.find(SessionDiagnostics)
        engine = self._services.find(TorrentEngine)
        if sessions is None or engine is None:
            return []
        hops = engine.sessions()
        answers = await asyncio.gather(*(sessions.session_counters(number) for number in hops))
        counted = {str(number): answer for number, answer in zip(hops, answers, strict=True) if answer}
        return [
            Metric(
                name,
                help_,
                {number: sum(counters[part] for part in parts) for number, counters in counted.items()},
                labels=("hops",),
            )
            for name, help_, parts in _COUNTERS
        ]
