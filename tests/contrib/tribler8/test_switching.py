"""The dialect as a whole: it comes and goes, and the unprefixed API does not notice."""

WRITTEN = {"error": {"handled": True, "message": "Could not find /api/libtorrent/session"}}


async def test_it_is_off_until_one_line_turns_it_on(start_daemon):
    async with start_daemon("libtorrent", "settings") as daemon:
        off = await daemon.request("GET", "/api/libtorrent/session")
        before = await daemon.get("/libtorrent/session")
        await daemon.patch("/plugins/tribler8", json={"enabled": True})
        on = await daemon.request("GET", "/api/libtorrent/session")
        await daemon.patch("/plugins/tribler8", json={"enabled": False})
        again = await daemon.request("GET", "/api/libtorrent/session")
        after = await daemon.get("/libtorrent/session")

    assert (off.status, off.json()) == (again.status, again.json()) == (404, WRITTEN)
    assert on.status == 200
    assert before.keys() == on.json().keys() == after.keys()


async def test_an_area_that_is_off_is_not_ready(start_daemon):
    async with start_daemon("tribler8") as daemon:
        answer = await daemon.request("GET", "/api/libtorrent/session")

    assert (answer.status, answer.json()) == (
        404,
        {"error": {"handled": True, "message": "Required components not initialized to serve /api/libtorrent/session"}},
    )
