"""Who may ask what, and by which way, of the real program."""

import random
import ssl

import aiohttp
import pytest

from tests.plugins.downloads.conftest import upload
from triblerd_libtorrent.testing import make_torrent

KEYS = {name: {"key": f"key to {name}", "scope": name} for name in ("read", "write", "admin")}

REQUESTS = (
    ("GET", "/downloads", None),
    ("PATCH", "/downloads/{infohash}", {"state": "stop"}),
    ("GET", "/settings", None),
    ("POST", "/settings", {"libtorrent": {"max_upload_rate": 1000}}),
    ("GET", "/plugins", None),
    ("PATCH", "/plugins/state", {"reload": True}),
    ("PUT", "/shutdown", None),
)
"""The last one ends the daemon for who may do it."""


async def test_each_key_may_do_what_its_scope_says_and_no_more(start_program, tmp_path):
    torrent = make_torrent(tmp_path, b"x" * 20_000)
    async with start_program(api={"keys": KEYS}) as daemon:
        await upload(daemon, torrent)
        allowed = {}
        for key in ("wrong", "", *(key["key"] for key in KEYS.values())):
            daemon.key = key
            statuses = [
                (await daemon.request(method, path.format(infohash=torrent.infohash), json=body)).status
                for method, path, body in REQUESTS
            ]
            allowed[key] = statuses

        assert await daemon.wait_for_exit() == 0

    assert allowed == {
        "wrong": [401] * 7,
        "": [401] * 7,
        "key to read": [200, 403, 403, 403, 200, 403, 403],
        "key to write": [200, 200, 403, 403, 200, 403, 403],
        "key to admin": [200] * 7,
    }
    assert "key to" not in daemon.output


async def test_everything_is_there_by_tls_and_below_the_base_path_of_a_proxy(start_program, certificate):
    settings = {"https_enabled": True, "https_port": 0, "https_certfile": str(certificate), "base_path": "/bt"}
    trusted = ssl.create_default_context(cafile=certificate)
    async with start_program("downloads", "settings", "events", api=settings) as daemon:
        running = (await daemon.get("/settings"))["settings"]["api"]["https_port_running"]
        url = f"https://127.0.0.1:{running}/bt"
        headers = {"X-Api-Key": daemon.key}
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.get(f"{url}/downloads", ssl=trusted) as answer:
                assert (await answer.json())["downloads"] == []
            async with client.get(f"{url}/docs", ssl=trusted) as answer:
                page = await answer.text()
            async with client.get(f"{url}/events", ssl=trusted) as answer:
                assert (await answer.content.readline()).startswith(b'data: {"topic":')
            with pytest.raises(aiohttp.ClientError):  # nobody vouches for it
                await client.get(f"{url}/downloads")
        async with aiohttp.ClientSession() as stranger, stranger.get(f"{url}/downloads", ssl=trusted) as answer:
            assert answer.status == 401
        plain = await daemon.request("GET", "/bt/downloads")

    assert plain.status == 200
    assert 'src="/' not in page.replace('src="/bt/', "")
    assert url in daemon.output


async def test_files_are_played_by_tls(start_program, certificate, saved):
    content = random.Random(1).randbytes(3_000_000)
    torrent = make_torrent(saved, content, name="film.mkv")
    trusted = ssl.create_default_context(cafile=certificate)
    settings = {"https_enabled": True, "https_port": 0, "https_certfile": str(certificate)}
    async with start_program("downloads", "settings", api=settings) as daemon:
        await upload(daemon, torrent)
        port = (await daemon.get("/settings"))["settings"]["api"]["https_port_running"]
        url = f"https://127.0.0.1:{port}/downloads/{torrent.infohash}/stream/0?apikey={daemon.key}"
        async with aiohttp.ClientSession() as client:
            async with client.get(url, ssl=trusted) as answer:
                whole = await answer.read()
            async with client.get(url, ssl=trusted, headers={"Range": "bytes=1000000-1999999"}) as answer:
                part = await answer.read()

    assert whole == content
    assert part == content[1_000_000:2_000_000]
