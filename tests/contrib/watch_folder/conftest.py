from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.carrier import CARRIER
from triblerd.disk_calls import DiskCalls
from triblerd.services import FileRoots, PluginDirectory
from triblerd.testing import wait_for
from triblerd_downloads.api import DefaultHops, Downloads
from triblerd_libtorrent.api import TorrentEngine
from triblerd_libtorrent.testing import make_torrent
from triblerd_watch_folder.adding import TorrentAdder
from triblerd_watch_folder.config import WatchedFolder, WatchFolderConfig
from triblerd_watch_folder.folders import Folder
from triblerd_watch_folder.seen import load_seen
from triblerd_watch_folder.watching import FolderWatch

QUICK = {"check_interval": 0.1, "settle_time": 0.3}


@pytest.fixture
def watched(tmp_path):
    """The directory that is watched."""
    folder = tmp_path / "watched"
    folder.mkdir()
    return folder


@pytest.fixture
def torrent(tmp_path):
    """Make a small torrent by its name."""

    def make(name="film"):
        return make_torrent(tmp_path / "made", name.encode() * 5000, name=name)

    return make


@pytest.fixture
def start(start_daemon, tmp_path, watched):
    """Run a daemon that watches ``watched`` often; further settings by key, and of other sections by ``config``."""

    @asynccontextmanager
    async def run(*plugins, config=None, **settings):
        sections = {
            "download_defaults": {"saveas": str(tmp_path / "saved")},
            "watch_folder": {"directory": str(watched), **QUICK, **settings},
            **(config or {}),
        }
        async with start_daemon("watch_folder", *plugins, config=sections, extra_plugins=[CARRIER]) as daemon:
            await wait_for(lambda: has_looked(daemon))
            yield daemon

    return run


async def has_looked(daemon):
    """Return whether every directory was looked into since the start; what was there then may still be added."""
    return all(row["state"] != "starting" for row in (await daemon.get("/watch_folder"))["folders"])


async def watch_of(daemon, directory, roots=None, **limits):
    """Return a watch of a directory that looks only when it is asked to, in a running daemon."""
    services, store = daemon.daemon.container.services(), daemon.daemon.container.store().view("test")
    engine, plugins = services.find(TorrentEngine), services.find(PluginDirectory)
    adder = TorrentAdder(
        downloads=services.find(Downloads),
        engine=engine,
        default_hops=DefaultHops(services=services, plugins=plugins, engine=engine),
    )
    return FolderWatch(
        Folder(name="", path=str(directory), options=WatchedFolder(directory=str(directory))),
        config=WatchFolderConfig(),
        seen=(await load_seen(store, {"": lambda _: True}))[""],
        adder=adder,
        roots=roots or services.find(FileRoots),
        disk=DiskCalls(),
        publish=lambda _: None,
        **limits,
    )


def names_in(folder):
    """Return the names of what is in a directory, sorted."""
    return sorted(path.name for path in folder.iterdir())


async def downloads(daemon):
    """Return the rows of all downloads by name."""
    return {row["name"]: row for row in (await daemon.get("/downloads"))["downloads"]}


def records(daemon):
    """Return what is wanted of the downloads, by name."""
    found = daemon.daemon.container.services().find(Downloads).all()
    return {download.record.name: download.record for download in found}


async def wait_for_downloads(daemon, *names):
    """Wait until there are these downloads and no others; return their rows by name."""

    async def there():
        found = await downloads(daemon)
        return found if sorted(found) == sorted(names) else None

    return await wait_for(there, 15, what=f"the downloads {names}")


async def folder(daemon, name=""):
    """Return how a watched directory fares."""
    report = await daemon.get("/watch_folder")
    return next(row for row in report["folders"] if row["name"] == name)


async def wait_for_folder(daemon, name="", **wanted):
    """Wait until the report of a watched directory has these values; return it."""

    async def so():
        report = await folder(daemon, name)
        return report if all(report[key] == value for key, value in wanted.items()) else None

    return await wait_for(so, 15, what=f"the directory to have {wanted}")


async def wait_for_problem(daemon, name=""):
    """Wait until there is a problem with a file of a watched directory; return its text."""

    async def there():
        return (await folder(daemon, name))["problems"]

    return (await wait_for(there, 15, what="a problem"))[0]["error"]


async def scan(daemon, **params):
    """Have all directories looked into; return what became of the files, by base name."""
    report = await daemon.post("/watch_folder/scan", params=params)
    return {Path(row["path"]).name: row for row in report["files"]}
