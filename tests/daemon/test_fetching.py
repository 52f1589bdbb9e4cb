"""Torrents from servers that are reached by TLS."""

import ssl

import pytest
from aiohttp import web

from triblerd_libtorrent.testing import make_torrent


@pytest.fixture
def torrent(tmp_path):
    return make_torrent(tmp_path / "made", b"x" * 20_000, name="film")


@pytest.fixture
async def address(certificate, torrent):
    """Serve the torrent by TLS; return where."""

    async def answer(_request):
        return web.Response(body=torrent.metainfo)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    app = web.Application()
    app.router.add_get("/film.torrent", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/film.torrent"
    await runner.cleanup()


async def test_a_server_that_nobody_vouches_for_is_not_asked(start_program, address):
    async with start_program() as daemon:
        answer = await daemon.request("PUT", "/downloads", json={"uri": address})
        listed = await daemon.get("/downloads")

    assert answer.status == 500
    assert answer.json()["error"].startswith("Cannot fetch the torrent: ")
    assert "certificate verify failed" in answer.json()["error"]
    assert listed["downloads"] == []


async def test_a_server_whose_certificate_is_trusted_sends_the_torrent(start_program, address, certificate, torrent):
    async with start_program(environment={"SSL_CERT_FILE": str(certificate)}) as daemon:
        added = await daemon.put("/downloads", json={"uri": address})

    assert added == {"started": True, "infohash": torrent.infohash}


async def test_a_server_that_nobody_vouches_for_is_asked_if_that_is_wanted(start_program, address, torrent):
    async with start_program("downloads", "settings") as daemon:
        await daemon.post("/settings", json={"libtorrent": {"accept_bad_certificates": True}})
        added = await daemon.put("/downloads", json={"uri": address})

    assert added == {"started": True, "infohash": torrent.infohash}
