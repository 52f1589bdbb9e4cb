"""``GET /versions``: what runs here."""

import platform
from importlib.metadata import version

import triblerd


async def test_the_daemon_its_libraries_and_its_plugins_are_told_with_their_versions(start_daemon):
    async with start_daemon("versioning", "state") as daemon:
        answer = await daemon.get("/versions")

    plugins = {plugin["name"]: plugin for plugin in answer["plugins"]}
    assert answer["version"] == triblerd.__version__
    assert answer["plugin_api"] == 1
    assert answer["python"] == platform.python_version()
    assert answer["platform"].startswith(platform.system())
    for name in ("libtorrent", "lmdb", "aiohttp", "pyipv8"):
        assert answer["libraries"][name] == version(name)
    assert "pytest" not in answer["libraries"]
    assert plugins["versioning"] == {
        "name": "versioning",
        "version": triblerd.__version__,
        "distribution": plugins["state"]["distribution"],
        "state": "running",
    }
    assert plugins["downloads"]["state"] == "disabled"


async def test_looking_for_releases_needs_more_than_a_key_that_reads(start_daemon):
    keys = {"watcher": {"key": "watchers-own-key", "scope": "read"}}
    async with start_daemon("versioning", config={"api": {"keys": keys}}) as daemon:
        statuses = [
            (await daemon.request("GET", path, headers={"X-Api-Key": "watchers-own-key"})).status
            for path in ("/versions", "/versions/check")
        ]

    assert statuses == [200, 403]
