"""``GET /metrics`` of real daemons."""

from tests.contrib.prometheus.page import OPENMETRICS, PLAIN, PROMETHEUS, Page, read
from tests.kernel.conftest import write_plugin
from tests.plugins.downloads.conftest import connect, start_downloads, upload, wait_for_status
from triblerd.testing import wait_for
from triblerd_libtorrent.testing import seeder
from triblerd_metadata.api import MetadataStore, NewEntry

__all__ = ["seeder", "start_downloads", "write_plugin"]

READ_KEY = "a key that only looks"
KEYS = {"api": {"keys": {"prometheus": {"key": READ_KEY, "scope": "read"}}}}


async def test_the_page_is_prometheus_text_with_help_and_type_of_everything(start_daemon):
    async with start_daemon("prometheus", "downloads") as daemon:
        answer = await daemon.request("GET", "/metrics")

    page = Page(answer.body.decode())
    assert answer.headers["content-type"] == PLAIN
    assert [family.name for family in page.families if not (family.documentation and family.type)] == []
    assert page.value("triblerd_build_info", version="0.1.0") == 1
    assert page.value("triblerd_phase", phase="started") == 1


async def test_openmetrics_is_for_those_who_name_it(start_daemon):
    async with start_daemon("prometheus", "downloads") as daemon:
        answer = await daemon.request("GET", "/metrics", headers={"Accept": PROMETHEUS})

    assert answer.headers["content-type"] == OPENMETRICS
    page = Page(answer.body.decode(), openmetrics=True)
    assert page.value("triblerd_phase", phase="started") == 1


async def test_a_key_that_only_looks_is_enough_in_the_way_that_prometheus_sends_it(start_daemon):
    async with start_daemon("prometheus", config=KEYS) as daemon:
        daemon.key = ""
        refused = await daemon.request("GET", "/metrics")
        page = await read(daemon, Authorization=f"Bearer {READ_KEY}")

    assert refused.status == 401
    assert "triblerd_phase" in page.names


async def test_head_says_what_get_would(start_daemon):
    async with start_daemon("prometheus") as daemon:
        answer = await daemon.request("HEAD", "/metrics")

    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PLAIN, b"")


async def test_what_was_downloaded_is_counted_by_state_and_by_bytes(start_downloads, seeder):
    torrent = seeder.seed_new()
    async with start_downloads("prometheus") as daemon:
        before = await read(daemon)
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)
        await wait_for_status(daemon, torrent.infohash, "SEEDING")
        page = await wait_for(lambda: page_with(daemon, "triblerd_engine_received_payload_bytes_total", torrent.size))

    assert before.value("triblerd_downloads", state="seeding") == 0
    assert page.value("triblerd_downloads", state="seeding") == 1
    assert sum(page.value("triblerd_downloads", **labels) for labels in page.labels("triblerd_downloads")) == 1
    assert page.value("triblerd_downloads_size_bytes") == torrent.size
    assert page.value("triblerd_downloads_done_bytes") == torrent.size
    assert page.value("triblerd_engine_received_bytes_total", hops="0") > torrent.size
    assert page.value("triblerd_engine_pieces_failed_total", hops="0") == 0


async def page_with(daemon, name, least):
    """Return a page once a counter of the plain session is as large as that."""
    page = await read(daemon)
    return page if page.value(name, hops="0") >= least else None


async def test_rates_are_told_while_something_comes_in(start_downloads, seeder):
    seeder.limit(50_000)
    torrent = seeder.seed_new(b"slow" * 500_000)
    async with start_downloads("prometheus") as daemon:
        await upload(daemon, torrent)
        await connect(daemon, seeder, torrent)

        async def rate():
            page = await read(daemon)
            return page.value("triblerd_downloads_receive_bytes_per_second") > 0 and page

        page = await wait_for(rate, 20)

    assert page.value("triblerd_downloads", state="downloading") == 1
    assert 0 < page.value("triblerd_downloads_done_bytes") < torrent.size
    assert page.value("triblerd_engine_peers", hops="0") == 1


async def test_without_downloads_the_rest_is_told(start_daemon):
    async with start_daemon("prometheus") as daemon:
        page = await read(daemon)

    assert not [name for name in page.names if name.startswith(("triblerd_downloads", "triblerd_engine"))]
    assert page.value("triblerd_scrape_success", source="engine") == 1
    assert page.value("triblerd_scrape_duration_seconds", source="engine") < 1


async def test_requests_are_timed_by_route_and_never_by_what_was_sent(start_downloads):
    async with start_downloads("prometheus") as daemon:
        for number in range(50):
            await daemon.request("GET", f"/downloads/{number:040x}/files")
            await daemon.request("GET", f"/nothing/{number}")
            await daemon.request("GET", "/downloads", headers={"X-Api-Key": f"wrong {number}"})
        page = await read(daemon)

    count = "triblerd_http_request_duration_seconds_count"
    assert page.value(count, method="GET", route="/downloads/{infohash}/files", status="4xx") == 50
    assert page.value(count, method="none", route="none", status="4xx") == 100
    assert len(page.labels(count)) == 2


async def test_plugins_are_told_with_their_states(start_daemon, write_plugin):
    broken = write_plugin("broken", "@hookimpl\ndef triblerd_lifespan(context): raise OSError('stuck')")
    async with start_daemon("prometheus", "broken", extra_plugins=[broken]) as daemon:
        page = await read(daemon)

    assert page.value("triblerd_plugin_state", plugin="broken", state="failed") == 1
    assert page.value("triblerd_plugin_enabled", plugin="broken") == 1
    assert page.value("triblerd_plugin_state", plugin="downloads", state="disabled") == 1
    assert page.value("triblerd_plugin_enabled", plugin="downloads") == 0
    assert page.value("triblerd_plugin_tasks", plugin="prometheus") == 0


async def test_the_store_and_the_bus_are_told(start_downloads, seeder):
    torrent = seeder.seed_new()
    async with start_downloads("prometheus") as daemon:
        before = await read(daemon)
        await upload(daemon, torrent)
        page = await read(daemon)

    assert page.value("triblerd_store_writes_total") > before.value("triblerd_store_writes_total")
    assert page.value("triblerd_store_table_entries", table="downloads/row") == 1
    assert page.value("triblerd_store_table_bytes", table="downloads/row") > 0
    assert page.value("triblerd_store_file_bytes") <= page.value("triblerd_store_map_bytes")
    assert page.value("triblerd_store_commit_duration_seconds_count") > 0
    assert page.value("triblerd_store_write_failures_total") == 0
    assert page.value("triblerd_events_published_total", topic="plugin_changed") > 0
    assert page.value("triblerd_events_lost_total") == 0


async def test_the_metadata_store_tells_how_much_it_remembers(start_daemon):
    async with start_daemon("prometheus", "metadata") as daemon:
        store = daemon.daemon.container.services().find(MetadataStore)
        await store.add([NewEntry(title=f"Title {number}", infohash=bytes([number]) * 20) for number in range(3)])
        page = await read(daemon)

    assert page.value("triblerd_metadata_entries", type="torrent") == 3
    assert page.value("triblerd_metadata_entries", type="channel") == 0


async def test_the_real_program_tells_of_its_process_and_its_loop(daemon_process):
    async with daemon_process("prometheus") as daemon:
        page = await read(daemon)

    assert page.value("triblerd_event_loop_lag_seconds_count") > 0
    assert page.value("triblerd_event_loop_lag_seconds_sum") > 0
    assert page.value("process_resident_memory_bytes") > 10 * 1024 * 1024
    assert page.value("process_cpu_seconds_total") > 0
    assert 0 < page.value("process_open_fds") < page.value("process_max_fds")


async def test_counting_begins_anew_when_the_plugin_was_restarted(start_daemon):
    async with start_daemon("prometheus", "state") as daemon:
        await daemon.get("/state")
        await daemon.patch("/plugins/prometheus", json={"reload": True})
        page = await read(daemon)

    routes = {labels["route"] for labels in page.labels("triblerd_http_request_duration_seconds_count")}
    assert "/state" not in routes
