"""``/api/events``: each event by the name and the arguments that version 8 has for it."""

import json
from typing import Any

import pytest

from tests.contrib.tribler8.clients.event_source import event_source
from triblerd.events import ConfigErrorReported, PluginChanged, ShutdownProgress, UnhandledError, UnhandledErrorDetails
from triblerd_discovery.api import PeerResults, RemoteQueryEnded, RemoteQueryResults
from triblerd_downloads.api import TorrentFinished, TorrentStatusChanged
from triblerd_events.api import DiskUsage, LowSpace, StreamOpened
from triblerd_metadata.api import Checked, HealthUpdated, Lists, MetadataStore, NewEntry
from triblerd_tribler8.downloads.asking import AskAddDownload
from triblerd_tribler8.framing import Framing
from triblerd_tunnels.api import TunnelRemoved
from triblerd_versioning.api import NewVersion

HASH = "01" * 20
DETAILS = UnhandledErrorDetails(type="OSError", text="disk full", long_text="OSError: disk full (id 7f3a)")
CHECKED: dict[str, Any] = {"infohash": HASH, "num_seeders": 5, "num_leechers": 2, "last_tracker_check": 1700000000}
USAGE: dict[str, Any] = {"time": 1.5, "total": 100, "used": 60, "free": 40, "percent": 60.0}
TUNNEL: dict[str, Any] = {"circuit_id": 1, "bytes_up": 2, "bytes_down": 3, "uptime": 4.5, "additional_info": "too old"}
KNOWN = [
    (
        StreamOpened(public_key="", version="1.2.3", sessions=4),
        "events_start",
        {"public_key": "", "version": "1.2.3", "sessions": "4"},
    ),
    (
        UnhandledError(error=DETAILS),
        "tribler_exception",
        {"error": "OSError: disk full", "traceback": "OSError: disk full (id 7f3a)"},
    ),
    (
        TorrentStatusChanged(infohash=HASH, status="SEEDING"),
        "torrent_status_changed",
        {"infohash": HASH, "status": "SEEDING"},
    ),
    (
        TorrentFinished(infohash=HASH, name="a\nb", hidden=False),
        "torrent_finished",
        {"infohash": HASH, "name": "a\nb", "hidden": False},
    ),
    (HealthUpdated(update=Checked(**CHECKED)), "torrent_health_updated", {**CHECKED, "health": "updated"}),
    (TunnelRemoved(circuit_class="Circuit", **TUNNEL), "tunnel_removed", {"circuit_class": "Circuit", **TUNNEL}),
    (AskAddDownload(uri="magnet:?xt=x"), "ask_add_download", {"uri": "magnet:?xt=x"}),
    (NewVersion(version="8.5.0"), "tribler_new_version", {"version": "8.5.0"}),
    (ShutdownProgress(state="Stopping"), "tribler_shutdown_state", {"state": "Stopping"}),
    (LowSpace(disk_usage_data=DiskUsage(**USAGE)), "low_space", {"disk_usage_data": USAGE}),
    (ConfigErrorReported(error="a line\nand one"), "report_config_error", {"error": "a line\nand one"}),
    (
        RemoteQueryResults(answer=PeerResults(results=[], uuid="u", peer="p"), query='"film"'),
        "remote_query_results",
        {"query": '"film"', "results": [], "uuid": "u", "peer": "p"},
    ),
]
UNKNOWN = [
    UnhandledError(error=DETAILS, by_request=True),  # who asked was told
    PluginChanged(name="events", state="running", reason=""),
    RemoteQueryEnded(uuid="u", answered=1, asked=2),
]


@pytest.mark.parametrize(("event", "topic", "arguments"), KNOWN, ids=[topic for _, topic, _ in KNOWN])
def test_an_event_is_two_lines_and_an_empty_one(event, topic, arguments):
    framed = Framing(lambda: None).frame(event)

    assert framed is not None
    name, data, empty, end = framed.split(b"\n")
    assert name == b"event: " + topic.encode()
    assert data.startswith(b"data: ")
    assert json.loads(data[6:]) == arguments
    assert (empty, end) == (b"", b"")


@pytest.mark.parametrize("event", UNKNOWN, ids=lambda event: event.topic)
def test_an_event_that_version_8_does_not_have_is_left_out(event):
    assert Framing(lambda: None).frame(event) is None


async def test_what_peers_answer_has_the_form_of_search_results(start_daemon):
    async with start_daemon("tribler8", "metadata", "search") as daemon:
        services = daemon.daemon.container.services()
        store, lists = services.find(MetadataStore), services.find(Lists)
        added = NewEntry(infohash=b"\1" * 20, title="film", category="Video", trackers=("udp://tracker.example:6969",))
        await store.add([added])
        [row] = [entry.rowid for entry in store.by_infohash(added.infohash)]
        answer = PeerResults(results=lists.items([row]), uuid="u", peer="p")

        framed = Framing(lambda: store).frame(RemoteQueryResults(answer=answer))
        found = await daemon.get("/api/metadata/search/local?fts_text=film")

    assert framed is not None
    told = json.loads(framed.split(b"data: ")[1])
    assert told == {"query": None, "results": found["results"], "uuid": "u", "peer": "p"}
    assert told["results"][0]["trackers"] == ["udp://tracker.example:6969"]


async def test_a_browser_follows_a_stream_until_the_daemon_stops(daemon_process):
    async with daemon_process("tribler8", "events") as daemon, event_source(daemon) as first:
        start = await first.next()
        async with event_source(daemon) as second:
            _, other = await second.next("events_start")
            info = await daemon.get("/api/events/info")
            stopped = await daemon.put("/api/shutdown")
            topic, progress = await first.next()
            with pytest.raises(EOFError):
                await second.next("nothing")
        code = await daemon.wait_for_exit()

    assert (stopped, code) == ({"shutdown": True}, 0)
    assert start == ("events_start", {"public_key": "", "version": info["version"], "sessions": "0"})
    assert other["sessions"] == "1"
    assert info == {"public_key": "", "version": info["version"], "sessions": "2"}
    assert (topic, list(progress)) == ("tribler_shutdown_state", ["state"])
    assert first.headers["Content-Type"] == "text/event-stream"
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["X-Accel-Buffering"] == "no"


async def test_an_error_is_told_once_to_whom_it_concerns(start_daemon):
    async with start_daemon("tribler8", "events") as daemon:
        reports = daemon.daemon.container.reports()
        async with event_source(daemon) as stream, daemon.stream() as older:
            await stream.next("events_start")
            reports.request_failed(ValueError("of a request"), "1234")
            reports.task_failed("a.task", ValueError("of a task"))

            assert (await stream.next())[1]["error"] == "ValueError: of a task"
            assert (await older.next("tribler_exception"))["kwargs"]["error"]["text"] == "of a request"


async def test_a_look_at_the_stream_ends(start_daemon):
    async with start_daemon("tribler8", "events") as daemon:
        answer = await daemon.request("HEAD", "/api/events")
        streams = await daemon.get("/api/events/info")

    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/event-stream", b"")
    assert streams["sessions"] == "0"


async def test_without_the_area_of_events_it_is_not_ready(start_daemon):
    async with start_daemon("tribler8") as daemon:
        for path in ("/api/events", "/api/events/info"):
            answer = await daemon.get(path, status=404)

            message = f"Required components not initialized to serve {path}"
            assert answer == {"error": {"handled": True, "message": message}}


@pytest.mark.soak
async def test_a_long_silence_is_broken_by_a_comment(start_daemon):
    async with start_daemon("tribler8", "events") as daemon, event_source(daemon) as stream:
        await stream.next("events_start")
        with pytest.raises(TimeoutError):
            await stream.next("nothing", limit_seconds=27)

    assert stream.comments == ["keepalive"]
