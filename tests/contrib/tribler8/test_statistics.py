"""``/api/statistics``: each figure only while what it is of runs."""

from triblerd import __version__
from triblerd.plugin import hookimpl
from triblerd_libtorrent.api import SessionRegistry

SESSION = {
    "hops",
    "recv_bytes",
    "sent_bytes",
    "dht_recv_bytes",
    "dht_sent_bytes",
    "tracker_recv_bytes",
    "tracker_sent_bytes",
    "payload_recv_bytes",
    "payload_sent_bytes",
}


async def test_what_does_not_run_has_no_figures(start_daemon):
    async with start_daemon("tribler8", "statistics") as daemon:
        answer = await daemon.get("/api/statistics/tribler")

    assert answer == {"tribler_statistics": {"endpoint_version": __version__}}


async def test_the_engine_and_the_metadata_store_have_figures(start_daemon):
    async with start_daemon("tribler8", "statistics", "libtorrent", "metadata") as daemon:
        registry = daemon.daemon.container.services().find(SessionRegistry)
        await registry.open_session(1, socks_host="127.0.0.1", socks_port=4711)
        figures = (await daemon.get("/api/statistics/tribler"))["tribler_statistics"]

    engine = figures["libtorrent"]
    assert (figures["num_torrents"], figures["db_size"]) == (0, 0)
    assert [session["hops"] for session in engine["sessions"]] == [0, 1]
    assert all(session.keys() == SESSION for session in engine["sessions"])
    assert engine["total_recv_bytes"] == sum(session["recv_bytes"] for session in engine["sessions"])
    assert engine["total_sent_bytes"] == sum(session["sent_bytes"] for session in engine["sessions"])
    assert "socks5_sessions" not in figures
    assert "peers" not in figures


class Searches:
    @hookimpl(optionalhook=True)
    def triblerd_statistics(self) -> dict[str, dict[str, int]]:
        return {"discovery": {"peers": 12}}


async def test_the_overlay_of_searches_has_peers(start_daemon):
    async with start_daemon("tribler8", "statistics") as daemon:
        daemon.daemon.container.plugins().hooks.add("searches", Searches())

        assert (await daemon.get("/api/statistics/tribler"))["tribler_statistics"]["peers"] == 12


async def test_the_room_for_downloads_is_told(start_daemon, tmp_path):
    config = {"download_defaults": {"saveas": str(tmp_path)}}
    async with start_daemon("tribler8", "statistics", "downloads", config=config) as daemon:
        default = await daemon.put("/api/statistics/dirspace", json={})
        missing = await daemon.put("/api/statistics/dirspace", json={"directory": str(tmp_path / "a" / "b")})
        relative = await daemon.put("/api/statistics/dirspace", json={"directory": "a/b"}, status=404)
        wrong = await daemon.put("/api/statistics/dirspace", json={"directory": 5}, status=400)

    assert default["statistics"].keys() == {"total", "used", "free"}
    assert default["statistics"]["total"] == missing["statistics"]["total"] > 0
    assert relative == {"error": {"handled": True, "message": "No stats for directory!"}}
    assert wrong["error"]["handled"] is True


async def test_without_downloads_no_directory_is_the_default(start_daemon):
    async with start_daemon("tribler8", "statistics") as daemon:
        answer = await daemon.put("/api/statistics/dirspace", json={"directory": ""}, status=404)

    assert answer == {"error": {"handled": True, "message": "Session was not initialized!"}}


async def test_what_was_clicked_is_taken_and_forgotten(start_daemon):
    async with start_daemon("tribler8") as daemon:
        for body in (b'{"query": "film", "chosen_index": 0, "timestamp": 1, "results": []}', b"", b"rubbish"):
            assert await daemon.put("/api/recommender/clicked", data=body) == {"added": True}
